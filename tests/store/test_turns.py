"""The lock that is handed over in order."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from maild.errors import StoreBusy
from maild.store.turns import Turns


def waiting(turns: Turns) -> int:
    return len(turns._waiting)


def test_who_asked_first_is_served_first_even_before_the_last_holder() -> None:
    turns, order = Turns(30), list[str]()

    def take(name: str) -> None:
        with turns.turn():
            order.append(name)

    with ThreadPoolExecutor(3) as pool:
        with turns.turn():
            for n, name in enumerate(("first", "second", "third"), 1):
                pool.submit(take, name)
                while waiting(turns) < n:
                    threading.Event().wait(0.001)
        take("holder")

    assert order == ["first", "second", "third", "holder"]


def test_nobody_waits_for_ever_and_the_next_one_still_gets_its_turn() -> None:
    turns = Turns(0.01)

    with turns.turn(), ThreadPoolExecutor(1) as pool:
        refused = pool.submit(lambda: turns.turn().__enter__())
        with pytest.raises(StoreBusy):
            refused.result()

    with turns.turn():
        assert waiting(turns) == 0


def test_an_error_inside_gives_the_turn_back() -> None:
    turns = Turns(0.01)

    with pytest.raises(ValueError, match="inside"), turns.turn():
        raise ValueError("inside")

    with turns.turn():
        assert waiting(turns) == 0
