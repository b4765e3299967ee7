"""Figures in words: a few characters for each, and bars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core import kpi, readout
from maild.core.kpi import Counted
from maild.core.measure import Line, Unit


def line(value: float | None, unit: Unit, low: float | None = None) -> Line:
    return Line(name="x", unit=unit, value=value, n=1, low=low, high=low and low + 0.5)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (59.4, "59s"),
        (60, "1m"),
        (3599, "1h 00m"),
        (3 * 3600 + 300, "3h 05m"),
        (24 * 3600 - 10, "1d 00h"),
        (52 * 3600, "2d 04h"),
    ],
)
def test_a_time_has_two_units_at_most(seconds: float, words: str) -> None:
    assert readout.duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.834, Unit.SHARE, "83.4%"),
        (1.0, Unit.SHARE, "100%"),
        (0.9999, Unit.SHARE, "100.0%"),
        (31.4, Unit.SCORE, "+31"),
        (-0.2, Unit.SCORE, "0"),
        (-12.0, Unit.SCORE, "-12"),
        (4.256, Unit.RATING, "4.26"),
        (1200, Unit.COUNT, "1200"),
        (None, Unit.SCORE, "–"),
    ],
)
def test_a_number_is_told_in_a_few_characters(value: float | None, unit: Unit, words: str) -> None:
    assert readout.value(line(value, unit)) == words


def test_an_interval_is_told_where_there_is_one() -> None:
    assert readout.interval(line(0.5, Unit.SHARE, low=0.25)) == "25.0% to 75.0%"
    assert readout.interval(line(0.5, Unit.SHARE)) == ""


def test_bars_grow_from_nothing_to_the_largest() -> None:
    assert readout.sparkline([0, 1, 2, 4]) == "▁▃▅█"
    assert readout.sparkline([None, 5, None]) == "·█·"
    assert readout.sparkline([-10, 0, 10]) == "▁▅█"
    assert readout.sparkline([0, 0]) == "▁▁"
    assert readout.sparkline([]) == ""


@given(st.lists(st.none() | st.floats(min_value=-1e6, max_value=1e6), max_size=60))
def test_every_value_has_one_bar(values: list[float | None]) -> None:
    bars = readout.sparkline(values)

    assert len(bars) == len(values)
    assert readout.is_bars(bars) == bool(values)


def test_every_figure_has_a_name_of_its_own() -> None:
    names = [readout.name(one.name) for one in kpi.lines(kpi.figures(Counted()))]

    assert len(set(names)) == len(names)
    assert not any("_" in name or "." in name for name in names)
    assert not readout.is_bars("volume")
