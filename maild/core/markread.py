"""What mark somebody writes in answer to a survey: read for certain, or not at all; pure.

Read is the first line that says something: what leads to a mark, a number, a number's word, stars,
of a survey from 1 to 5 also a word or a face; then the end, a stop, a courtesy, or a reason. Any
doubt is left as one: two numbers, another scale, a number that counts something ("7 of my
colleagues"), "maybe", a question, a mark that its own words deny. Nothing here looks further than
`TEXT_MAX`, and every step goes forward.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from maild.core import markwords
from maild.core.survey import Kind

TEXT_MAX = 4000
LINES_MAX = 100
TOKENS_MAX = 200
COMMENT_WORDS_MAX = 15
"""More words than these are more than a comment: they are handled as any mail."""
SHORT_WORDS_MAX = 6
NEAR_TOKENS_MAX = 12
"""In a longer line a number that leads it not is none of a mark."""
_GREETING_WORDS_MAX = 5
_APART = 3
"""Marks so far apart deny each other."""
_NPS_HIGH, _NPS_LOW = 8, 3
_GOOD, _BAD = 4, 2
_INVISIBLE = re.compile("[\ufe0f\u20e3\u200b-\u200d\u2060\U0001f3fb-\U0001f3ff]")
_TOKEN = re.compile(
    r"(?P<number>\d{1,9}(?:[.,]\d{1,9})?)"
    r"|(?P<word>[^\W\d_]{1,60}(?:['-][^\W\d_]{1,60}){0,3})"
    r"|(?P<stars>[★⭐🌟☆]{1,40})"
    r"|(?P<sign>\S)"
)
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
    wants_out: bool = False
    """It only says that its writer wants no such mail."""
    by_link: bool = False
    """The mark stands in the subject that our `mailto:` link gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: str
    text: str
    """Small letters, with accents."""
    plain: str
    """Without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A mark at a place of the line; `score` is None for a doubt."""

    score: int | None
    end: int
    """Where what follows it begins."""
    in_words: bool = False


def read(kind: Kind, text: str, subject: str = "") -> Reading:
    """Read an answer without its quotes and signature; `subject` is that of the mail."""
    body = text[:TEXT_MAX].strip()
    linked = _in_subject(kind, subject)
    if linked is not None:
        return _by_link(kind, linked, body)
    line, rest = _first_line(body)
    if _plain(body.strip(" .!\n")) in markwords.LEAVING:
        return Reading(comment=body, wants_out=True)
    tokens = _tokens(line)
    found = _Found(score=None, end=0) if _SIGNED.match(line) else _mark(kind, tokens)
    comment = _comment(line, rest, found, tokens)
    if found is not None and found.score is not None:
        return Reading(score=found.score, comment=comment, has_more=_has_more(comment))
    is_short = len(_words(body)) <= SHORT_WORDS_MAX and "?" not in body
    return Reading(
        comment=body,
        is_about_mark=bool(body) and (found is not None or is_short),
        has_more="?" in body or _has_more(body) or not is_short,
    )


def _by_link(kind: Kind, score: int, body: str) -> Reading:
    """A mail that our link began; a mark in its text must be the same."""
    line, _ = _first_line(body)
    found = _mark(kind, _tokens(line)) if body else None
    if found is not None and found.score not in (None, score) and not found.in_words:
        return Reading(comment=body, is_about_mark=True, has_more=_has_more(body))
    is_repeated = found is not None and not found.in_words and body == line.strip()
    comment = "" if is_repeated and len(_words(body)) == 0 else body
    return Reading(score=score, comment=comment, has_more=_has_more(comment), by_link=True)


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
    words = _words(line)
    return (
        0 < len(words) <= _GREETING_WORDS_MAX
        and words[0] in markwords.GREETINGS
        and not any(c.isdigit() for c in line)
        and line.strip()[-1] in ",!:."
    )


def _tokens(line: str) -> list[_Token]:
    normal = unicodedata.normalize("NFKC", line[:TEXT_MAX]).replace("’", "'")
    normal = _INVISIBLE.sub("", normal).casefold()
    return [
        _Token(kind=match.lastgroup or "sign", text=match[0], plain=_plain(match[0]))
        for match in list(_TOKEN.finditer(normal))[:TOKENS_MAX]
    ]


def _plain(text: str) -> str:
    """Small letters without accents."""
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in parts if unicodedata.category(c) != "Mn")


