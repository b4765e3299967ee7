"""The clock that rings goes on when somebody sets the wall clock."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from functools import partial

import pytest

from maild import clock
from maild.clock import Clock
from tests.flows.stage import wait_for


def test_after_the_clock_was_set_back_every_interval_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "PULSE_SECONDS", 0.01)
    ringing = Clock()
    ringing.every(timedelta(hours=1), "bell", lambda: None)
    ringing.start()
    try:
        job = ringing._scheduler.get_job("bell")
        before = job.next_run_time
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() - 7200)

        wait_for(
            lambda: ringing._scheduler.get_job("bell").next_run_time > before,
            "the interval does not begin anew",
        )
    finally:
        ringing.stop()


def test_a_ring_that_fails_does_not_stop_the_clock() -> None:
    rings: list[int] = []
    ringing = Clock()

    def fail() -> None:
        rings.append(1)
        raise RuntimeError("a bug")

    ringing.every(timedelta(seconds=0.05), "bell", fail)
    ringing.start()
    try:
        wait_for(lambda: len(rings) > 1, "it rang once only")
    finally:
        ringing.stop()


def test_what_rings_alone_waits_for_no_ring_that_lasts() -> None:
    end = threading.Event()
    beats: list[int] = []
    lasting: list[int] = []
    ringing = Clock()

    def last(number: int) -> None:
        lasting.append(number)
        end.wait(60)

    for n in range(4):
        ringing.every(timedelta(seconds=0.05), f"report {n}", partial(last, n))
    ringing.start()
    try:
        wait_for(lambda: len(lasting) == 4, "reports, retention and tokens last at once")
        ringing.every(timedelta(seconds=0.05), "beat", lambda: beats.append(1), alone=True)
        wait_for(lambda: len(beats) > 1, "the sign of life waits for a report")
    finally:
        end.set()
        ringing.stop()
