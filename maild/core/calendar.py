"""When somebody works, and how much working time lies between two instants.

Working time is the real time during which the local wall clock is inside open hours: an hour that
the clocks skip is not worked, an hour that they repeat is worked twice. An instant exactly at
closing is closing, not the next morning.

Strategy: a year (of UTC) is laid out once as a list of open stretches, cut where the zone's offset
changes, with the time worked before each; every question is then a look into one or two such
lists. All inside is counted in whole microseconds since 1970, so nothing is ever rounded.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from maild.errors import NotAllowed

YEARS_MAX = 100
"""So far ahead a due time is looked for; [[sla]] targets are checked to be far nearer."""
WEEK_SECONDS = 7 * 86400
_YEAR_FIRST, _YEAR_LAST = 2, 9998
"""Beside these, local times leave the calendar that Python has."""
_DAY_SECONDS = 86400
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_YEARS_KEPT = 512

Holidays = Callable[[int], frozenset[date]]
"""The public holidays of a year; always the same answer for the same year."""


def no_holidays(_year: int) -> frozenset[date]:
    """Return the holidays of a place that has none."""
    return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Open hours of one day, in minutes after local midnight; `end` may be 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """A date that is worked whatever its weekday or the holidays say."""

    day: date
    spans: tuple[Span, ...] = ()
    """Empty means the hours of that weekday, or of the first weekday that has any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """`[[calendar]]`: when somebody works."""

    name: str
    zone: str = "UTC"
    hours: tuple[tuple[Span, ...], ...] = ((), (), (), (), (), (), ())
    """Seven entries, Monday first; spans of one day are in order and do not overlap."""
    holidays: str = ""
    """`COUNTRY` or `COUNTRY-REGION` in ISO 3166 codes; empty for none."""
    holidays_of: Holidays = no_holidays
    """The dates behind `holidays`."""
    closed: tuple[date, ...] = ()
    open: tuple[OpenDay, ...] = ()

    def __hash__(self) -> int:
        """Take what tells calendars of one house apart: it is asked at every look into a year."""
        return hash((self.name, self.zone))

    @property
    def week_seconds(self) -> int:
        """Working time of a week without exceptions and clock changes; 0 for one never open."""
        return sum(60 * (span.end - span.start) for day in self.hours for span in day)


AROUND_THE_CLOCK = Calendar(name="around the clock", hours=((Span(start=0, end=1440),),) * 7)


def due(calendar: Calendar, start: datetime, working_seconds: int) -> datetime:
    """Return the first instant (UTC) at which so much has been worked since `start` (aware).

    0 seconds are due at once, open or not. Raises NotAllowed as `due_after` does.
    """
    return _due(calendar, start, working_seconds * _SECOND)