def _words(text: str) -> list[str]:
    return [token.plain for token in _tokens(text.replace("\n", " ")) if token.kind == "word"]


def _mark(kind: Kind, tokens: Sequence[_Token]) -> _Found | None:
    """Return the mark of a line, or a doubt about one; None where it speaks of none."""
    start = _start(tokens)
    found = _at(kind, tokens, start)
    if found is None:
        is_near = len(tokens) <= NEAR_TOKENS_MAX and any(
            _number(kind, tokens, n) is not None for n in range(len(tokens))
        )
        return _Found(score=None, end=0) if is_near else None
    if found.score is None or _is_doubtful(kind, tokens, found):
        return _Found(score=None, end=found.end)
    return found


def _start(tokens: Sequence[_Token]) -> int:
    """Pass over what leads to a mark; a phrase that begins there ends it."""
    for n, token in enumerate(tokens):
        if _phrase(tokens, n) is not None and token.plain not in markwords.OF:
            return n
        is_lead = token.plain in markwords.LEADING or token.text in _OPENERS
        if not is_lead or _is_alone(tokens, n):
            return n
    return len(tokens)


def _is_alone(tokens: Sequence[_Token], at: int) -> bool:
    """Whether an article is all that stands on the line: then it is a number."""
    return tokens[at].text in markwords.ARTICLES and len(_said(tokens)) == 1


def _said(tokens: Sequence[_Token]) -> list[_Token]:
    return [token for token in tokens if token.text not in _STOPS]


def _at(kind: Kind, tokens: Sequence[_Token], at: int) -> _Found | None:
    if at >= len(tokens):
        return None
    phrase = _phrase(tokens, at)
    if kind is Kind.CSAT and phrase is not None:
        return _in_words(tokens, phrase)
    if tokens[at].kind == "stars":
        return _in_stars(kind, tokens, at)
    if kind is Kind.CSAT and tokens[at].text in markwords.FACES:
        return _in_faces(tokens, at)
    value = _number(kind, tokens, at)
    if value is None:
        return None
    return _in_number(kind, tokens, at, value)


def _number(kind: Kind, tokens: Sequence[_Token], at: int) -> int | None:
    """Return the number at a place, -1 for one that is no mark; None for no number."""
    token = tokens[at]
    if token.kind == "number":
        given = int(token.text) if token.text.isdecimal() else -1
        return given if given in kind.marks else -1
    if token.text in markwords.ARTICLES and not _is_alone(tokens, at):
        return None
    value = markwords.NUMBERS.get(token.text)
    if value is None:
        return None
    return value if value in kind.marks else -1


def _in_number(kind: Kind, tokens: Sequence[_Token], at: int, value: int) -> _Found:
    end = _scale(kind, tokens, at + 1)
    doubt = _Found(score=None, end=at + 1)
    if value < 0 or end < 0:
        return doubt
    if end < len(tokens) and (
        tokens[end].plain in markwords.UNITS or _are_as_many(tokens[end], value)
    ):
        end += 1
    if end == len(tokens) or _may_follow(tokens, end):
        return _Found(score=value, end=end)
    return doubt


def _scale(kind: Kind, tokens: Sequence[_Token], at: int) -> int:
    """Return where `/5`, `out of 5`, `sur 5` ends, -1 for another scale, `at` for none."""
    n = at
    while n < len(tokens) and (tokens[n].text in _SLASHES or tokens[n].plain in markwords.OF):
        n += 1
    if n == at:
        return at
    if n == len(tokens):
        return -1
    token = tokens[n]
    value = int(token.text) if token.text.isdecimal() else markwords.NUMBERS.get(token.text, -1)
    return n + 1 if value == kind.most else -1


def _are_as_many(token: _Token, value: int) -> bool:
    return (
        token.kind == "stars"
        and token.text.count(markwords.EMPTY_STARS) == 0
        and (len(token.text) in (1, value))
    )


def _may_follow(tokens: Sequence[_Token], at: int) -> bool:
    """Whether a mark may end before this token."""
    token = tokens[at]
    if token.text in _STOPS or token.text in markwords.FACES:
        return True
    is_known = token.plain in markwords.REASONS or token.plain in markwords.THANKS
    return is_known or _phrase(tokens, at) is not None


