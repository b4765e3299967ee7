"""What somebody must read in an answer to a survey: a problem, a wish, a question; pure.

Strategy: phrases that only sound like one go first; then a word that tells one is enough. Where no
mark stands, it is the other way round: whatever is not known for a courtesy, or for something
about a mark, is read by somebody. A signature says nothing but what stands in it as a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from enum import Enum

from maild.core import language, markwords, pleawords
from maild.core.marktokens import TEXT_MAX, TOKENS_MAX, Token, plain, tokens, words
from maild.core.smallprint import without_small_print

COMMENT_WORDS_MAX = 15
"""More words than these are more than a comment: they are handled as any mail."""
_SPOKEN = ("", "en", "fr", "es", "de")
"""The languages of the words here, and of what is too short to tell."""
_FOREIGN_WORDS_MIN = 3
_DIGITS_MAX = 4
"""A longer number is no mark: somebody gives a telephone or an order number."""
_SENTENCE_WORDS_MIN = 5
_LABEL_WORDS_MAX = 2


class Said(Enum):
    """What a text without a mark is."""

    NOTHING = "nothing"
    COURTESY = "courtesy"
    """Thanks and nothing else."""
    MARK = "mark"
    """Something about a mark and nothing else."""
    DENIAL = "denial"
    """A bare no."""
    PLEA = "plea"
    """Anything else."""


def is_plea(text: str) -> bool:
    """Tell whether what stands beside a mark is more than a comment."""
    said = words(text)
    if "?" in text or len(said) > COMMENT_WORDS_MAX or _is_longer(text):
        return True
    return _tells(said) or (
        len(said) >= _FOREIGN_WORDS_MIN and language.detect(text) not in _SPOKEN
    )


def said(text: str, names: AbstractSet[str]) -> Said:
    """Tell what a text without a mark is; `names` are the words that name its writer."""
    if not text.strip():
        return Said.NOTHING
    pieces = tokens(text)
    spoken = [token.plain for token in pieces if token.kind == "word"]
    if spoken and set(spoken) <= pleawords.AGREEING & pleawords.NEGATIONS:
        return Said.DENIAL
    has_number = any(token.kind == "number" and len(token.text) > _DIGITS_MAX for token in pieces)
    if has_number or is_plea(text):
        return Said.PLEA
    if not _is_known(pieces, names):
        return Said.PLEA
    return Said.MARK if _is_about_mark(pieces, spoken) else Said.COURTESY


def is_praise(text: str) -> bool:
    """Tell whether a text praises, and says nothing else that a low mark may mean."""
    spoken = words(text)
    if pleawords.PRAISE.isdisjoint(spoken) or not pleawords.COMPARING.isdisjoint(spoken):
        return False
    return not _tells(spoken) and not _blames(spoken)


def is_thanks(line: str) -> bool:
    """Tell whether a line thanks, and says nothing else that a low mark may mean."""
    spoken = words(line)
    return not markwords.THANKS.isdisjoint(spoken) and not _tells(spoken) and not _blames(spoken)


def is_below(signature: str) -> bool:
    """Tell whether somebody wrote on below, or in, the signature of an answer."""
    lines = [
        line.strip() for line in without_small_print(f"-\n{signature[:TEXT_MAX]}").split("\n")[1:]
    ]
    is_standing = bool(lines) and lines[0].startswith(("--", "__"))
    return any(_is_said(line, is_standing=is_standing) for line in lines if line)


def _is_longer(text: str) -> bool:
    """Whether a text goes on where nobody looks any more."""
    return len(text) > TEXT_MAX or len(tokens(text)) == TOKENS_MAX


def _tells(spoken: Sequence[str]) -> bool:
    """Whether words tell a plea."""
    left, gone = _without_harmless(spoken)
    is_half = any(w == pleawords.HALF_NEGATION or w.startswith("n'") for w in left)
    if any(word in pleawords.SIGNS or word.endswith("n't") for word in left):
        return True
    if is_half and not any(phrase[0] == "pas" for phrase in gone):
        return True
    is_failure = not pleawords.FAILURES.isdisjoint(left)
    is_contrast = not markwords.CONTRASTS.isdisjoint(left) and pleawords.MILD.isdisjoint(left)
    return (is_failure or is_contrast) and pleawords.OVER.isdisjoint(left)


def _without_harmless(spoken: Sequence[str]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the words without the phrases that only sound like a plea, and these."""
    left: list[str] = []
    gone: list[tuple[str, ...]] = []
    at = 0
    while at < len(spoken):
        phrase = _harmless(spoken, at)
        if phrase:
            gone.append(phrase)
        else:
            left.append(spoken[at])
        at += len(phrase) or 1
    return left, gone


