"""A moment as agents write it, in four languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.calendar import Calendar, Span
from maild.core.moment import AHEAD_MAX, Unfit, hours_of, read, shown

BERLIN = Calendar(
    name="office",
    zone="Europe/Berlin",
    hours=(*((Span(start=8 * 60, end=17 * 60),),) * 5, (), ()),
)
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
"""A Friday, half past eleven in Berlin."""

FORMS = [
    ("tomorrow", "2026-11-23 08:00"),
    ("Tomorrow 9:15", "2026-11-21 09:15"),
    ("until monday 9:00", "2026-11-23 09:00"),
    ("next friday", "2026-11-27 08:00"),
    ("wed at 3 pm", "2026-11-25 15:00"),
    ("day after tomorrow at 12am", "2026-11-22 00:00"),
    ("bis Montag 9 Uhr", "2026-11-23 09:00"),
    ("morgen um 15 Uhr", "2026-11-21 15:00"),
    ("übermorgen", "2026-11-23 08:00"),
    ("in 3 Tagen", "2026-11-23 08:00"),
    ("heute 17:30", "2026-11-20 17:30"),
    ("jusqu’à lundi", "2026-11-23 08:00"),
    ("demain à 15h30", "2026-11-21 15:30"),
    ("après-demain 9h", "2026-11-22 09:00"),
    ("dans 2 heures", "2026-11-20 13:30"),
    ("hasta el miércoles", "2026-11-25 08:00"),
    ("mañana a las 10", "2026-11-21 10:00"),
    ("pasado mañana", "2026-11-23 08:00"),
    ("2 semanas", "2026-12-04 08:00"),
    ("3d", "2026-11-23 08:00"),
    ("4d", "2026-11-24 08:00"),
    ("4h", "2026-11-20 15:30"),
    ("30 min", "2026-11-20 12:00"),
    ("2w", "2026-12-04 08:00"),
    ("15:00", "2026-11-20 15:00"),
    ("10:00", "2026-11-21 10:00"),
    ("at 15h", "2026-11-20 15:00"),
    ("2026-11-24", "2026-11-24 08:00"),
    ("2026-11-24 15:00", "2026-11-24 15:00"),
    ("2026-11-24T15:00Z", "2026-11-24 16:00"),
    ("2026-11-24T15:00+01:00", "2026-11-24 15:00"),
    ("24.11.", "2026-11-24 08:00"),
    ("24.11.2026, 15:00", "2026-11-24 15:00"),
    ("1.3.", "2027-03-01 08:00"),
    ("24/11/2026", "2026-11-24 08:00"),
]


@pytest.mark.parametrize(("text", "local"), FORMS)
def test_moments_are_read_as_people_write_them(text: str, local: str) -> None:
    found = read(text, NOW, BERLIN)

    assert not isinstance(found, Unfit)
    assert shown(found, BERLIN) == f"{local} Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("tomorow", "tomorrow"),
        ("mondy 9:00", "monday 9:00"),
        ("lnudi", "lundi"),
        ("whenever", "2026-11-23 08:00"),
        ("", "2026-11-23 08:00"),
        ("2026-11-19", "2026-11-23 08:00"),
        ("today", "2026-11-23 08:00"),
        ("0h", "2026-11-23 08:00"),
        ("04/05/2027", "2026-11-23 08:00"),
        ("2026-02-31", "2026-11-23 08:00"),
        ("2026-11-24 25:00", "2026-11-23 08:00"),
        ("15", "2026-11-23 08:00"),
        ("9999-12-31 23:59", "2027-11-21 11:30"),
        ("99w", "2027-11-21 11:30"),
        ("9999w", "2027-11-21 11:30"),
        ("tomorrow " * 50, "2026-11-23 08:00"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_form_that_can(text: str, nearest: str) -> None:
    assert read(text, NOW, BERLIN) == Unfit(nearest=nearest)


def test_without_working_hours_a_day_begins_at_nine_in_utc() -> None:
    found = read("tomorrow", NOW, None)

    assert found == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert isinstance(found, datetime)
    assert shown(found, None) == "2026-11-21 09:00 UTC"


def test_who_works_around_the_clock_is_not_called_at_midnight() -> None:
    always = Calendar(name="always", zone="UTC", hours=((Span(start=0, end=1440),),) * 7)

    assert read("saturday", NOW, always) == datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_is_an_hour_later() -> None:
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)

    found = read("2026-03-29 02:30", spring, BERLIN)

    assert isinstance(found, datetime)
    assert shown(found, BERLIN) == "2026-03-29 03:30 Europe/Berlin"


def test_of_a_time_that_the_clocks_repeat_the_first_is_meant() -> None:
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert read("2026-10-25 02:30", autumn, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_hours_of_an_agent_are_those_they_name_else_the_first_of_the_house() -> None:
    other = Calendar(name="other")

    assert hours_of("other", (BERLIN, other)) is other
    assert hours_of("", (BERLIN, other)) is BERLIN
    assert hours_of("office", ()) is None


WORDS = st.sampled_from(
    [*" ".join(text for text, _ in FORMS).split(), "99999", "-", "#", "24:00", "à", "٣d", "³h"]
)


@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=5).map(" ".join)))
def test_whatever_is_written_is_a_moment_within_a_year_or_refused(text: str) -> None:
    found = read(text, NOW, BERLIN)

    if isinstance(found, Unfit):
        again = read(found.nearest, NOW, BERLIN)
        assert isinstance(again, datetime)
    else:
        assert NOW < found <= NOW + AHEAD_MAX
        assert found.tzinfo is UTC


@given(
    st.integers(min_value=1, max_value=365 * 24 * 60),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_a_date_and_time_is_that_wall_clock_unless_the_clocks_skip_it(
    minutes: int, zone: str
) -> None:
    hours = Calendar(name="there", zone=zone)
    at = NOW + timedelta(minutes=minutes)
    written = at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")

    found = read(written, NOW, hours)

    assert isinstance(found, datetime)
    assert shown(found, hours) == f"{written} {zone}"
    assert at - timedelta(hours=1) <= found <= at
