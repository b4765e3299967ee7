"""Tests of what a soak measures: a process, and the lives of several."""

from __future__ import annotations

import os

from tests.soak.measure import WARM_SECONDS, Sample, lives, sample


def test_this_process_has_memory_and_descriptors() -> None:
    found = sample(os.getpid(), 1.0)

    assert found
    assert found.megabytes > 5
    assert found.descriptors > 2


def test_a_process_that_is_gone_has_none() -> None:
    assert sample(2**22 + 1, 1.0) is None


def test_each_life_is_measured_by_itself_once_it_is_warm() -> None:
    warm = WARM_SECONDS
    looks = [
        Sample(process_id=process, seconds=seconds, megabytes=9, descriptors=9)
        for process, seconds in (
            (1, 0),
            (1, warm - 1),
            (1, warm),
            (1, warm + 30),
            (2, 100),
            (2, 100 + warm),
        )
    ]

    assert [[one.seconds for one in life] for life in lives(looks)] == [
        [warm, warm + 30],
        [100 + warm],
    ]
