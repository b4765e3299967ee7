"""Where a plain text shows that it quotes: attribution lines, quoted headers, dividers.

Strategy: every question is asked of one line and a bounded number of its neighbours, and lines
that are too long to be a mark are never looked into; so the whole is linear.  All lines that come
in here have passed `cleaned`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from maild.core.attributions import (
    FORWARDED,
    INTRODUCTIONS,
    OPENERS,
    ORIGINAL,
    PREVIOUS_REPLIES,
    WEEKDAYS,
)
from maild.core.headernames import FIELDS, Field
from maild.core.wroteverbs import (
    VERB_WORDS,
    WORD_BREAK,
    is_verb_last,
    may_end_with_verb,
    verb_of,
)

MARK_LENGTH_MAX = 400
"""Characters; a longer line or attribution is prose."""
ATTRIBUTION_LINES_MAX = 4
HEADER_LINES_MAX = 16


class Strength(Enum):
    """How sure an attribution is."""

    WEAK = 1
    """Only together with quoted lines behind it."""
    DATED = 2
    """Names a date but no address: alone on its paragraph it is sure, marked quote or not."""
    SURE = 3
    """Names a date and a person's address: what follows is quoted, marked or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """A line like "On ... wrote:", perhaps folded over several lines."""

    start: int
    end: int
    """Index of the line behind it."""
    strength: Strength
    kept: str = ""
    """What stands before it on its first line and belongs to the reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """The header of a quoted or forwarded mail in the text: From, Sent, To, Subject."""

    start: int
    end: int
    """Index of the line behind it."""
    fields: tuple[tuple[Field, str], ...]


def cleaned(line: str) -> str:
    """Return a line as it is compared: no invisible characters, plain spaces, trimmed."""
    return _plain(line).strip()


def cleaned_lines(text: str) -> list[str]:
    """Return the `cleaned` lines of a text; the whole is cleaned before it is cut."""
    return [line.strip() for line in _plain(text).split("\n")]


def is_quoted(line: str) -> bool:
    """Return whether a line carries the quotation mark of RFC 3676 §4.5, perhaps indented."""
    return line.startswith((">", "&gt;"))


def is_rule(line: str) -> bool:
    """Return whether a cleaned line is only a drawn line."""
    return len(line) >= _RULE_MIN and line[0] in _RULE_SIGNS and not line.strip(_RULE_SIGNS)


def is_drawn(line: str) -> bool:
    """Return whether a line begins with dashes or the like, as dividers do."""
    if line[:1].isalnum():
        return False
    bare = line.lstrip("> *")
    return bare[:2].strip("-_=—–―*") == "" and len(bare) > 2  # noqa: PLR2004 two dashes


def is_original_divider(lines: list[str], index: int) -> bool:
    """Return whether "-----Original Message-----" stands here, in any language."""
    if _is_plain_beginning(lines[index]):
        return False
    phrase = _phrase(lines[index])
    if phrase not in _ORIGINAL and not phrase.startswith(_ORIGINAL_BEGINNINGS):
        return False
    return is_drawn(lines[index]) or header_block(lines, index + 1) is not None


def is_forward_divider(lines: list[str], index: int) -> bool:
    """Return whether "Begin forwarded message:" or the like stands here, in any language."""
    line = lines[index]
    if not line.endswith((":", "：")) and not is_drawn(line):
        return False
    phrase = _phrase(line)
    return phrase in _FORWARDED or (is_drawn(line) and phrase.startswith(_FORWARDED_BEGINNINGS))


def is_history_heading(line: str) -> bool:
    """Return whether a line announces earlier replies, as notifications of help desks do."""
    return len(line) < MARK_LENGTH_MAX and _lowered(line.strip("*#-_=: ")) in _PREVIOUS


def header_field(line: str) -> tuple[Field, str] | None:
    """Return the field and the value when a line looks like one of a quoted header."""
    if ":" not in line and "：" not in line:
        return None
    bare = line.lstrip("*_ ")
    name, colon, value = bare[:_HEADER_NAME_MAX].replace("：", ":").partition(":")
    if not colon:
        return None
    field = _FIELD_OF.get(" ".join(_lowered(name.strip("*_ \t")).split()))
    if field is None:
        return None
    return field, (value + bare[_HEADER_NAME_MAX:_HEADER_LINE_MAX]).strip("*_ \t")


def header_block(lines: list[str], index: int) -> HeaderBlock | None:
    """Return the quoted header that begins at the first line from `index` that is not blank."""
    start = index
    while start < min(index + 3, len(lines)) and not lines[start]:
        start += 1
    fields: list[tuple[Field, str]] = []
    end, misses = start, 0
    for position in range(start, min(start + HEADER_LINES_MAX, len(lines))):
        field = header_field(lines[position])
        if field is not None:
            fields.append(field)
            end, misses = position + 1, 0
        else:
            misses += 1
            if not fields or misses > _HEADER_MISSES_MAX:
                break
    if not _is_header(fields):
        return None
    return HeaderBlock(start=start, end=end, fields=tuple(fields))


def attribution(lines: list[str], end: int) -> Attribution | None:
    """Return the attribution whose last line is `end`, if there is one."""
    pieces: list[str] = []
    for start in range(end, max(-1, end - ATTRIBUTION_LINES_MAX), -1):
        line = lines[start]
        if not line or (start < end and is_quoted(lines[start])):
            break
        pieces.insert(0, line.strip(_EMPHASIS))
        candidate = " ".join(pieces)
        if len(candidate) > MARK_LENGTH_MAX:
            break
        found = _judged(lines, start, end, candidate)
        if found is not None:
            return found
    return None


def is_attribution_ending(line: str) -> bool:
    """Return whether an attribution may end with this line: cheap, to spare the rest the work."""
    if len(line) > MARK_LENGTH_MAX:
        return False
    if line[-1:] in _EMPHASIS:
        line = line.rstrip(_EMPHASIS)
    if line[-1:] in _ENDINGS:
        return True
    return is_verb_last(line)


def stands_alone(lines: list[str], mark: Attribution) -> bool:
    """Return whether an attribution is sure although nothing behind it is marked as quoted."""
    if mark.strength is not Strength.DATED:
        return mark.strength is Strength.SURE
    if mark.start > 0 and lines[mark.start - 1]:
        return False
    timed = _TIMED.search(" ".join(lines[mark.start : mark.end])) is not None
    return timed or mark.end >= len(lines) or not lines[mark.end]


def is_lotus_header(lines: list[str], index: int) -> bool:
    """Return whether the header of Lotus Notes begins here: a name and a date, then bare words."""
    window = [line for line in lines[index : index + _LOTUS_LINES] if line]
    return holds_lotus_words(window[1:]) and any(_DATED.search(line) for line in window[:3])


def holds_lotus_words(lines: Iterable[str]) -> bool:
    """Return whether all the bare words of a header of Lotus Notes stand in these lines."""
    bare = {
        _FIELD_OF.get(line.lower().rstrip(": ")) for line in lines if len(line) <= _HEADER_NAME_MAX
    }
    return bare >= _LOTUS_FIELDS


def follows_quote(lines: list[str], index: int) -> bool:
    """Return whether the first line from `index` that is not blank is quoted, by `>` or `|`."""
    for position in range(index, min(index + 4, len(lines))):
        line = lines[position]
        if line:
            return is_quoted(line) or line.startswith("|")
    return False


def is_dangling_end(lines: list[str], index: int) -> bool:
    """Return whether a line `>:` is the folded end of an attribution rather than a quote."""
    line = lines[index]
    if not line.startswith(">") or not line.endswith((":", "：")) or len(line) > _DANGLING_MAX:
        return False
    previous = lines[index - 1] if index else ""
    return not is_quoted(previous) and previous.count("<") > previous.count(">")


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return _INVISIBLE.sub("", text).replace("\xa0", " ").replace("\u202f", " ")


def _judged(lines: list[str], start: int, end: int, candidate: str) -> Attribution | None:
    """Return the attribution that a candidate is, if it is one and begins like one."""
    strength = _strength(candidate)
    if strength is None:
        return None
    if _OPENED.match(candidate) is None and strength is not Strength.WEAK:
        found = _inner(lines, start, end, candidate)
        if found is not None:
            return found
    if candidate.count(">") <= candidate.count("<") and _begins(lines, start, end, candidate):
        return Attribution(start=start, end=end + 1, strength=strength)
    return None


def _inner(lines: list[str], start: int, end: int, candidate: str) -> Attribution | None:
    """Return the attribution that begins behind other words on the first line of a candidate."""
    first = lines[start].strip(_EMPHASIS)
    for inner in _INNER.finditer(first):
        strength = _strength(candidate[inner.start(1) :])
        before = first[: inner.start(1)].rstrip()
        if strength is Strength.SURE or (strength and before.endswith((".", "!", "?", "-"))):
            kept = before.rstrip("-_ \t")
            return Attribution(start=start, end=end + 1, strength=Strength.SURE, kept=kept)
    return None


def _begins(lines: list[str], start: int, end: int, candidate: str) -> bool:
    """Whether an attribution begins where the candidate does, and no line earlier."""
    if candidate[0] == ">" or _OPENED.match(candidate):
        return candidate[0] != ">" or candidate.startswith(">>>")
    if start == 0 or not lines[start - 1] or is_quoted(lines[start - 1]):
        return True
    if not follows_quote(lines, end + 1):
        return False
    head = candidate.partition("<")[0] if "<" in candidate[:_NAME_MAX] else candidate
    names = [word for word in WORD_BREAK.split(head) if word][:_NAME_WORDS_MAX]
    verbs = [place for place, word in enumerate(names) if word.lower() in VERB_WORDS]
    names = names[: verbs[0]] if verbs else names
    return bool(names) and len(names) < _NAME_WORDS_MAX and all(map(_is_name_word, names))


def _is_name_word(word: str) -> bool:
    return "@" in word or (word[0].isalpha() and not word[0].islower())


def _strength(candidate: str) -> Strength | None:
    colon = candidate.rstrip(" *_").endswith((":", "："))
    if not (colon or _ends_with_mail(candidate) or may_end_with_verb(candidate)):
        return None
    mail = "@" in candidate and _MAIL.search(candidate) is not None
    dated = _DATED.search(candidate) is not None
    verb, verb_last = verb_of(candidate)
    dated = dated or (verb_last and _TIMED.search(candidate) is not None)
    if dated and verb and (colon or verb_last):
        return Strength.SURE if mail else Strength.DATED
    if dated and mail and _ends_with_mail(candidate):
        starts = candidate[0].isdecimal() or _OPENED.match(candidate) is not None
        return Strength.SURE if colon or starts else None
    few = len(candidate.split()) <= _NAME_WORDS_MAX
    if colon and verb_last and mail and few and "<" in candidate:
        return Strength.SURE
    introduced = _INTRODUCED.match(candidate) is not None
    if colon and (verb_last or introduced or (mail and (verb or dated))):
        return Strength.WEAK if mail or few or dated else None
    return None


def _ends_with_mail(candidate: str) -> bool:
    return candidate.rstrip(" :：*_").endswith((">", ")")) and "@" in candidate[-_MAIL_REACH:]


def _is_header(fields: list[tuple[Field, str]]) -> bool:
    """Whether fields are a mail's header, and no timetable or form that somebody filled in."""
    kinds = {field for field, _ in fields} - {Field.OTHER, Field.CC}
    if Field.FROM not in kinds or len(kinds) < _HEADER_KINDS_MIN:
        return False
    if Field.SUBJECT in kinds:
        return True
    return any("@" in value for field, value in fields if field in (Field.FROM, Field.TO))


