"""Tests of the verdict on growth: known series, with noise as memory has it."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from tests.soak.trend import Verdict, trend

LOOK_SECONDS, MEAN, ROUGHNESS, MEMORY = 2, 120.0, 3.0, 0.97
"""Each look resembles the one before, and a value strays from the mean by some MB."""
SERIES = 20


def looks(
    seed: int, minutes: float, *, per_hour: float = 0.0, fills: float = 0.0
) -> list[tuple[float, float]]:
    """Return what a process could need: `fills` MB are those of caches, full after half an hour."""
    chance, stray, found = random.Random(seed), 0.0, []
    for second in range(600, 600 + int(minutes * 60), LOOK_SECONDS):
        stray = MEMORY * stray + chance.gauss(0, ROUGHNESS * math.sqrt(1 - MEMORY**2))
        grown = per_hour * second / 3600 + fills * (1 - math.exp(-second / 600))
        found.append((float(second), MEAN + grown + stray))
    return found


def verdicts(minutes: float, *, per_hour: float = 0.0, fills: float = 0.0) -> Counter[Verdict]:
    """Return what is said of many series that differ by chance only."""
    lines = (trend(looks(n, minutes, per_hour=per_hour, fills=fills)) for n in range(SERIES))
    return Counter(line.verdict for line in lines if line)


@pytest.mark.parametrize("per_hour", [0.0, 1.0, -1.0])
def test_hours_without_growth_worth_the_name_are_flat(per_hour: float) -> None:
    assert verdicts(240, per_hour=per_hour)[Verdict.FLAT] >= 0.9 * SERIES


def test_caches_that_are_full_soon_do_not_count_as_growth() -> None:
    assert verdicts(240, fills=30)[Verdict.FLAT] >= 0.9 * SERIES


@pytest.mark.parametrize("per_hour", [10.0, -10.0])
def test_what_grows_or_shrinks_for_hours_is_not_flat(per_hour: float) -> None:
    assert verdicts(120, per_hour=per_hour) == {Verdict.NOT_FLAT: SERIES}


def test_noise_alone_is_hardly_ever_called_growth() -> None:
    assert verdicts(45)[Verdict.NOT_FLAT] <= 0.1 * SERIES


@pytest.mark.parametrize("per_hour", [0.0, 142.0])
def test_minutes_are_too_short_to_tell_whatever_they_show(per_hour: float) -> None:
    assert verdicts(4, per_hour=per_hour) == {Verdict.TOO_SHORT: SERIES}
    assert verdicts(29, per_hour=per_hour) == {Verdict.TOO_SHORT: SERIES}


def test_the_range_holds_the_true_slope_nineteen_times_in_twenty() -> None:
    lines = [line for n in range(200) if (line := trend(looks(n, 60, per_hour=5)))]

    held = [line for line in lines if abs(line.per_hour - 5) <= line.error]

    assert 0.9 * len(lines) <= len(held) < len(lines)


def test_what_never_changes_is_flat_and_a_straight_line_is_known_exactly() -> None:
    still = trend([(float(second), 26.0) for second in range(0, 7200, 2)])
    straight = trend([(float(second), 100 + second / 360) for second in range(0, 7200, 2)])

    assert still
    assert (still.per_hour, still.error, still.verdict) == (0.0, 0.0, Verdict.FLAT)
    assert straight
    assert straight.per_hour == pytest.approx(10)
    assert straight.error == pytest.approx(0, abs=1e-6)
    assert straight.verdict is Verdict.NOT_FLAT


def test_less_than_three_minutes_make_no_line() -> None:
    assert trend([(0.0, 1.0), (119.0, 2.0)]) is None
    assert trend([]) is None
