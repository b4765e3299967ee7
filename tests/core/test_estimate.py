"""Middle values and intervals, against the standard library and the books."""

from __future__ import annotations

import math
from statistics import fmean, median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core import estimate

TIMES = st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=200)
COUNTS = st.tuples(*[st.integers(min_value=0, max_value=10_000)] * 3).filter(any)


@given(TIMES)
def test_the_median_and_the_ninth_tenth_are_those_of_the_standard_library(
    values: list[float],
) -> None:
    ordered = sorted(values)

    assert estimate.mean(values) == fmean(values)
    assert estimate.quantile(ordered, 0.5) == pytest.approx(median(values))
    if len(values) > 1:
        tenths = quantiles(values, n=10, method="inclusive")
        assert estimate.quantile(ordered, 0.9) == pytest.approx(tenths[8])


@given(TIMES, st.floats(min_value=0, max_value=1))
def test_a_quantile_lies_among_the_values_and_rises_with_its_share(
    values: list[float], share: float
) -> None:
    ordered = sorted(values)

    found = estimate.quantile(ordered, share)

    assert found is not None
    assert ordered[0] <= found <= ordered[-1] or math.isclose(found, ordered[-1])
    assert estimate.quantile(ordered, 0) == ordered[0]
    assert estimate.quantile(ordered, 1) == ordered[-1]


@given(st.integers(min_value=1, max_value=10_000), st.data())
def test_an_interval_holds_its_share_and_stays_within_none_and_all(
    n: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(min_value=0, max_value=n))

    interval = estimate.wilson(hits, n)

    assert interval is not None
    low, high = interval
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high


@given(st.integers(min_value=1, max_value=1000), st.data())
def test_more_of_the_same_narrows_the_interval(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(min_value=0, max_value=n))

    few, many = estimate.wilson(hits, n), estimate.wilson(hits * 10, n * 10)

    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]


def test_the_interval_is_the_one_that_the_books_give() -> None:
    found = estimate.wilson(8, 10)

    assert found == pytest.approx((0.4902, 0.9433), abs=5e-4)
    assert estimate.wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=5e-4)


@given(COUNTS)
def test_the_interval_of_a_score_holds_it(counts: tuple[int, int, int]) -> None:
    promoters, passives, detractors = counts

    interval = estimate.net(promoters, passives, detractors)

    assert interval is not None
    score = 100 * (promoters - detractors) / sum(counts)
    assert -100 <= interval[0] <= score + 1e-9
    assert score - 1e-9 <= interval[1] <= 100


def test_a_score_of_few_is_told_to_be_uncertain() -> None:
    few, many = estimate.net(3, 1, 1), estimate.net(300, 100, 100)

    assert few is not None
    assert many is not None
    assert few[1] - few[0] > 100
    assert many == pytest.approx((33.0, 47.0), abs=1.0)


def test_of_nothing_nothing_is_told() -> None:
    assert estimate.mean([]) is None
    assert estimate.quantile([], 0.5) is None
    assert estimate.wilson(0, 0) is None
    assert estimate.net(0, 0, 0) is None
