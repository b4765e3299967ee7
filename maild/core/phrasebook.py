"""An operator's own words of mail programs, said again in words that are known here.

Strategy: a cleaned line that an entry fits is replaced by its like in English, so that all who
judge lines know every language without being told. The replaced lines are only compared, never
shown. An entry is plain text with placeholders, matched from left to right in one pass: no
expression of an operator's can take long. How often entries are tried in one mail has a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from maild.core.headernames import Field
from maild.core.mail import NO_PHRASES, Phrases
from maild.core.replymarks import ATTRIBUTION_LINES_MAX, MARK_LENGTH_MAX, is_drawn, is_quoted

LOOKS_MAX = 2000
"""How many lines of one text are tried against the entries of one kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """What a run of placeholders must hold."""

    is_dated: bool
    has_address: bool

    def fits(self, text: str) -> bool:
        """Whether a text may stand for the placeholders."""
        if self.has_address and "@" not in text:
            return False
        if self.is_dated and not any(sign.isdecimal() for sign in text):
            return False
        return bool(text.strip())


class Entry:
    """One line as a mail program writes it, with placeholders for what differs."""

    def __init__(self, text: str) -> None:
        """Take an entry apart; drawn signs between placeholders need not be in a line."""
        pieces = _PLACEHOLDER.split(" ".join(text.split()))
        pieces[::2] = [_lowered(piece) for piece in pieces[::2]]
        self.head, self.tail = _SIGNS_BEHIND.sub(_space, pieces[0]), ""
        self.names = frozenset(pieces[1::2])
        self._steps: list[tuple[_Gap, str]] = []
        run: list[str] = []
        for place in range(1, len(pieces), 2):
            run.append(pieces[place])
            literal, is_last = pieces[place + 1], place + 2 >= len(pieces)
            if is_last:
                self.tail = _SIGNS_BEFORE.sub(_space, literal)
            if is_last or any(sign.isalnum() for sign in literal):
                self._steps.append((_gap(run), literal.strip(_SIGNS)))
                run = []
        if not self.names:
            self.head = _lowered(pieces[0])

    @property
    def letters(self) -> int:
        """Count the letters and digits that are not placeholders."""
        words = (self.head, *(literal for _, literal in self._steps))
        return sum(sign.isalnum() for word in words for sign in word)

    @property
    def words(self) -> int:
        """Count the words that are not placeholders."""
        return sum(len(word.split()) for word in (self.head, *(word for _, word in self._steps)))

    def fits(self, line: str) -> bool:
        """Return whether a folded line is one of these."""
        if not self.names:
            return line == self.head
        end = len(line) - len(self.tail)
        place = len(self.head)
        if place > end or not (line.startswith(self.head) and line.endswith(self.tail)):
            return False
        for gap, literal in self._steps[:-1]:
            found = line.find(literal, place, end)
            if found < 0 or not gap.fits(line[place:found]):
                return False
            place = found + len(literal)
        return self._steps[-1][0].fits(line[place:end])


class _Kind:
    """All entries of one kind."""

    def __init__(self, texts: Iterable[str], trimmed: str = "") -> None:
        self.entries = [Entry(text.strip().strip(trimmed)) for text in texts]
        self._whole = frozenset(entry.head for entry in self.entries if not entry.names)
        varying = (entry for entry in self.entries if entry.names)
        self._open = sorted(varying, key=lambda entry: not entry.head)
        self._heads = tuple({entry.head for entry in self._open})
        self.tails = tuple({entry.tail for entry in self._open})
        self._looks = 0

    def begin(self) -> None:
        """Start with a new text."""
        self._looks = 0

    def entry(self, line: str) -> Entry | None:
        """Return the entry that a folded line fits."""
        if line in self._whole:
            return next(entry for entry in self.entries if entry.head == line)
        if not self._open or not (line.startswith(self._heads) and line.endswith(self.tails)):
            return None
        self._looks += 1
        if self._looks > LOOKS_MAX:
            return None
        return next((entry for entry in self._open if entry.fits(line)), None)


