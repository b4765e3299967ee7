"""Where a person's text ends and the signature begins; and the small print below both.

Strategy: a line of its own tells most ("-- ", "Sent from my ..."); a farewell is only believed
when a short name or an address block follows it at the end of the text.
"""

from __future__ import annotations

import re

from maild.core.closings import (
    CLOSINGS,
    DEVICES,
    DEVICES_VAGUE,
    DISCLAIMERS,
    SENT_BEGINNINGS,
    SENT_ENDINGS,
)
from maild.core.replymarks import is_rule

_DASHES = frozenset(("--", "—", "–", "__", "-- --"))
_RULED_LINES_MAX = 6
_RULED_REACH = 20
"""Lines looked at behind a drawn line; more than this is no signature."""
_BLOCK_LINES_MAX = 10
_SHORT_LINE_MAX = 60
_NAME_WORDS_MAX = 4
_SENT_LINE_MAX = 160
_SENT_WORDS_MAX = 6
_CLOSING_SEARCH_LINES = 14
_RULER_MIN = 5
_DISCLAIMER_HEADING_MAX = 30
_SMALL_PRINT_WORDS_MIN = 2
_SIGNATURE_LINES_MAX = 25


def signature_start(lines: list[str], *, alone: bool) -> int:
    """Return the index of the first line of the signature, or the number of lines.

    `lines` are cleaned and hold no quotes.  When they stand `alone`, the first line that is not
    blank is no signature.
    """
    first = 0
    if alone:
        first = 1 + next((index for index, line in enumerate(lines) if line), len(lines))
    end = _marked_start(lines, first)
    end = _trimmed(lines, end)
    end = _trimmed(lines, _dash_name_start(lines, first, end))
    return _closing_start(lines, first, end)


def is_signature(lines: list[str], name: str) -> bool:
    """Tell whether cleaned lines are nothing but the signature of a person called `name`.

    It is marked as one, or its first line is the name, perhaps with a farewell above. Thanks are
    no such farewell: somebody may want to say just that. A sentence is no part of a signature: it
    may have been written below a quote that has a signature above it.
    """
    block = [line for line in lines if line]
    if block and _is_farewell(block[0]) and _begins_with(block[1:], name):
        block = block[1:]
    if block and not (_is_mark(block[0]) or _begins_with(block, name)):
        return False
    return all(_is_sent_from(line) or _is_signature_line(line) for line in block[1:])


def small_print(lines: list[str]) -> list[tuple[int, int]]:
    """Return the runs of cleaned lines that are a ruled-off disclaimer."""
    found: list[tuple[int, int]] = []
    rulers = [
        index for index, line in enumerate(lines) if len(line) >= _RULER_MIN and is_rule(line)
    ]
    position = 0
    while position < len(rulers):
        start = rulers[position]
        end = rulers[position + 1] if position + 1 < len(rulers) else len(lines)
        if _is_small_print(lines[start + 1 : end], last=end == len(lines)):
            closed = end < len(lines) and not _is_blank(lines[start + 1 : end])
            start = _heading_before(lines, start)
            stop = end + 1 if closed and lines[end][:1] == lines[rulers[position]][:1] else end
            found.append((start, stop))
            position += stop - end
        position += 1
    return found


def _marked_start(lines: list[str], first: int) -> int:
    for index in range(first, len(lines)):
        line = lines[index]
        if not line:
            continue
        if line in _DASHES and _is_short(lines, index + 1):
            return index
        if _is_sent_from(line):
            return index
        if is_rule(line) and _is_ruled_signature(lines[index + 1 : index + 1 + _RULED_REACH]):
            return index
    return len(lines)


def _is_short(lines: list[str], start: int) -> bool:
    """Whether what follows is short enough for a signature, however many blank lines it has."""
    tail = lines[start : start + 2 * _SIGNATURE_LINES_MAX]
    return len(tail) - tail.count("") <= _SIGNATURE_LINES_MAX


def _is_sent_from(line: str) -> bool:
    if len(line) > _SENT_LINE_MAX:
        return False
    lowered = line.lower().strip("*_.[]<>()- ")
    begins = lowered[:2] in _SENT_TWO and lowered.startswith(SENT_BEGINNINGS)
    if not begins and not lowered.endswith(SENT_ENDINGS):
        return False
    clause = _CLAUSE_END.split(lowered, maxsplit=1)[0]
    rest = lowered[len(clause) :].strip(" ,;.!<")
    words = clause.split()
    if any(device in clause for device in DEVICES):
        return len(words) <= 2 * _SENT_WORDS_MAX
    if any(word.strip("'’") in DEVICES_VAGUE for word in words):
        return len(words) <= _SENT_WORDS_MAX + 1
    return not rest and len(words) <= _SENT_WORDS_MAX and _is_sending(clause)


def _is_sending(clause: str) -> bool:
    """Whether a short clause without a device says that something was sent from somewhere."""
    return not clause.startswith(("von meine", "in der", "written", "typed", "download", "나의"))


def _is_ruled_signature(tail: list[str]) -> bool:
    block = [line for line in tail if line]
    if not block or len(block) > _RULED_LINES_MAX or len(tail) == _RULED_REACH:
        return False
    return all(
        len(line) <= _SHORT_LINE_MAX and not line.endswith(("?", ":", ",")) for line in block
    )