def due_after(calendar: Calendar, start: datetime, working: timedelta) -> datetime:
    """Return the first instant (UTC) at which so much has been worked since `start` (aware).

    Raises NotAllowed when that is more than a hundred years away.
    """
    return _due(calendar, start, working // _MICROSECOND)


def working_seconds(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Return the whole seconds worked between two instants (aware); 0 when they are reversed."""
    return working_time(calendar, start, end) // timedelta(seconds=1)


def working_time(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return exactly what is worked between two instants (aware); nothing when they are reversed.

    Raises NotAllowed when they are more than a hundred years apart.
    """
    first, last = _microseconds(start), _microseconds(end)
    if last <= first:
        return timedelta()
    worked, final_year = 0, end.astimezone(UTC).year
    for year in _years(calendar, start):
        openings = _openings(calendar, year)
        worked += openings.worked_until(last) - openings.worked_until(first)
        if year == final_year:
            return timedelta(microseconds=worked)
    raise _too_far(calendar)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Tell whether an instant (aware) is worked: opening is, closing is not."""
    moment, year = _microseconds(at), _years(calendar, at)[0]
    openings = _openings(calendar, year)
    nth = bisect_right(openings.starts, moment) - 1
    return nth >= 0 and moment < openings.ends[nth]


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """Return the first instant (UTC) from `at` (aware) on that is worked, `at` itself included.

    Raises NotAllowed when there is none for a hundred years.
    """
    moment = _microseconds(at)
    for year in _years(calendar, at):
        openings = _openings(calendar, year)
        nth = bisect_right(openings.ends, moment)
        if nth < len(openings.ends):
            return _instant(max(moment, openings.starts[nth]))
    raise _too_far(calendar)


def openings(calendar: Calendar, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return the instants (UTC) from `start` to before `end` (aware) at which it opens.

    Hours that go on over midnight open once. NotAllowed outside the years that can be told.
    """
    first, last = _microseconds(start), _microseconds(end)
    found: list[datetime] = []
    for year in _years(calendar, start)[: end.year - start.year + 2]:
        starts = _openings(calendar, year).starts
        inside = starts[bisect_left(starts, first) : bisect_left(starts, last)]
        found += map(_instant, inside)
    return tuple(at for at in found if not is_open(calendar, at - _MICROSECOND))


def _due(calendar: Calendar, start: datetime, left: int) -> datetime:
    """Return the first instant at which so many microseconds have been worked."""
    moment = _microseconds(start)
    if left <= 0:
        return _instant(moment)
    for year in _years(calendar, start):
        openings = _openings(calendar, year)
        done = openings.worked_until(moment)
        if openings.total - done >= left:
            return _instant(openings.reached(done + left))
        left -= openings.total - done
    raise _too_far(calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Openings:
    """The open stretches of one year, in order and apart from each other."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    """What was worked in this year before each stretch."""
    total: int

    def worked_until(self, moment: int) -> int:
        """Return what was worked in this year before an instant, which may lie outside of it."""
        nth = bisect_right(self.starts, moment) - 1
        if nth < 0:
            return 0
        return self.before[nth] + min(moment, self.ends[nth]) - self.starts[nth]

    def reached(self, worked: int) -> int:
        """Return the first instant at which so much (1 to `total`) was worked in this year."""
        nth = bisect_left(self.before, worked) - 1
        return self.starts[nth] + worked - self.before[nth]


@lru_cache(maxsize=_YEARS_KEPT)
def _openings(calendar: Calendar, year: int) -> _Openings:
    """Lay out one year of UTC; stretches that touch become one."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _stretches(calendar, year):
        if ends and ends[-1] == start:
            ends[-1] = end
        else:
            starts.append(start)
            ends.append(end)
    before, total = [], 0
    for start, end in zip(starts, ends, strict=True):
        before.append(total)
        total += end - start
    return _Openings(starts=tuple(starts), ends=tuple(ends), before=tuple(before), total=total)


def _stretches(calendar: Calendar, year: int) -> Iterator[tuple[int, int]]:
    """Give the open hours of every local date, in order, cut where the offset changes."""
    opened = {day.day: day.spans or _usual(calendar, day.day) for day in calendar.open}
    closed = frozenset(calendar.closed)
    for begin, end, offset in _offsets(calendar.zone, year):
        first, last = (begin + offset) // _DAY_SECONDS, (end + offset - 1) // _DAY_SECONDS
        for number in range(first, last + 1):
            day = date.fromordinal(number + _EPOCH_ORDINAL)
            is_off = day in closed or day in calendar.holidays_of(day.year)
            usual = () if is_off else calendar.hours[day.weekday()]
            midnight = number * _DAY_SECONDS - offset
            for span in opened.get(day, usual):
                start = max(begin, midnight + span.start * 60)
                stop = min(end, midnight + span.end * 60)
                if start < stop:
                    yield start * _SECOND, stop * _SECOND


def _usual(calendar: Calendar, day: date) -> tuple[Span, ...]:
    """Return the hours of a date's weekday, or of the first weekday that has any."""
    return calendar.hours[day.weekday()] or next((spans for spans in calendar.hours if spans), ())


@lru_cache(maxsize=_YEARS_KEPT)
def _offsets(zone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """Return (begin, end, offset from UTC) of the parts of a year, in seconds since 1970.

    No zone ever changed its offset twice within a day, so that looking once a day finds all.
    """
    place = ZoneInfo(zone)
    begin, end = _year_start(year), _year_start(year + 1)
    parts, at, offset = [], begin, _offset(place, begin)
    while at < end:
        later = min(at + _DAY_SECONDS, end)
        if _offset(place, later) != offset:
            later = _change(place, at, later)
            parts.append((begin, later, offset))
            begin, offset = later, _offset(place, later)
        at = later
    if begin < end:
        parts.append((begin, end, offset))
    return tuple(parts)


def _change(place: ZoneInfo, at: int, later: int) -> int:
    """Return the first second after `at` that has the offset of `later`."""
    offset = _offset(place, at)
    return at + bisect_left(range(at, later), 1, key=lambda s: _offset(place, s) != offset)


def _offset(place: ZoneInfo, seconds: int) -> int:
    """Return the offset from UTC, in seconds, at an instant."""
    local = (_EPOCH + timedelta(seconds=seconds)).astimezone(place)
    return (local.utcoffset() or timedelta()) // timedelta(seconds=1)


def _year_start(year: int) -> int:
    """Return the first second of a year of UTC."""
    return (date(year, 1, 1).toordinal() - _EPOCH_ORDINAL) * _DAY_SECONDS


def _years(calendar: Calendar, start: datetime) -> range:
    """Return the years to look at, from that of `start` on."""
    year = start.astimezone(UTC).year
    if not _YEAR_FIRST <= year <= _YEAR_LAST:
        raise _too_far(calendar)
    return range(year, min(year + YEARS_MAX, _YEAR_LAST) + 1)


def _too_far(calendar: Calendar) -> NotAllowed:
    """Say that no answer is near enough."""
    words = f"is not open for long enough in the next {YEARS_MAX} years"
    return NotAllowed(f"calendar {calendar.name!r} {words}")


def _microseconds(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _instant(microseconds: int) -> datetime:
    """Return microseconds since 1970 as an instant."""
    return _EPOCH + timedelta(microseconds=microseconds)
