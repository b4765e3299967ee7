"""A client's share of the checks: who names silent servers waits alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from maild.authenticate import resolver, shares
from maild.authenticate.checks import THREADS
from maild.authenticate.shares import OVER, Shares, client_of
from maild.core import boundary
from maild.core.authresults import Verdict
from tests.authenticate.nameserver import SILENT, name_server
from tests.authenticate.signing import signed
from tests.authenticate.test_authenticate import NOW, SMTP, ZONE, Checker, letter
from tests.core.scenes import HOUSE

HOSTILE = replace(SMTP, client="198.51.100.66", mail_from="x@evil.example")
CHECK_SECONDS = 10.0
PROVEN = "co.example; dmarc=pass"


def test_a_client_with_hundreds_of_silent_name_servers_holds_up_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are asked until the test lets them answer: nothing here depends on how long it takes."""
    silent = {f"evil{n}.example" for n in range(100)}
    zone: dict[tuple[str, str], tuple[str, ...] | str] = {
        **ZONE,
        **{(f"_dmarc.{name}", "TXT"): SILENT for name in silent},
    }
    with name_server(zone) as dns:
        checker = Checker(dns, seconds=600)
        monkeypatch.setattr(resolver, "TRY_SECONDS", 600.0)
        raws = [letter(f"<x@{name}>") for name in sorted(silent)]
        bad = [checker.own.submit(checker.read(raw), HOSTILE, NOW) for raw in raws]

        mail = checker.read(signed(letter()))
        evidence = checker.own.submit(mail, SMTP, NOW).result(20)
        asked = {name for name, _ in dns.asked if name.removeprefix("_dmarc.") in silent}
        pending = [one for one in bad if not one.done()]
        dns.zone.clear()
        told = [one.result(60) for one in bad]

    assert boundary.judged(mail, replace(SMTP, evidence=evidence), HOUSE) is Verdict.PASS
    assert len(pending) == len(bad)
    assert len(asked) <= shares.RUNNING_MAX < THREADS
    assert OVER not in told


class Bench:
    """Checks that end when they are told to, at a time that the test sets."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.now = 0.0
        self.shares = Shares(pool, CHECK_SECONDS, lambda: self.now)
        self.begun = threading.Semaphore(0)
        self.end = threading.Semaphore(0)

    def submit(self, client: str = "198.51.100.66", count: int = 1) -> list[Future[str]]:
        return [self.shares.submit(client, self._work) for _ in range(count)]

    def running(self, count: int) -> None:
        """Wait until so many more have begun."""
        for _ in range(count):
            assert self.begun.acquire(timeout=30)

    def _work(self) -> str:
        self.begun.release()
        assert self.end.acquire(timeout=30)
        return PROVEN


@contextmanager
def at_work() -> Iterator[Bench]:
    with ThreadPoolExecutor(THREADS) as pool:
        made = Bench(pool)
        try:
            yield made
        finally:
            made.shares.close()
            made.end.release(1000)


def test_who_only_has_much_mail_waits_in_its_line_and_loses_no_proof() -> None:
    with at_work() as bench:
        told = bench.submit(count=64)
        bench.running(shares.RUNNING_MAX)
        more_begun = bench.begun.acquire(blocking=False)
        bench.end.release(64)

        assert not more_begun
        assert [one.result(30) for one in told] == [PROVEN] * 64


def test_who_waited_as_long_as_a_check_may_take_is_neither_proven_nor_accused() -> None:
    with at_work() as bench:
        told = bench.submit(count=shares.RUNNING_MAX + 2)
        bench.running(shares.RUNNING_MAX)
        bench.now = CHECK_SECONDS
        bench.end.release(shares.RUNNING_MAX)

        assert [one.result(30) for one in told] == [PROVEN] * shares.RUNNING_MAX + [OVER] * 2


def test_a_slow_client_has_only_so_many_in_hand_for_a_while_and_others_have_more() -> None:
    with at_work() as bench:
        first = bench.submit(count=64)
        bench.running(shares.RUNNING_MAX)
        bench.now = shares.SLOW_SECONDS
        bench.end.release(1)
        bench.running(1)

        behind = sum(not one.done() for one in first)
        over = bench.submit()
        others = bench.submit("203.0.113.9", 64)
        bench.running(shares.RUNNING_MAX)
        left = sum(not one.done() for one in others)
        bench.now += shares.SLOW_FOR_SECONDS + 1
        later = bench.submit()

        assert behind == shares.BEHIND_MAX
        assert over[0].result(0) == OVER
        assert left == len(others)
        assert not later[0].done()


def test_a_check_that_fails_gives_its_place_back_and_tells_whoever_asked() -> None:
    def fails() -> str:
        raise RuntimeError("a bug")

    with ThreadPoolExecutor(1) as pool:
        own = Shares(pool, CHECK_SECONDS)
        told = [own.submit("198.51.100.66", fails) for _ in range(3 * shares.RUNNING_MAX)]

        assert [str(one.exception(30)) for one in told] == ["a bug"] * len(told)


def test_a_stop_gives_up_what_waits() -> None:
    with at_work() as bench:
        told = bench.submit(count=shares.RUNNING_MAX + 1)
        bench.running(shares.RUNNING_MAX)

        bench.shares.close()

        assert told[-1].cancelled()


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("198.51.100.66", "198.51.100.66"),
        ("::ffff:198.51.100.66", "198.51.100.66"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("", ""),
    ],
)
def test_a_client_is_an_address_or_the_network_of_a_subscriber(address: str, client: str) -> None:
    assert client_of(address) == client
