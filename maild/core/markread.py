"""What mark somebody writes in answer to a survey: read for certain, or not at all; pure.

Read is the first line that says something: what leads to a mark, a number, a number's word, stars,
of a survey from 1 to 5 also a word or a face; then the end, a stop, a courtesy, or a reason. Any
doubt is left as one: two numbers, another scale, a number that counts something ("7 of my
colleagues"), "maybe", a question, a mark that its own words deny. Nothing here looks further than
`TEXT_MAX`, and every step goes forward.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from maild.core import markwords, plea
from maild.core.marktokens import TEXT_MAX, Token, plain, tokens, words
from maild.core.plea import Said
from maild.core.smallprint import without_small_print
from maild.core.survey import Kind

LINES_MAX = 100
NEAR_TOKENS_MAX = 12
"""In a longer line a number that leads it not is none of a mark."""
_GREETING_WORDS_MAX = 5
_APART = 3
"""Marks so far apart deny each other."""
_NPS_HIGH, _NPS_LOW = 8, 3
_GOOD, _BAD = 4, markwords.BAD_MAX
_SUBJECT = re.compile(
    r"\s{0,20}(?:[A-Za-z]{1,4}\s?:\s{0,9}){0,5}(\d{1,2})\s?/\s?(\d{1,2})\s{0,20}"
)
_SIGNED = re.compile(r"\s{0,99}[-−–+]\d|\s{0,99}\d{1,2}\s?[-−–+]\s{0,99}$")
_STOPS = frozenset(".,;:!…)-–—(\"'”»*_|")
_OPENERS = frozenset("#:=-–—\"'“„«*_(>→¡.,!")
_SENTENCE_ENDS = frozenset(".!;…")
_SLASHES = frozenset("/⁄")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer says."""

    score: int | None = None
    """None where it cannot be told for certain."""
    comment: str = ""
    """What stands beside the mark, or all that was written where there is none."""
    is_about_mark: bool = False
    """Without a mark: it seems to mean one, so that its writer is asked which."""
    has_more: bool = False
    """It asks, or tells more than a comment does: no answer to a survey alone."""
    is_below: bool = False
    """Part of it stands below the signature."""
    is_courtesy: bool = False
    """It thanks, or greets, and says nothing else."""
    wants_out: bool = False
    """It only says that its writer wants no such mail."""
    by_link: bool = False
    """The mark stands in the subject that our `mailto:` link gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A mark at a place of the line; `score` is None for a doubt."""

    score: int | None
    end: int
    """Where what follows it begins."""
    in_words: bool = False


def read(
    kind: Kind,
    text: str,
    subject: str = "",
    *,
    below: str = "",
    names: AbstractSet[str] = frozenset(),
) -> Reading:
    """Read an answer without its quotes and signature.

    `subject` is that of the mail, `below` its signature and what stands under it; `names` are the
    words that name its writer, in small letters without accents.
    """
    found = _read(kind, text, subject, names)
    if plea.is_below(below):
        return replace(found, has_more=True, is_below=True, wants_out=False)
    return replace(found, has_more=True) if len(text.strip()) > TEXT_MAX else found


def _read(kind: Kind, text: str, subject: str, names: AbstractSet[str]) -> Reading:
    body = without_small_print(text.strip()[:TEXT_MAX]).strip()
    linked = _in_subject(kind, subject)
    if linked is not None:
        return _by_link(kind, linked, body)
    if plain(body.strip(" .!\n")) in markwords.LEAVING:
        return Reading(comment=body, wants_out=True)
    line, rest = _first_line(body)
    pieces = tokens(line)
    found = _Found(score=None, end=0) if _SIGNED.match(line) else _mark(kind, pieces)
    if found is not None and found.score is not None and not _is_praised(kind, line, rest, found):
        comment = _comment(line, rest, found, pieces)
        left = " ".join(piece.text for piece in pieces[found.end :])
        has_more = plea.is_plea(f"{left}\n{rest}")
        return Reading(score=found.score, comment=comment, has_more=has_more)
    return _unclear(body, plea.said(body, names), is_begun=found is not None and found.end > 0)


def _unclear(body: str, said: Said, *, is_begun: bool) -> Reading:
    """What no mark can be told of; `is_begun` where one seems to begin it."""
    is_plea = said in (Said.PLEA, Said.DENIAL)
    return Reading(
        comment=body,
        is_about_mark=is_begun or said in (Said.COURTESY, Said.MARK, Said.DENIAL),
        is_courtesy=said is Said.COURTESY and not is_begun,
        has_more=is_plea,
    )


def _is_praised(kind: Kind, line: str, rest: str, found: _Found) -> bool:
    """Whether a low number stands beside praise or thanks: 1 is the best mark of some schools."""
    assert found.score is not None, "asked of a mark"
    is_low = found.score <= (_NPS_LOW if kind is Kind.NPS else _BAD)
    if not is_low or found.in_words:
        return False
    return plea.is_praise(f"{line}\n{rest}") or plea.is_thanks(line)


