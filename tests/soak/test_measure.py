"""Tests of what a soak measures: a process, the lives of several, and the line through their samples."""

from __future__ import annotations

import os

import pytest

from tests.soak.measure import Sample, lives, sample, trend


def test_this_process_has_memory_and_descriptors() -> None:
    found = sample(os.getpid(), 1.0)

    assert found
    assert found.megabytes > 5
    assert found.descriptors > 2


def test_a_process_that_is_gone_has_none() -> None:
    assert sample(2**22 + 1, 1.0) is None


def test_each_life_is_measured_by_itself_once_it_is_warm() -> None:
    looks = [
        Sample(process_id=process, seconds=seconds, megabytes=9, descriptors=9)
        for process, seconds in ((1, 0), (1, 59), (1, 60), (1, 90), (2, 100), (2, 170))
    ]

    assert [[one.seconds for one in life] for life in lives(looks)] == [[60, 90], [170]]


@pytest.mark.parametrize(
    ("per_second", "is_flat"), [(0.0, True), (0.001, True), (0.1, False), (-0.1, False)]
)
def test_what_grows_is_not_flat(per_second: float, *, is_flat: bool) -> None:
    line = trend([(float(second), 100 + per_second * second) for second in range(600)])

    assert line
    assert line.per_hour == pytest.approx(per_second * 3600)
    assert line.is_flat is is_flat


def test_two_looks_make_no_line() -> None:
    assert trend([(0.0, 1.0), (1.0, 2.0)]) is None
