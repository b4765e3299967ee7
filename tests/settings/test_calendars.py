"""Calendars as operators write them: nights, holidays by code, days without hours of their own."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from maild import settings
from maild.core.calendar import Calendar, Span
from maild.settings import holidaydates, units

_MAILD = '[maild]\nname = "Support"\ndomain = "example.com"\n'


def _calendar(folder: Path, text: str) -> Calendar:
    (folder / "config.toml").write_text(f"{_MAILD}[[calendar]]\nname = 'c'\n{text}\n")
    [made] = settings.load(folder / "config.toml", environ={}).calendars
    return made


def test_hours_after_midnight_are_hours_of_the_next_day(tmp_path: Path) -> None:
    made = _calendar(tmp_path, 'hours = { sun = "09:00-12:00,22:00-06:00", mon = "08:00-00:00" }')

    assert made.hours[6] == (Span(start=540, end=720), Span(start=1320, end=1440))
    assert made.hours[0] == (Span(start=0, end=360), Span(start=480, end=1440))
    assert made.hours[1] == ()
    assert made.week_seconds == (3 + 2 + 6 + 16) * 3600


def test_a_night_may_end_when_the_day_begins() -> None:
    assert units.crowded_days({"fri": "22:00-06:00", "sat": "06:00-07:00"}) == ()
    assert units.crowded_days({"fri": "22:00-06:01", "sat": "06:00-07:00"}) == ("sat",)
    assert units.crowded_days({"sun": "22:00-06:01", "mon": "06:00-07:00"}) == ("mon",)


def test_holidays_are_those_of_the_region(tmp_path: Path) -> None:
    made = _calendar(tmp_path, 'hours.mon = "09:00-17:00"\nholidays = "DE-BE"')

    assert date(2026, 3, 8) in made.holidays_of(2026)
    assert date(2026, 3, 8) not in holidaydates.of_region("DE-BY")(2026)
    assert date(2027, 3, 26) in made.holidays_of(2027)
    assert all(day.year == 2026 for day in made.holidays_of(2026))


def test_the_same_calendar_read_twice_is_equal(tmp_path: Path) -> None:
    text = 'hours.mon = "09:00-17:00"\nholidays = "FR"'

    assert _calendar(tmp_path, text) == _calendar(tmp_path, text)
    assert hash(_calendar(tmp_path, text)) == hash(_calendar(tmp_path, text))


@pytest.mark.parametrize("region", ["DE", "US-CA", "GB-SCT", "FR", "ES-MD", "AU-NSW", "IN", "CN"])
def test_far_years_have_some_holidays_or_none_but_never_fail(region: str) -> None:
    assert holidaydates.wrong_region(region) == ""

    for year in (2, 1949, 1950, 2026, 2060, 2200, 2201, 9998):
        assert all(day.year == year for day in holidaydates.of_region(region)(year))


@pytest.mark.parametrize(
    ("region", "words"),
    [("XX", "'XX'"), ("DE-ZZ", "known are BB, BE"), ("VA-XX", "write the country alone")],
)
def test_an_unknown_region_is_told(region: str, words: str) -> None:
    assert words in holidaydates.wrong_region(region)


def test_years_without_told_dates_warn_nobody() -> None:
    code = "from maild.settings import holidaydates as h; print(len(h.of_region('IN')(2050)) > 0)"

    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )

    assert (told.stdout, told.stderr) == ("True\n", "")