def _harmless(spoken: Sequence[str], at: int) -> tuple[str, ...]:
    for size in range(pleawords.HARMLESS_WORDS_MAX, 1, -1):
        phrase = tuple(spoken[at : at + size])
        if phrase in pleawords.HARMLESS:
            return phrase
    return ()


def _is_known(pieces: Sequence[Token], names: AbstractSet[str]) -> bool:
    """Whether every word is one of a courtesy or about a mark, and one of them makes it one."""
    left, gone = _without_harmless([t.plain for t in pieces if t.kind == "word"])
    has_core = bool(gone) or any(_is_mark(token) for token in pieces)
    at = 0
    while at < len(left):
        size = _marked(left, at)
        word = left[at]
        if not size and word in pleawords.HELP and not has_core:
            return False
        if not size and pleawords.FILLING.isdisjoint(_parts(word)) and word not in names:
            return False
        has_core = has_core or size > 0 or word in pleawords.CORES
        at += size or 1
    return has_core


def _is_about_mark(pieces: Sequence[Token], spoken: Sequence[str]) -> bool:
    is_told = any(mark is not None for mark in _marks(spoken))
    return is_told or any(_is_mark(token) for token in pieces)


def _is_mark(token: Token) -> bool:
    return token.kind in ("number", "stars") or token.text in markwords.FACES


def _parts(word: str) -> tuple[str, str]:
    """Return a word, and what stands behind its apostrophe (`l'equipe`)."""
    return word, word.rpartition("'")[2]


def _marked(spoken: Sequence[str], at: int) -> int:
    """Return how many words a mark in words has at a place; 0 for none."""
    for size in range(markwords.phrase_words_max(), 0, -1):
        if tuple(spoken[at : at + size]) in markwords.phrases():
            return size
    return 0


def _blames(spoken: Sequence[str]) -> bool:
    return any(mark is not None and mark <= markwords.BAD_MAX for mark in _marks(spoken))


def _marks(spoken: Sequence[str]) -> list[int | None]:
    """Return what the marks in words are worth."""
    sizes = ((at, _marked(spoken, at)) for at in range(len(spoken)))
    return [markwords.phrases()[tuple(spoken[at : at + size])] for at, size in sizes if size]


def _is_said(line: str, *, is_standing: bool) -> bool:
    """Whether a line of a signature says something."""
    small = plain(line)
    if any(word in small for word in pleawords.FOOTERS):
        return False
    if small.rstrip(".:").startswith(pleawords.POSTSCRIPTS) and _is_postscript(small):
        return True
    said = " ".join(w for w in line.split() if not any(s in w for s in ("://", "www.", "@")))
    spoken = words(said)
    if "?" in said and not is_standing:
        return True
    if len(spoken) > _LABEL_WORDS_MAX and _tells(spoken):
        return True
    return not is_standing and len(spoken) >= _SENTENCE_WORDS_MIN and _is_sentence(said)


def _is_postscript(line: str) -> bool:
    """Whether "ps" stands for itself, and begins no word."""
    head = line.split(maxsplit=1)[0].rstrip(".:,-")
    return head in pleawords.POSTSCRIPTS or line.startswith("post scriptum")


def _is_sentence(text: str) -> bool:
    """Whether most words are written small, and it ends as a sentence does."""
    small = sum(word[:1].islower() for word in text.split())
    return 2 * small > len(text.split()) and text.endswith((".", "!", "…"))
