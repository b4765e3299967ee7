"""Tests of the order of troubles."""

from __future__ import annotations

import random
from itertools import islice

from tests.soak.troubles import SURVIVED, TROUBLES, endless


def test_every_trouble_comes_once_in_a_round() -> None:
    found = list(islice(endless(random.Random(1), lambda: False), 2 * len(TROUBLES)))

    assert set(found[: len(TROUBLES)]) == set(found[len(TROUBLES) :]) == set(TROUBLES)


def test_a_daemon_that_is_to_live_is_neither_killed_nor_restarted() -> None:
    found = list(islice(endless(random.Random(1), lambda: True), 5 * len(SURVIVED)))

    assert set(found) == set(SURVIVED)
    assert {trouble.__name__ for trouble in TROUBLES} - {t.__name__ for t in found} == {
        "killed",
        "restarted",
    }
