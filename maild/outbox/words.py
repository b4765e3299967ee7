"""The small words of a language: months, states, sizes; one `words.toml` for each language.

Strategy: a table of words in a file instead of a library for locales, so that an operator can
overlay a word or add a language by adding a folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from datetime import date as Day  # noqa: N812 - a field is called date
from enum import StrEnum
from zoneinfo import ZoneInfo

from maild.core.agenda import Kind
from maild.core.commandtable import Word
from maild.core.ticket import PostKind, Priority, State
from maild.core.told import Done
from maild.core.weekly import Chosen
from maild.errors import ConfigError, Problem


class Age(StrEnum):
    """How long ago something was, in words."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


_MONTHS = 12
_TEXTS = (
    "date",
    "local_date",
    "day",
    "short_day",
    "percent",
    "first_day",
    "decimal",
    "delimiter",
    "via",
    "no_subject",
    "shortened",
    "nobody",
)
_TABLES: Mapping[str, type[StrEnum]] = {
    "state": State,
    "priority": Priority,
    "kind": PostKind,
    "age": Age,
    "command": Word,
    "done": Done,
    "due": Kind,
    "figure": Chosen,
}
"""Tables of words, and whose values they need."""
_PLACES = ("day", "month", "number", "year", "hour", "minute", "zone")
_UNIT = 1000
_DAYS_MIN = 2
"""Below it nothing is counted: there are words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What `words.toml` says."""

    language: str
    months: tuple[str, ...]
    units: tuple[str, ...]
    """Bytes, kilobytes, megabytes."""
    date: str
    """Pattern with `{day} {month} {number} {year} {hour} {minute}`."""
    local_date: str
    """The same for the reader's own time, with `{zone}`."""
    day: str
    """A day without a time; the same places as `date`."""
    short_day: str
    """The same in a few characters."""
    percent: str
    """Pattern with `{n}`."""
    first_day: str
    """The first of a month where it is written in its own way (French: 1er); else empty."""
    decimal: str
    """What stands between the digits of 1.5."""
    delimiter: str
    """The line above which the reader is asked to answer."""
    via: str
    """Pattern with `{name} {mailbox}`: a customer's name beside our address."""
    no_subject: str
    shortened: str
    """Stands where a text was cut."""
    nobody: str
    """In place of an assignee."""
    states: Mapping[str, str]
    priorities: Mapping[str, str]
    kinds: Mapping[str, str]
    """Who speaks in a post."""
    ages: Mapping[str, str]
    """How long ago something was; patterns with `{n}`, which is 2 or more."""
    commands: Mapping[str, str]
    """What each command of an agent does."""
    dues: Mapping[str, str]
    """What may be due, by `core.agenda.Kind`."""
    figures: Mapping[str, str]
    """What a report tells, by `core.weekly.Chosen`."""
    done: Mapping[str, str]
    """What was done, by `core.told.Done`; patterns with `{value}`."""

    def moment(self, at: datetime) -> str:
        """Return a time as people write it; in UTC, where a reader's zone is not known."""
        return self._written(self.date, at.astimezone(UTC), "UTC")

    def local_moment(self, at: datetime, zone: str) -> str:
        """Return a time as people write it, in a zone; empty means that it is not known."""
        if not zone:
            return self.moment(at)
        return self._written(self.local_date, at.astimezone(ZoneInfo(zone)), zone)

    def day_of(self, day: Day) -> str:
        """Return a day as people write it."""
        return self._written(self.day, datetime.combine(day, time(), UTC), "")

    def short_day_of(self, day: Day) -> str:
        """Return a day as it stands below a bar."""
        return self._written(self.short_day, datetime.combine(day, time(), UTC), "")

    def _written(self, pattern: str, at: datetime, zone: str) -> str:
        return pattern.format(
            day=self.first_day if at.day == 1 and self.first_day else at.day,
            month=self.months[at.month - 1],
            number=f"{at.month:02}",
            year=at.year,
            hour=f"{at.hour:02}",
            minute=f"{at.minute:02}",
            zone=zone,
        )

    def moment_of(self, rfc3339: str) -> str:
        """Return the same for a written time; what is not one is returned as it stands."""
        try:
            return self.moment(datetime.fromisoformat(rfc3339))
        except ValueError:
            return rfc3339

    def age(self, days: int) -> str:
        """Return how long ago something was: `yesterday`, `3 days ago`, `5 months ago`."""
        if days < _DAYS_MIN:
            return self.ages[Age.YESTERDAY if days == 1 else Age.TODAY]
        for word, length in ((Age.YEARS, 365), (Age.MONTHS, 30), (Age.DAYS, 1)):
            if days >= _DAYS_MIN * length:
                return self.ages[word].format(n=days // length)
        return self.ages[Age.DAYS].format(n=days)

    def size(self, count: int) -> str:
        """Return a number of bytes as people write it: `340 KB`, `1.5 MB`."""
        if count < _UNIT:
            return f"{count} {self.units[0]}"
        if count < _UNIT**2:
            return f"{round(count / _UNIT)} {self.units[1]}"
        return f"{count / _UNIT**2:.1f}".replace(".", self.decimal) + f" {self.units[2]}"


def read(text: str, *, language: str, file: str) -> Words:
    """Read a `words.toml`; ConfigError with every problem, the file named."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((Problem(file=file, line=0, text=str(error)),)) from error
    problems = _problems(data)
    if problems:
        raise ConfigError(tuple(Problem(file=file, line=0, text=one) for one in problems))
    return Words(
        language=language,
        months=tuple(data["months"]),
        units=tuple(data["units"]),
        states=data["state"],
        priorities=data["priority"],
        kinds=data["kind"],
        ages=data["age"],
        commands=data["command"],
        done=data["done"],
        dues=data["due"],
        figures=data["figure"],
        **{name: data[name] for name in _TEXTS},
    )


def _problems(data: Mapping[str, object]) -> list[str]:
    """Tell what is missing or of the wrong shape."""
    problems = [
        f"`{name}` must be a text" for name in _TEXTS if not isinstance(data.get(name), str)
    ]
    for name, count in (("months", _MONTHS), ("units", 3)):
        found = data.get(name)
        if not isinstance(found, list) or [type(one) for one in found] != [str] * count:
            problems.append(f"`{name}` must be a list of {count} texts")
    for name, members in _TABLES.items():
        table = data.get(name)
        known = table if isinstance(table, dict) else {}
        problems += [
            f"`[{name}]` lacks `{member.value}`"
            for member in members
            if not isinstance(known.get(member.value), str)
        ]
    problems += _bad_patterns(data)
    known_names = {*_TEXTS, "months", "units", *_TABLES}
    return problems + [f"`{name}` is not known" for name in data if name not in known_names]


def _bad_patterns(data: Mapping[str, object]) -> list[str]:
    """Try the patterns."""
    samples: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("date", dict.fromkeys(("day", "month", "number", "year", "hour", "minute"), "1")),
        ("local_date", dict.fromkeys(_PLACES, "1")),
        ("day", dict.fromkeys(_PLACES, "1")),
        ("short_day", dict.fromkeys(_PLACES, "1")),
        ("percent", {"n": "1"}),
        ("via", {"name": "A", "mailbox": "B"}),
    )
    patterns = [(name, data.get(name, ""), values) for name, values in samples]
    for table, filling in (("done", {"value": "1"}), ("age", {"n": "2"})):
        given = data.get(table)
        known = given if isinstance(given, dict) else {}
        patterns += [(f"{table}.{name}", text, filling) for name, text in known.items()]
    problems = []
    for name, text, values in patterns:
        try:
            str(text).format(**values)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            problems.append(f"`{name}` cannot be filled in: {error}")
    return problems