def _by_link(kind: Kind, score: int, body: str) -> Reading:
    """A mail that our link began; a mark in its text must be the same."""
    line, _ = _first_line(body)
    found = _mark(kind, tokens(line)) if body else None
    if found is not None and found.score not in (None, score) and not found.in_words:
        return Reading(comment=body, is_about_mark=True, has_more=plea.is_plea(body))
    is_repeated = found is not None and not found.in_words and body == line.strip()
    comment = "" if is_repeated and len(words(body)) == 0 else body
    return Reading(score=score, comment=comment, has_more=plea.is_plea(comment), by_link=True)


def _in_subject(kind: Kind, subject: str) -> int | None:
    match = _SUBJECT.fullmatch(subject[:200])
    if match is None or int(match[2]) != kind.most or int(match[1]) not in kind.marks:
        return None
    return int(match[1])


def _first_line(body: str) -> tuple[str, str]:
    """Return the first line that says something, without a greeting, and what follows it."""
    lines = body.split("\n", LINES_MAX)
    for n, line in enumerate(lines):
        if line.strip() and not _is_greeting(line):
            return line, "\n".join(lines[n + 1 :]).strip()
    return "", ""


def _is_greeting(line: str) -> bool:
    said = words(line)
    return (
        0 < len(said) <= _GREETING_WORDS_MAX
        and said[0] in markwords.GREETINGS
        and not any(c.isdigit() for c in line)
        and line.strip()[-1] in ",!:."
        and not plea.is_plea(line)
    )


def _mark(kind: Kind, pieces: Sequence[Token]) -> _Found | None:
    """Return the mark of a line, or a doubt about one; None where it speaks of none."""
    start = _start(pieces)
    found = _at(kind, pieces, start)
    if found is None:
        is_near = len(pieces) <= NEAR_TOKENS_MAX and any(
            _number(kind, pieces, n) is not None for n in range(len(pieces))
        )
        return _Found(score=None, end=0) if is_near else None
    if found.score is None or _is_doubtful(kind, pieces, found):
        return _Found(score=None, end=found.end)
    return found


def _start(pieces: Sequence[Token]) -> int:
    """Pass over what leads to a mark; a phrase that begins there ends it."""
    for n, token in enumerate(pieces):
        if _phrase(pieces, n) is not None and token.plain not in markwords.OF:
            return n
        is_lead = token.plain in markwords.LEADING or token.text in _OPENERS
        if not is_lead or _is_alone(pieces, n):
            return n
    return len(pieces)


def _is_alone(pieces: Sequence[Token], at: int) -> bool:
    """Whether an article is all that stands on the line: then it is a number."""
    return pieces[at].text in markwords.ARTICLES and len(_said(pieces)) == 1


def _said(pieces: Sequence[Token]) -> list[Token]:
    return [token for token in pieces if token.text not in _STOPS]


def _at(kind: Kind, pieces: Sequence[Token], at: int) -> _Found | None:
    if at >= len(pieces):
        return None
    phrase = _phrase(pieces, at)
    if kind is Kind.CSAT and phrase is not None:
        return _in_words(pieces, phrase)
    if pieces[at].kind == "stars":
        return _in_stars(kind, pieces, at)
    if kind is Kind.CSAT and pieces[at].text in markwords.FACES:
        return _in_faces(pieces, at)
    value = _number(kind, pieces, at)
    if value is None:
        return None
    return _in_number(kind, pieces, at, value)


def _number(kind: Kind, pieces: Sequence[Token], at: int) -> int | None:
    """Return the number at a place, -1 for one that is no mark; None for no number."""
    token = pieces[at]
    if token.kind == "number":
        given = int(token.text) if token.text.isdecimal() else -1
        return given if given in kind.marks else -1
    if token.text in markwords.ARTICLES and not _is_alone(pieces, at):
        return None
    value = markwords.NUMBERS.get(token.text)
    if value is None:
        return None
    return value if value in kind.marks else -1


def _in_number(kind: Kind, pieces: Sequence[Token], at: int, value: int) -> _Found:
    end = _scale(kind, pieces, at + 1)
    doubt = _Found(score=None, end=at + 1)
    if value < 0 or end < 0:
        return doubt
    if end < len(pieces) and (
        pieces[end].plain in markwords.UNITS or _are_as_many(pieces[end], value)
    ):
        end += 1
    if end == len(pieces) or _may_follow(pieces, end):
        return _Found(score=value, end=end)
    return doubt


def _scale(kind: Kind, pieces: Sequence[Token], at: int) -> int:
    """Return where `/5`, `out of 5`, `sur 5` ends, -1 for another scale, `at` for none."""
    n = at
    while n < len(pieces) and (pieces[n].text in _SLASHES or pieces[n].plain in markwords.OF):
        n += 1
    if n == at:
        return at
    if n == len(pieces):
        return -1
    token = pieces[n]
    value = int(token.text) if token.text.isdecimal() else markwords.NUMBERS.get(token.text, -1)
    return n + 1 if value == kind.most else -1


