"""The wall clock is believed as long as the machine's agrees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maild.core import steady
from maild.core.steady import Belief, Look

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def look(after: timedelta, ahead: timedelta = timedelta()) -> Look:
    """Both clocks some time after the start, the wall's so much ahead of where it should be."""
    return Look(wall=START + after + ahead, steady=DAY + after)


def after(*looks: Look) -> Belief:
    belief = steady.first(look(timedelta()), None)
    for one in looks:
        belief = steady.judged(belief, one)
    return belief


@pytest.mark.parametrize(
    ("looks", "is_trusted"),
    [
        ([look(MINUTE)], True),
        ([look(30 * DAY)], True),
        ([look(MINUTE, timedelta(seconds=90))], True),
        ([look(MINUTE, -2 * HOUR)], True),
        ([look(MINUTE, 3 * HOUR)], False),
        ([look(MINUTE, 3 * HOUR), look(2 * MINUTE, 3 * HOUR)], False),
        ([look(MINUTE, 3 * HOUR), look(12 * MINUTE, 3 * HOUR)], True),
        ([look(MINUTE, 3 * HOUR), look(2 * MINUTE)], True),
        ([look(MINUTE, 3650 * DAY), look(10 * DAY, 3650 * DAY)], False),
        ([look(MINUTE, 3650 * DAY), look(10 * DAY)], True),
        ([look(MINUTE, 2 * DAY), look(2 * MINUTE, 4 * DAY), look(3 * MINUTE, 2 * DAY)], False),
        ([look(MINUTE, 3 * HOUR), look(9 * MINUTE, 6 * HOUR), look(12 * MINUTE, 6 * HOUR)], False),
    ],
)
def test_only_a_leap_ahead_is_doubted_until_it_is_undone_or_has_stayed(
    looks: list[Look], *, is_trusted: bool
) -> None:
    assert after(*looks).is_trusted is is_trusted


def test_somebody_may_say_that_the_clock_is_right() -> None:
    doubted = after(look(MINUTE, 3650 * DAY))
    believed = steady.believed(doubted)

    assert believed.is_trusted
    assert steady.judged(believed, look(2 * MINUTE, 3650 * DAY)).is_trusted


def test_every_jump_is_told_and_slow_drift_is_none() -> None:
    belief = after(look(MINUTE))

    assert steady.moved(belief, look(2 * MINUTE, -2 * HOUR)) == -2 * HOUR
    assert steady.moved(belief, look(2 * MINUTE, 3 * HOUR)) == 3 * HOUR
    assert steady.moved(belief, look(2 * MINUTE, MINUTE)) == timedelta()
