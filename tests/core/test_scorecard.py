"""Periods and their parts, in the zone of the reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from maild.core.scorecard import Span, Step, spans, week_of

SPRING = Span(
    start=datetime(2026, 3, 27, 23, tzinfo=UTC), end=datetime(2026, 4, 2, 22, tzinfo=UTC)
)


def test_a_week_begins_on_monday_where_the_reader_is() -> None:
    sunday = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    assert week_of(sunday).start == datetime(2026, 2, 23, tzinfo=UTC)
    assert week_of(sunday, "Europe/Berlin").start == datetime(2026, 3, 1, 23, tzinfo=UTC)


def test_a_day_on_which_the_clocks_change_is_shorter() -> None:
    days = spans(SPRING, Step.DAY, "Europe/Berlin")

    assert [day.end - day.start for day in days] == [
        timedelta(hours=hours) for hours in (24, 23, 24, 24, 24, 24)
    ]


def test_the_first_and_the_last_part_may_be_shorter() -> None:
    months = spans(SPRING, Step.MONTH)

    assert [(month.start, month.end) for month in months] == [
        (SPRING.start, datetime(2026, 4, 1, tzinfo=UTC)),
        (datetime(2026, 4, 1, tzinfo=UTC), SPRING.end),
    ]


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - in the zone beside
    st.timedeltas(timedelta(seconds=1), timedelta(days=800)),
    st.sampled_from(Step),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kolkata"]),
)
def test_parts_follow_each_other_and_are_the_whole(
    start: datetime, long: timedelta, step: Step, zone: str
) -> None:
    whole = Span(start=start, end=start + long)

    parts = spans(whole, step, zone)

    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert all(one.start < one.end for one in parts)
    assert all(one.end == other.start for one, other in pairwise(parts))