def _are_as_many(token: Token, value: int) -> bool:
    return (
        token.kind == "stars"
        and token.text.count(markwords.EMPTY_STARS) == 0
        and (len(token.text) in (1, value))
    )


def _may_follow(pieces: Sequence[Token], at: int) -> bool:
    """Whether a mark may end before this token."""
    token = pieces[at]
    if token.text in _STOPS or token.text in markwords.FACES:
        return True
    is_known = token.plain in markwords.REASONS or token.plain in markwords.THANKS
    return is_known or _phrase(pieces, at) is not None


def _in_stars(kind: Kind, pieces: Sequence[Token], at: int) -> _Found:
    stars = pieces[at].text
    full, empty = sum(c in markwords.STARS for c in stars), stars.count(markwords.EMPTY_STARS)
    fits = kind is Kind.CSAT and full in kind.marks and full + empty in (full, kind.most)
    is_end = at + 1 == len(pieces) or _may_follow(pieces, at + 1)
    return _Found(score=full if fits and is_end else None, end=at + 1)


def _in_faces(pieces: Sequence[Token], at: int) -> _Found:
    """Faces that say the same; a mixture says nothing."""
    end = at
    while end < len(pieces) and pieces[end].text in markwords.FACES:
        end += 1
    scores = {markwords.FACES[token.text] for token in pieces[at:end]}
    is_end = end == len(pieces) or _may_follow(pieces, end)
    return _Found(score=scores.pop() if len(scores) == 1 and is_end else None, end=end)


def _phrase(pieces: Sequence[Token], at: int) -> tuple[int | None, int] | None:
    """Return the mark of the longest phrase at a place and its end; None for no phrase."""
    for size in range(min(markwords.phrase_words_max(), len(pieces) - at), 0, -1):
        words = tuple(token.plain for token in pieces[at : at + size])
        if words in markwords.phrases():
            return markwords.phrases()[words], at + size
    return None


def _in_words(pieces: Sequence[Token], phrase: tuple[int | None, int]) -> _Found:
    """A mark in words stands alone in its sentence, but for courtesies."""
    score, end = phrase
    n = end
    while n < len(pieces) and pieces[n].text not in _SENTENCE_ENDS:
        token = pieces[n]
        is_more = _phrase(pieces, n)
        if is_more is not None and is_more[0] is not None:
            score = score if score is not None and abs(is_more[0] - score) <= 1 else None
            n = is_more[1]
            continue
        is_known = token.plain in markwords.COURTESY or token.text in _STOPS
        if not is_known and token.text not in markwords.FACES:
            return _Found(score=None, end=end, in_words=True)
        n += 1
    return _Found(score=score, end=end, in_words=True)


def _is_doubtful(kind: Kind, pieces: Sequence[Token], found: _Found) -> bool:
    """Whether something else on the line speaks against the mark."""
    line = [token.plain for token in pieces]
    if "?" in line[: _sentence_end(pieces, found.end)] or not markwords.HEDGES.isdisjoint(line):
        return True
    if found.in_words and not markwords.CONTRASTS.isdisjoint(line):
        return True
    return _is_other_number(kind, pieces, found) or _is_denied(kind, pieces, found)


def _sentence_end(pieces: Sequence[Token], start: int) -> int:
    ends = (n for n in range(start, len(pieces)) if pieces[n].text in _SENTENCE_ENDS)
    return next(ends, len(pieces))


def _is_other_number(kind: Kind, pieces: Sequence[Token], found: _Found) -> bool:
    """A second number that counts nothing may be the mark as well."""
    for n in range(found.end, len(pieces)):
        value = _number(kind, pieces, n)
        if value is None or value in (-1, found.score):
            continue
        following = pieces[n + 1] if n + 1 < len(pieces) else None
        is_counting = following is not None and following.kind == "word"
        if not is_counting or following is None or following.plain in markwords.REASONS:
            return True
        if following.plain in markwords.UNITS:
            return True
    return False


def _is_denied(kind: Kind, pieces: Sequence[Token], found: _Found) -> bool:
    """A mark and words that say the contrary: somebody read the scale upside down."""
    assert found.score is not None, "asked of a mark"
    for n in range(found.end, len(pieces)):
        phrase = _phrase(pieces, n)
        if phrase is None or phrase[0] is None:
            continue
        if kind is Kind.CSAT and abs(phrase[0] - found.score) >= _APART:
            return True
        if kind is Kind.NPS and (
            (phrase[0] >= _GOOD and found.score <= _NPS_LOW)
            or (phrase[0] <= _BAD and found.score >= _NPS_HIGH)
        ):
            return True
    return False


def _comment(line: str, rest: str, found: _Found | None, pieces: Sequence[Token]) -> str:
    """What stands beside the mark: nothing where the line is the mark alone."""
    if found is None or found.score is None:
        return ""
    left = [t for t in pieces[found.end :] if t.text not in _STOPS]
    is_whole = not left and not found.in_words
    return "\n".join(part for part in ("" if is_whole else line.strip(), rest) if part)