def _in_stars(kind: Kind, tokens: Sequence[_Token], at: int) -> _Found:
    stars = tokens[at].text
    full, empty = sum(c in markwords.STARS for c in stars), stars.count(markwords.EMPTY_STARS)
    fits = kind is Kind.CSAT and full in kind.marks and full + empty in (full, kind.most)
    is_end = at + 1 == len(tokens) or _may_follow(tokens, at + 1)
    return _Found(score=full if fits and is_end else None, end=at + 1)


def _in_faces(tokens: Sequence[_Token], at: int) -> _Found:
    """Faces that say the same; a mixture says nothing."""
    end = at
    while end < len(tokens) and tokens[end].text in markwords.FACES:
        end += 1
    scores = {markwords.FACES[token.text] for token in tokens[at:end]}
    is_end = end == len(tokens) or _may_follow(tokens, end)
    return _Found(score=scores.pop() if len(scores) == 1 and is_end else None, end=end)


def _phrase(tokens: Sequence[_Token], at: int) -> tuple[int | None, int] | None:
    """Return the mark of the longest phrase at a place and its end; None for no phrase."""
    for size in range(min(markwords.phrase_words_max(), len(tokens) - at), 0, -1):
        words = tuple(token.plain for token in tokens[at : at + size])
        if words in markwords.phrases():
            return markwords.phrases()[words], at + size
    return None


def _in_words(tokens: Sequence[_Token], phrase: tuple[int | None, int]) -> _Found:
    """A mark in words stands alone in its sentence, but for courtesies."""
    score, end = phrase
    n = end
    while n < len(tokens) and tokens[n].text not in _SENTENCE_ENDS:
        token = tokens[n]
        is_more = _phrase(tokens, n)
        if is_more is not None and is_more[0] is not None:
            score = score if score is not None and abs(is_more[0] - score) <= 1 else None
            n = is_more[1]
            continue
        is_known = token.plain in markwords.COURTESY or token.text in _STOPS
        if not is_known and token.text not in markwords.FACES:
            return _Found(score=None, end=end, in_words=True)
        n += 1
    return _Found(score=score, end=end, in_words=True)


def _is_doubtful(kind: Kind, tokens: Sequence[_Token], found: _Found) -> bool:
    """Whether something else on the line speaks against the mark."""
    line = [token.plain for token in tokens]
    if "?" in line[: _sentence_end(tokens, found.end)] or not markwords.HEDGES.isdisjoint(line):
        return True
    if found.in_words and not markwords.CONTRASTS.isdisjoint(line):
        return True
    return _is_other_number(kind, tokens, found) or _is_denied(kind, tokens, found)


def _sentence_end(tokens: Sequence[_Token], start: int) -> int:
    ends = (n for n in range(start, len(tokens)) if tokens[n].text in _SENTENCE_ENDS)
    return next(ends, len(tokens))


def _is_other_number(kind: Kind, tokens: Sequence[_Token], found: _Found) -> bool:
    """A second number that counts nothing may be the mark as well."""
    for n in range(found.end, len(tokens)):
        value = _number(kind, tokens, n)
        if value is None or value in (-1, found.score):
            continue
        following = tokens[n + 1] if n + 1 < len(tokens) else None
        is_counting = following is not None and following.kind == "word"
        if not is_counting or following is None or following.plain in markwords.REASONS:
            return True
        if following.plain in markwords.UNITS:
            return True
    return False


def _is_denied(kind: Kind, tokens: Sequence[_Token], found: _Found) -> bool:
    """A mark and words that say the contrary: somebody read the scale upside down."""
    assert found.score is not None, "asked of a mark"
    for n in range(found.end, len(tokens)):
        phrase = _phrase(tokens, n)
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


def _comment(line: str, rest: str, found: _Found | None, tokens: Sequence[_Token]) -> str:
    """What stands beside the mark: nothing where the line is the mark alone."""
    if found is None or found.score is None:
        return ""
    left = [t for t in tokens[found.end :] if t.text not in _STOPS]
    is_whole = not left and not found.in_words
    return "\n".join(part for part in ("" if is_whole else line.strip(), rest) if part)


def _has_more(comment: str) -> bool:
    words = _words(comment)
    is_long = len(words) > COMMENT_WORDS_MAX
    is_trouble = not markwords.TROUBLES.isdisjoint(words) and markwords.OVER.isdisjoint(words)
    is_wish = not markwords.REQUESTS.isdisjoint(words)
    return "?" in comment or is_long or is_wish or is_trouble