def _trimmed(lines: list[str], end: int) -> int:
    while end > 0 and not lines[end - 1]:
        end -= 1
    return end


def _dash_name_start(lines: list[str], first: int, end: int) -> int:
    """Return where a last line like "-Anna" or "– Bob S." stands, else `end`."""
    if end <= first or not _DASH_NAME.fullmatch(lines[end - 1]):
        return end
    before = next((line for line in reversed(lines[: end - 1]) if line), "")
    return end if before.startswith(("-", "–", "—", "*", "•")) else end - 1


def _closing_start(lines: list[str], first: int, end: int) -> int:
    """Return where a farewell with a name below it begins, else `end`."""
    for index in range(max(first, end - _CLOSING_SEARCH_LINES), end):
        line = lines[index].rstrip(",.!;:- ")
        if line.lower() in _CLOSING_SET:
            tail = lines[index + 1 : end]
            if _is_closing_tail(tail):
                return index
        elif index == end - 1 and _is_closing_with_name(line):
            return index
    return end


def _is_mark(line: str) -> bool:
    return line in _DASHES or _is_sent_from(line)


def _is_farewell(line: str) -> bool:
    closing = line.rstrip(",.!;:- ").lower()
    return closing in _CLOSING_SET and not any(word in closing for word in _THANKS)


def _begins_with(block: list[str], name: str) -> bool:
    """Whether a person's name stands first, alone or before a comma; the first of it may do."""
    if not 0 < len(block) <= _BLOCK_LINES_MAX or not name:
        return False
    line, wanted = block[0].strip("*_ ").casefold(), name.casefold()
    if line == wanted.partition(" ")[0]:
        return True
    return line.startswith(wanted) and line[len(wanted) :].lstrip()[:1] in _BEHIND_NAME


def _is_signature_line(line: str) -> bool:
    """Whether a line below a name is part of an address block, and no sentence."""
    if _CONTACT.search(line):
        return True
    is_sentence = line.endswith(".") and len(line.split()) > _NAME_WORDS_MAX
    return len(line) <= _SHORT_LINE_MAX and not line.endswith(("?", "!")) and not is_sentence


def _is_closing_with_name(line: str) -> bool:
    """Whether one line says farewell and a name: "Regards, Anna"."""
    closing, comma, name = line.partition(",")
    words = name.split()
    return (
        bool(comma)
        and closing.strip().lower() in _CLOSING_SET
        and 0 < len(words) < _NAME_WORDS_MAX
        and not any(word[0].islower() for word in words)
    )


def _is_closing_tail(tail: list[str]) -> bool:
    block = [line for line in tail if line]
    if not block or len(block) > _BLOCK_LINES_MAX:
        return False
    if any(len(line) > _SHORT_LINE_MAX and not _CONTACT.search(line) for line in block):
        return False
    contact = any(_CONTACT.search(line) for line in block)
    if not tail[0]:
        return contact and _is_name(block[0])
    return contact or all(_is_name(line) for line in block[:2])


def _is_name(line: str) -> bool:
    if not line or len(line) > _SHORT_LINE_MAX or line.endswith(("?", "!", ":")):
        return False
    parts = line.split()
    return len(parts) <= _NAME_WORDS_MAX and (parts[0][0].isalpha() or parts[0][0] in "(-–")


def _is_small_print(block: list[str], *, last: bool) -> bool:
    text = " ".join(line for line in block[:_RULED_REACH] if line).lower()
    return sum(word in text for word in DISCLAIMERS) >= (1 if last else _SMALL_PRINT_WORDS_MIN)


def _is_blank(block: list[str]) -> bool:
    return not any(block)


def _heading_before(lines: list[str], start: int) -> int:
    """Return the line of a one-word heading ("Disclaimer") over a ruler, else the ruler's."""
    index = start - 1
    while index > 0 and not lines[index]:
        index -= 1
    if index < 0 or len(lines[index]) > _DISCLAIMER_HEADING_MAX:
        return start
    heading = lines[index].lower().strip(":* ")
    return index if heading.startswith(DISCLAIMERS) else start


_SENT_TWO = frozenset(beginning[:2] for beginning in SENT_BEGINNINGS)
"""The first characters of a line that may tell how it was sent: cheap to look up."""
_CLOSING_SET = frozenset(CLOSINGS)
_THANKS = (
    "thank",
    "thx",
    "dank",
    "merci",
    "gracias",
    "grazie",
    "obrigad",
    "tack",
    "tak",
    "kiitos",
)
_BEHIND_NAME = ("", ",", "|", "-", "–", "—", "·", "(", "/")
_CLAUSE_END = re.compile(r"[,;!<]|\. |\.$")
_DASH_NAME = re.compile(r"[-–—~] ?[^\W\d_][\w'’]*\.?(?: [^\W\d_][\w'’]*\.?)?")
_CONTACT = re.compile(
    r"@|https?:|www\.|\+?\(?\d[\d ()./-]{6}|(?:tel|fax|phone|mobile|mob|tél)[.:]", re.IGNORECASE
)
