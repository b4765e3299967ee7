"""Working time: against a counter of single minutes, and at the instants where clocks jump."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from maild.core import calendar
from maild.core.calendar import (
    AROUND_THE_CLOCK,
    Calendar,
    Holidays,
    OpenDay,
    Span,
    due,
    due_after,
    is_open,
    next_opening,
    working_seconds,
    working_time,
)
from maild.errors import NotAllowed
from tests.faults.form import times

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "UTC",
    "Pacific/Apia",
)
COMPARED: Counter[str] = Counter()
"""Stretches of time that were compared, by zone."""
JUMPS = {
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "America/Sao_Paulo": ("2018-11-04T03:00", "2018-02-18T02:00"),
    "Asia/Kolkata": ("2026-03-29T01:00", "2026-12-31T18:30"),
    "UTC": ("2026-01-01T00:00", "2028-02-29T00:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2011-09-24T14:00"),
}
"""Instants (UTC) at which the local clock jumps, or a year or a month turns."""
MINUTE = timedelta(minutes=1)
DAYS = 3
SEEDS = st.integers(0, 10**9)
PARTS = st.integers(0, 10**12)
NINE_TO_FIVE = (Span(start=540, end=1020),)
NIGHT = (Span(start=0, end=360), Span(start=1320, end=1440))
ALL_DAY = (Span(start=0, end=1440),)
OFFICE = Calendar(name="office", zone="Europe/Berlin", hours=(*(NINE_TO_FIVE,) * 5, (), ()))


def at(text: str, zone: str = "UTC", *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@cache
def some_dates(days: frozenset[date], year: int) -> frozenset[date]:
    return frozenset(day for day in days if day.year == year)


def of_dates(*days: date) -> Holidays:
    return partial(some_dates, frozenset(days))


Place = tuple[Calendar, str, int]
"""A calendar, an instant at which its clock jumps, and minutes to go back from there."""


def place_of(seed: int) -> Place:
    """Make up a place; chosen by one number, since thousands are wanted."""
    chance = Random(seed)
    zone = chance.choice(ZONES)
    jump = chance.choice(JUMPS[zone])
    around = at(jump).astimezone(ZoneInfo(zone)).date()
    return calendar_of(chance, zone, around), jump, chance.randint(0, DAYS * 1440)


def calendar_of(chance: Random, zone: str, around: date) -> Calendar:
    """Make up a calendar with exceptions on the days around a date.

    Each has a name of its own, as in a house: a year that is laid out is looked up by it.
    """
    days = [around + timedelta(days=n) for n in range(-DAYS, DAYS + 1)]
    off, closed, opened = (chance.sample(days, chance.randint(0, 2)) for _ in range(3))
    return Calendar(
        name=str(chance.random()),
        zone=zone,
        hours=tuple(spans_of(chance) for _ in range(7)),
        holidays_of=of_dates(*off),
        closed=tuple(closed),
        open=tuple(
            OpenDay(day=day, spans=spans_of(chance)) for day in opened if day not in closed
        ),
    )


def spans_of(chance: Random) -> tuple[Span, ...]:
    """Make up to three spans of a day, often at hours in which clocks jump; they may touch."""
    usual = (0, 60, 90, 120, 150, 180, 540, 720, 780, 1020, 1380, 1440)
    count = chance.choice((0, 2, 2, 4, 4, 6))
    ends = sorted(chance.choice((chance.randint(0, 1440), *usual)) for _ in range(count))
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return tuple(Span(start=start, end=end) for start, end in pairs if start < end)


@cache
def wall_clock(zone: str, jump: str) -> tuple[tuple[date, int], ...]:
    """Read the wall clock (date, minute of the day) once a minute, three days before and after."""
    first, place = at(jump) - timedelta(days=DAYS), ZoneInfo(zone)
    local = ((first + n * MINUTE).astimezone(place) for n in range(2 * DAYS * 1440))
    return tuple((clock.date(), clock.hour * 60 + clock.minute) for clock in local)


def minutes(place: Place) -> list[bool]:
    """Tell of every minute of three days whether it is worked, by looking at the wall clock."""
    hours, jump, back = place
    first = DAYS * 1440 - back
    seen = wall_clock(hours.zone, jump)[first : first + DAYS * 1440]
    known = {
        day: {n for span in hours_of(hours, day) for n in range(span.start, span.end)}
        for day in {day for day, _ in seen}
    }
    return [minute in known[day] for day, minute in seen]


def begin_of(place: Place) -> datetime:
    return at(place[1]) - place[2] * MINUTE


def hours_of(hours: Calendar, day: date) -> tuple[Span, ...]:
    for opened in hours.open:
        if opened.day == day:
            usual = [hours.hours[day.weekday()], *hours.hours]
            return opened.spans or next((given for given in usual if given), ())
    if day in hours.closed or day in hours.holidays_of(day.year):
        return ()
    return hours.hours[day.weekday()]


def test_working_time_is_what_a_counter_of_minutes_counts(figures: Callable[..., None]) -> None:
    COMPARED.clear()

    _compared_with_a_counter()

    figures(stretches_of_time=sum(COMPARED.values()), zones=len(COMPARED), differing=0)
    assert len(COMPARED) == len(ZONES)


@settings(
    max_examples=times(750, 2000), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(seed=SEEDS, numbers=st.lists(st.integers(0, DAYS * 1440 - 1), min_size=6, max_size=12))
def _compared_with_a_counter(seed: int, numbers: list[int]) -> None:
    place = place_of(seed)
    hours, begin = place[0], begin_of(place)
    worked = minutes(place)

    for first, last in pairwise(sorted(numbers)):
        start, end = begin + first * MINUTE, begin + last * MINUTE
        counted = sum(worked[first:last])
        COMPARED[hours.zone] += 1
        assert working_seconds(hours, start, end) == 60 * counted
        assert is_open(hours, start) is worked[first]
        if counted:
            nth = [n for n in range(first, last) if worked[n]][-1]
            assert due(hours, start, 60 * counted) == begin + (nth + 1) * MINUTE
            assert due(hours, start, 60 * counted - 1) == begin + (nth + 1) * MINUTE - timedelta(
                seconds=1
            )
            assert next_opening(hours, start) == begin + MINUTE * worked.index(True, first)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS, parts=st.lists(PARTS, min_size=2, max_size=4), second=PARTS)
@example(seed=1, parts=[3600 * 10**6, 0, 1], second=0)
def test_time_may_be_worked_in_parts(seed: int, parts: list[int], second: int) -> None:
    place = place_of(seed)
    hours, begin = place[0], begin_of(place)
    if not hours.week_seconds:
        return
    start = begin + timedelta(microseconds=second)

    step = start
    for part in parts:
        later = due_after(hours, step, timedelta(microseconds=part))
        assert later >= step
        step = later

    assert step == due_after(hours, start, timedelta(microseconds=sum(parts)))
    assert working_time(hours, start, step) == timedelta(microseconds=sum(parts))


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2026-11-20T16:00", 3600, "2026-11-20T17:00"),
        ("2026-11-20T16:00", 3601, "2026-11-23T09:00:01"),
        ("2026-11-20T16:00", 0, "2026-11-20T16:00"),
        ("2026-11-21T12:00", 0, "2026-11-21T12:00"),
        ("2026-11-20T17:00", 1, "2026-11-23T09:00:01"),
        ("2026-11-20T17:00", 8 * 3600, "2026-11-23T17:00"),
        ("2026-11-20T16:59:59.5", 1, "2026-11-23T09:00:00.5"),
        ("2026-11-20T08:59:59", 1, "2026-11-20T09:00:01"),
        ("2026-11-20T09:00", 40 * 3600, "2026-11-26T17:00"),
    ],
)
def test_exactly_at_closing_is_closing(start: str, seconds: int, expected: str) -> None:
    found = due(OFFICE, at(start, "Europe/Berlin"), seconds)

    assert found == at(expected, "Europe/Berlin")
    assert found.tzinfo is UTC


def test_opening_is_open_and_closing_is_not() -> None:
    opening, closing = at("2026-11-20T08:00"), at("2026-11-20T16:00")
    instant = timedelta(microseconds=1)

    assert is_open(OFFICE, opening)
    assert is_open(OFFICE, closing - instant)
    assert not is_open(OFFICE, opening - instant)
    assert not is_open(OFFICE, closing)
    assert next_opening(OFFICE, opening - instant) == opening
    assert next_opening(OFFICE, closing) == at("2026-11-23T08:00")
    assert next_opening(OFFICE, closing - instant) == closing - instant


def test_a_shift_over_midnight_is_one() -> None:
    night = Calendar(name="night", zone="UTC", hours=(NIGHT,) * 7)

    assert due(night, at("2026-11-20T22:00"), 8 * 3600) == at("2026-11-21T06:00")
    assert due(night, at("2026-11-20T23:30"), 3600) == at("2026-11-21T00:30")
    assert due(night, at("2026-11-20T23:30"), 23460) == at("2026-11-21T22:01")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", ["2026-03-07T23:59:59", "2011-12-29T00:00", "2018-02-17T12:00"])
def test_around_the_clock_is_real_time(zone: str, start: str) -> None:
    hours = Calendar(name="always", zone=zone, hours=(ALL_DAY,) * 7)

    assert due(hours, at(start), 10 * 86400) == at(start) + timedelta(days=10)
    assert due(AROUND_THE_CLOCK, at(start), 10 * 86400) == at(start) + timedelta(days=10)


def test_an_hour_that_is_skipped_is_not_worked() -> None:
    early = Calendar(name="early", zone="Europe/Berlin", hours=((Span(start=60, end=240),),) * 7)

    assert working_seconds(early, at("2026-03-28T12:00"), at("2026-03-29T12:00")) == 2 * 3600
    assert due(early, at("2026-03-29T00:30"), 3600) == at("2026-03-29T01:30")


def test_an_hour_that_is_repeated_is_worked_twice() -> None:
    hours = Calendar(name="two", zone="Europe/Berlin", hours=((Span(start=120, end=150),),) * 7)
    begin, end = at("2026-10-24T22:00"), at("2026-10-25T22:00")

    assert working_seconds(hours, begin, end) == 3600
    assert due(hours, begin, 1800) == at("2026-10-25T00:30")
    assert due(hours, begin, 1801) == at("2026-10-25T01:00:01")
    assert is_open(hours, at("2026-10-25T02:15", "Europe/Berlin", fold=1))


def test_lord_howe_shifts_by_half_an_hour() -> None:
    hours = Calendar(
        name="lhi", zone="Australia/Lord_Howe", hours=((Span(start=60, end=180),),) * 7
    )
    spring, autumn = at("2026-10-03T12:00"), at("2026-04-04T12:00")

    assert working_seconds(hours, spring, spring + timedelta(days=1)) == 90 * 60
    assert working_seconds(hours, autumn, autumn + timedelta(days=1)) == 150 * 60


def test_a_date_that_a_zone_left_out_is_not_worked() -> None:
    samoa = Calendar(name="samoa", zone="Pacific/Apia", hours=(NINE_TO_FIVE,) * 7)
    thursday = at("2011-12-29T16:00", "Pacific/Apia")

    assert due(samoa, thursday, 2 * 3600) == at("2011-12-31T10:00", "Pacific/Apia")
    assert due(samoa, thursday, 2 * 3600) - thursday == timedelta(hours=18)


def test_a_date_that_a_zone_repeated_is_worked_twice() -> None:
    hours = Calendar(name="atoll", zone="Pacific/Kwajalein", hours=(NINE_TO_FIVE,) * 7)
    start = at("1969-09-30T00:00", "Pacific/Kwajalein")

    for a, b in pairwise(due(hours, start, n * 3600) for n in range(1, 40)):
        assert a < b
    assert working_seconds(hours, start, start + timedelta(days=4)) % 3600 == 0


def test_holidays_and_closures_are_off_and_an_open_day_is_worked_all_the_same() -> None:
    hours = Calendar(
        name="office",
        zone="Europe/Berlin",
        hours=(*(NINE_TO_FIVE,) * 4, (Span(start=540, end=720),), (), ()),
        holidays_of=of_dates(date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)),
        closed=(date(2026, 12, 24),),
        open=(
            OpenDay(day=date(2026, 12, 27)),
            OpenDay(day=date(2026, 12, 28), spans=(Span(start=600, end=660),)),
            OpenDay(day=date(2027, 1, 1)),
        ),
    )
    start = at("2026-12-23T16:00", "Europe/Berlin")

    assert due(hours, start, 2 * 3600) == at("2026-12-27T10:00", "Europe/Berlin")
    assert due(hours, start, 9 * 3600) == at("2026-12-27T17:00", "Europe/Berlin")
    assert due(hours, start, 10 * 3600) == at("2026-12-28T11:00", "Europe/Berlin")
    assert working_seconds(hours, at("2026-12-31T23:00"), at("2027-01-01T23:00")) == 3 * 3600


def test_the_far_future_follows_the_rules_of_the_zone() -> None:
    winter, summer = at("2150-01-05T08:00"), at("2150-07-06T07:00")

    assert due(OFFICE, winter, 60) == winter + MINUTE
    assert due(OFFICE, summer, 60) == summer + MINUTE
    assert due(OFFICE, at("2026-01-01T00:00"), 8 * 3600 * 261 * 10) > at("2035-12-01T00:00")


@pytest.mark.timeout(20)
def test_what_never_comes_is_refused_and_soon() -> None:
    never = Calendar(name="never")
    once = Calendar(name="once", open=(OpenDay(day=date(2027, 1, 1), spans=NINE_TO_FIVE),))
    now = at("2026-11-20T08:00")

    assert due(once, now, 3600) == at("2027-01-01T10:00")
    for impossible in (
        lambda: due(never, now, 1),
        lambda: next_opening(never, now),
        lambda: due(once, now, 9 * 3600),
        lambda: due(OFFICE, now, 10**9 * 86400),
        lambda: due(OFFICE, at("9999-12-31T23:59"), 60),
        lambda: due(OFFICE, at("9998-12-31T23:59"), 86400),
        lambda: due(OFFICE, at("0001-01-01T00:00"), 60),
        lambda: working_seconds(OFFICE, at("1990-01-01T00:00"), at("2990-01-01T00:00")),
    ):
        with pytest.raises(NotAllowed, match="next 100 years"):
            impossible()


def test_reversed_instants_have_no_time_between_them() -> None:
    assert working_seconds(OFFICE, at("2026-11-20T12:00"), at("2026-11-20T11:00")) == 0
    assert working_time(OFFICE, at("2026-11-20T12:00"), at("2026-11-20T12:00")) == timedelta()


def test_a_start_in_another_zone_is_the_same_instant() -> None:
    start = at("2026-11-20T10:00", "Asia/Kolkata")

    assert due(OFFICE, start, 3600) == due(OFFICE, start.astimezone(UTC), 3600)
    assert due(OFFICE, start, 3600) == at("2026-11-20T09:00")


def test_a_year_is_laid_out_once() -> None:
    calendar._openings.cache_clear()

    for n in range(200):
        due(OFFICE, at("2026-03-02T00:00") + n * timedelta(hours=7), 8 * 3600)

    assert calendar._openings.cache_info().misses == 1


def test_openings_are_those_after_which_nothing_was_open() -> None:
    """A lunch break opens twice; what goes on over midnight, or over New Year, opens once."""
    noon = (Span(start=540, end=720), Span(start=780, end=1020))
    lunch = Calendar(name="lunch", zone="Europe/Berlin", hours=(noon,) * 7)
    day, next_day = (
        at("2026-03-29T00:00", "Europe/Berlin"),
        at("2026-03-30T00:00", "Europe/Berlin"),
    )
    night = Calendar(
        name="night", hours=((Span(start=0, end=360), Span(start=1320, end=1440)),) * 7
    )

    found = calendar.openings(lunch, day, next_day)

    assert found == (at("2026-03-29T07:00"), at("2026-03-29T11:00"))
    assert calendar.openings(night, at("2025-12-31T00:00"), at("2026-01-01T23:00")) == (
        at("2025-12-31T22:00"),
        at("2026-01-01T22:00"),
    )
    assert calendar.openings(calendar.AROUND_THE_CLOCK, at("2025-12-31T00:00"), next_day) == ()
