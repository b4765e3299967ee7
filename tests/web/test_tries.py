"""Wrong tries are counted for a minute, and never more of them than can be told apart."""

from __future__ import annotations

from maild.web.tries import MOST, MOST_OF_ALL, Tries


def test_an_address_waits_until_its_tries_are_a_minute_old() -> None:
    seconds = [0.0]
    tries = Tries(clock=lambda: seconds[0])

    for n in range(MOST):
        assert not tries.is_over("a"), n
        tries.failed("a")
    refused, other = tries.is_over("a"), tries.is_over("b")
    seconds[0] = 60.0

    assert (refused, other, tries.is_over("a")) == (True, False, False)


def test_what_it_holds_is_bounded() -> None:
    tries = Tries(clock=lambda: 0.0)

    for n in range(10_000):
        tries.failed(str(n))

    assert len(tries._wrong) == MOST_OF_ALL
    assert tries.is_over("somebody else")