def _is_plain_beginning(line: str) -> bool:
    """Whether a line begins with a word that begins no phrase of a divider: cheap, as most do."""
    if not line[:1].isalnum():
        return False
    beginning = _lowered(line[:_BEGINNING])
    return beginning[:3] not in _BEGINNINGS and beginning[:2] not in _BEGINNINGS


def _phrase(line: str) -> str:
    """Return the words between the dashes of a divider, in lower case."""
    if len(line) > MARK_LENGTH_MAX:
        return ""
    bare = line.strip("-_=—–―*> :：[]\t")[:_PHRASE_MAX]
    for dashes in ("--", "__", "==", "——"):
        bare = bare.partition(dashes)[0]
    return " ".join(_lowered(bare).strip("-_=—–―*> :：[]\t").split())


def _lowered(text: str) -> str:
    """Return text in lower case, a Turkish capital I as a plain one."""
    return text.lower().replace("i\u0307", "i")


def _alternatives(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(set(texts), key=len, reverse=True))


_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EMPHASIS = "*_- "
_RULE_MIN = 3
_RULE_SIGNS = "-_=—–―*#~+ "
_PHRASE_MAX = 160
_HEADER_LINE_MAX = 2000
_HEADER_NAME_MAX = 34
_HEADER_MISSES_MAX = 2
_HEADER_KINDS_MIN = 3
_DANGLING_MAX = 60
_NAME_WORDS_MAX = 8
_NAME_MAX = 80
_MAIL_REACH = 100
_LOTUS_LINES = 12
_LOTUS_FIELDS = {Field.TO, Field.CC, Field.SUBJECT}
_BEGINNING = 3
_ENDINGS = frozenset((":", "：", ">", ")"))
_ORIGINAL = frozenset(ORIGINAL)
_ORIGINAL_BEGINNINGS = tuple(f"{text} {word} " for text in ORIGINAL for word in ("from", "von"))
_BEGINNINGS = frozenset(text.split()[0][:_BEGINNING] for text in ORIGINAL)
_FORWARDED = frozenset(FORWARDED)
_FORWARDED_BEGINNINGS = tuple(f"{text} " for text in FORWARDED)
_PREVIOUS = frozenset(PREVIOUS_REPLIES)
_FIELD_OF = {name: field for field, names in reversed(FIELDS.items()) for name in names}
_MAIL = re.compile(r"(?<![^\s<>@(\"'])[^\s<>@]{1,100}@[^\s<>@]{2}")
_INTRODUCED = re.compile(rf"(?:{_alternatives(INTRODUCTIONS)})(?!\w)", re.IGNORECASE)
_TIMED = re.compile(
    r"\d{1,2}[:.h]\d{2}(?!\d)|\d ?(?:am|pm|uhr)(?!\w)|\d시|\d[时時点點]", re.IGNORECASE
)
_DATED = re.compile(
    r"\d{1,4}[-/.] ?\d{1,2}[-/.] ?\d{2,4}|\d{1,2}[:h]\d{2}(?!\d)"
    r"|(?<!\d)(?:19|20|25)\d{2}(?!\d)|\d{1,2}[月월]|(?<!\d)\d{1,2}[. ] ?[^\W\d_]{3}"
    r"|[^\W\d_]{3,}\.? \d{1,2}(?!\d)"
)
_OPENED = re.compile(
    rf"[-\s*_>\"“\[]*(?:(?:{_alternatives(OPENERS)})(?![\w])"
    rf"|(?:{_alternatives(WEEKDAYS)})[.,]? ?[,\d ]"
    rf"|\d|[\u0590-\u06ff]|{_alternatives(INTRODUCTIONS)} )",
    re.IGNORECASE,
)
_INNER = re.compile(
    rf"(?:-{{2,}} ?|[\s.!?])((?:On|Am|Le|El|Il|Em|Op|Den|På|W dniu|Dnia|Dne|Il giorno) "
    rf"(?:(?:{_alternatives(WEEKDAYS)})[.,]? |\d))",
    re.IGNORECASE,
)
