"""When a mail that could not be handed over is tried again, and when we stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maild.core.backoff import is_stale_notice, next_try

FIRST = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 1), (1, 1), (2, 5), (3, 15), (4, 60), (5, 60), (100, 60)]
)
def test_it_is_tried_soon_at_first_and_then_hourly(attempts: int, minutes: int) -> None:
    assert next_try(attempts, FIRST, FIRST) == FIRST + timedelta(minutes=minutes)


def test_the_last_try_falls_five_days_after_the_first() -> None:
    end = FIRST + timedelta(days=5)

    assert next_try(120, FIRST, end - timedelta(minutes=10)) == end
    assert next_try(121, FIRST, end) is None
    assert next_try(121, FIRST, end + timedelta(days=1)) is None


def test_a_relay_that_never_answers_is_tried_about_a_hundred_times() -> None:
    now, attempts = FIRST, 0

    following: datetime | None = FIRST
    while following is not None:
        now, attempts = following, attempts + 1
        following = next_try(attempts, FIRST, now, name="7")

    assert 105 <= attempts <= 125
    assert now == FIRST + timedelta(days=5)


def test_names_spread_the_tries_by_up_to_a_tenth_and_for_ever_alike() -> None:
    waits = {next_try(4, FIRST, FIRST, name=str(n)) for n in range(50)}

    assert len(waits) == 50
    assert all(wait is not None for wait in waits)
    assert min(w for w in waits if w) >= FIRST + timedelta(minutes=60)
    assert max(w for w in waits if w) <= FIRST + timedelta(minutes=66)
    assert next_try(4, FIRST, FIRST, name="7") in waits


def test_the_agent_is_told_once_after_four_hours() -> None:
    late = FIRST + timedelta(hours=4)

    assert not is_stale_notice(FIRST, late - timedelta(seconds=1), told=False)
    assert is_stale_notice(FIRST, late, told=False)
    assert not is_stale_notice(FIRST, late, told=True)