class Phrasebook:
    """An operator's entries, ready to be compared."""

    def __init__(self, phrases: Phrases) -> None:
        """Take the entries as they stand in the file."""
        self._is_empty = phrases == NO_PHRASES
        self._attributions = _Kind(phrases.attributions, _EMPHASIS)
        self._originals = _Kind(phrases.originals, _DRAWN)
        self._forwards = _Kind(phrases.forwards, _DRAWN)
        self._histories = _Kind(phrases.histories, _DRAWN)
        self._signatures = _Kind(phrases.signatures, _SIGNED)
        self._farewells = frozenset(_folded(text).strip(_FAREWELL) for text in phrases.farewells)
        self._above = tuple(_folded(text) for text in phrases.reply_above)
        named = {
            Field.FROM: phrases.header_from,
            Field.DATE: phrases.header_date,
            Field.TO: phrases.header_to,
            Field.CC: phrases.header_cc,
            Field.SUBJECT: phrases.header_subject,
            Field.OTHER: phrases.header_other,
        }
        self._names = {_folded(n): _LIKE[field] for field, names in named.items() for n in names}

    def translated(self, lines: list[str]) -> list[str]:
        """Return cleaned lines with the operator's words said in English, line by line."""
        if self._is_empty:
            return lines
        kinds = (self._originals, self._forwards, self._histories, self._signatures)
        for kind in (*kinds, self._attributions):
            kind.begin()
        told = [self._line(line) for line in lines]
        self._attribute(told)
        return told

    def _line(self, line: str) -> str:
        if not line or len(line) > MARK_LENGTH_MAX or is_quoted(line):
            return line
        folded = _folded(line)
        return (
            self._named(line)
            or self._divided(line, folded.strip(_DRAWN))
            or self._closed(line, folded)
            or line
        )

    def _named(self, line: str) -> str:
        """Return a line of a quoted header under its English name; empty when it is none."""
        name, colon, value = line[:_NAME_MAX].replace("：", ":").partition(":")
        like = self._names.get(_folded(name.strip("*_ \t"))) if self._names else None
        if like is None or not (colon or len(line) <= _NAME_MAX):
            return ""
        return f"{like}{colon}{value}{line[_NAME_MAX:]}"

    def _divided(self, line: str, bare: str) -> str:
        if self._originals.entry(bare):
            return "-----Original Message-----" if is_drawn(line) else "Original Message"
        if self._forwards.entry(bare):
            if is_drawn(line):
                return "---------- Forwarded message ---------"
            return "Begin forwarded message:" if line.endswith((":", "：")) else ""
        if self._histories.entry(bare):
            return "Previous replies"
        return "Reply above this line" if any(text in bare for text in self._above) else ""

    def _closed(self, line: str, folded: str) -> str:
        """Return a line that begins a signature in English; empty when it is none."""
        entry = self._signatures.entry(folded.strip(_SIGNED))
        if entry and len(folded.split()) <= entry.words + _SIGNATURE_WORDS_MAX:
            return "Sent from my iPhone"
        if folded.rstrip(_FAREWELL) in self._farewells:
            return "Best regards,"
        farewell, comma, name = line.partition(",")
        if comma and _folded(farewell).strip() in self._farewells:
            return f"Best regards,{name}"
        return ""

    def _attribute(self, lines: list[str]) -> None:
        """Put an English attribution in the place of each that an entry fits."""
        endings = tuple({"".join(tail.split()[-1:]) for tail in self._attributions.tails})
        for end, line in enumerate(lines) if endings else ():
            if not line or len(line) > MARK_LENGTH_MAX:
                continue
            if _folded(line.strip(_EMPHASIS)).endswith(endings):
                start, entry = self._attribution(lines, end)
                if entry is not None:
                    lines[start : end + 1] = _like(entry, end + 1 - start)

    def _attribution(self, lines: list[str], end: int) -> tuple[int, Entry | None]:
        """Return the first line and the entry of the attribution that ends here.

        The nearest first line counts, but a later one whose entry says how it begins is surer.
        """
        candidate = ""
        nearest: tuple[int, Entry | None] = (end, None)
        for start in range(end, max(-1, end - ATTRIBUTION_LINES_MAX), -1):
            line = lines[start]
            candidate = _folded(f"{line.strip(_EMPHASIS)} {candidate}")
            if not line or is_quoted(line) or len(candidate) > MARK_LENGTH_MAX:
                break
            entry = self._attributions.entry(candidate)
            if entry is not None and entry.head:
                return start, entry
            if entry is not None and nearest[1] is None:
                nearest = start, entry
        return nearest


@lru_cache(maxsize=4)
def phrasebook(phrases: Phrases) -> Phrasebook:
    """Return the book of these entries; it is made once."""
    return Phrasebook(phrases)


def _gap(names: list[str]) -> _Gap:
    return _Gap(is_dated="DATE" in names, has_address="ADDRESS" in names)


def _like(entry: Entry, count: int) -> list[str]:
    """Return an attribution of so many lines in English that is as sure as the operator's."""
    name = "Q <q@q.example>" if "ADDRESS" in entry.names else "Q"
    first = f"On Thu, 1 Jan 2026 at 10:00, {name}" if "DATE" in entry.names else name
    if count == 1:
        return [f"{first} wrote:"]
    return [first, *("q",) * (count - 2), "wrote:"]


def _space(signs: re.Match[str]) -> str:
    return " " * (" " in signs[0])


def _folded(text: str) -> str:
    """Return text as it is compared: without capitals, dotted i or runs of spaces."""
    return " ".join(_lowered(text).split())


def _lowered(text: str) -> str:
    return text.casefold().replace("i\u0307", "i")


_PLACEHOLDER = re.compile(r"(?<![A-Za-z])(DATE|NAME|ADDRESS|ANY)(?![A-Za-z])")
_SIGNS = " -–—_*<>()[],.;\"'“”„«»"
_SIGNS_BEHIND = re.compile(r"[^\w]+$")
_SIGNS_BEFORE = re.compile(r"^[^\w]+(?=\w)")
_EMPHASIS = "*_ "
_DRAWN = "-_=—–―*#> :：[]\t"
_SIGNED = "*_.[]<>()- "
_FAREWELL = ",.!;:- "
_NAME_MAX = 34
_SIGNATURE_WORDS_MAX = 4
"""How many words may stand for the placeholders of a signature; more are a sentence."""
_LIKE = {
    Field.FROM: "From",
    Field.DATE: "Sent",
    Field.TO: "To",
    Field.CC: "Cc",
    Field.SUBJECT: "Subject",
    Field.OTHER: "Reply-To",
}
