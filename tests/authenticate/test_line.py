"""Checks beside the line: nothing waits for a slow one, nothing is forgotten, a redo asks nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from maild import settings
from maild.core.mail import Envelope, Mail, Source
from maild.errors import StoreBusy
from maild.pipeline import CHECKS_MAX, Pipeline
from maild.reader import ReaderPool
from maild.settings import AuthenticateSettings
from maild.store import journal
from maild.store.writer import Journal
from tests.core.scenes import ANNA, SUPPORT
from tests.trust.house import LMTP, InMemory, letter

SMTP = replace(LMTP, source=Source.SMTP, client="203.0.113.9", helo="mail.customer.example")
PASSED = "co.example; dmarc=pass header.from=customer.example"


class Slow:
    """Checks whose end the test decides; stands in for `Authenticator`."""

    def __init__(self) -> None:
        self.settings = AuthenticateSettings(is_on=True)
        self.asked: list[Future[str]] = []
        self.is_instant = False

    def submit(self, _mail: Mail, _envelope: Envelope, _received_at: datetime) -> Future[str]:
        told: Future[str] = Future()
        self.asked.append(told)
        if self.is_instant:
            told.set_result(PASSED)
        return told


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    yield made
    made.close()


@pytest.fixture
def checks() -> Slow:
    return Slow()


@pytest.fixture
def line(house: InMemory, checks: Slow) -> Iterator[Pipeline]:
    options = replace(house.options, authenticates=True)
    pool = ReaderPool(options, settings.defaults(Path("unused")).runtime)
    yield Pipeline(lambda: house.office, pool, "a", checks)  # type: ignore[arg-type]
    pool.close()


def journalled(house: InMemory, envelope: Envelope, *texts: str) -> None:
    writer = Journal(house.database, lambda: house.now)
    for words in texts:
        writer.append(envelope, letter(ANNA, SUPPORT, words, subject=words)).result(10)
    writer.close()


def rows(house: InMemory) -> list[tuple[str, str, str]]:
    with house.database.read() as connection:
        found = connection.execute(text("SELECT state, trust, evidence FROM journal ORDER BY id"))
        return [(row[0], row[1], row[2]) for row in found]


def turn(line: Pipeline) -> int:
    """Claim and handle once, as the line's loop does."""
    return len(line._handle(batch)) if (batch := line._claim()) else 0


def waiting(checks: Slow, count: int) -> None:
    """Wait until so many checks have begun."""
    begun = threading.Event()
    for _ in range(3000):
        if len(checks.asked) >= count:
            return
        begun.wait(0.01)
    raise AssertionError(f"only {len(checks.asked)} checks began")


def test_a_mail_waits_for_its_check_and_the_others_go_by(
    house: InMemory, line: Pipeline, checks: Slow
) -> None:
    journalled(house, SMTP, "slow")
    journalled(house, LMTP, "quick")

    first = turn(line)
    waiting(checks, 1)
    before = [state for state, _, _ in rows(house)]
    checks.asked[0].set_result(PASSED)
    second = turn(line)

    assert (first, second) == (1, 1)
    assert before == ["parsing", "done"]
    assert rows(house)[0] == ("done", "E2", PASSED)


def test_the_evidence_is_stored_before_the_mail_is_handled_and_a_redo_asks_nobody(
    house: InMemory, line: Pipeline, checks: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.is_instant = True
    journalled(house, SMTP, "once")

    def busy(*_: object) -> None:
        raise StoreBusy("not now")

    with monkeypatch.context() as patched:
        patched.setattr("maild.handle.carry_out", busy)
        line._claim()
        waiting(checks, 1)
        with pytest.raises(StoreBusy):
            turn(line)
    stored = rows(house)[0][2]
    with house.database.write() as connection:
        journal.recover(connection, ["a"], house.now)
    house.now += journal.LEASE
    line.step()

    assert stored == PASSED
    assert len(checks.asked) == 1
    assert rows(house)[0][:2] == ("done", "E2")


def test_only_so_many_wait_and_then_only_mails_without_a_check_are_taken(
    house: InMemory, line: Pipeline, checks: Slow
) -> None:
    journalled(house, SMTP, *(f"slow {n}" for n in range(CHECKS_MAX + 40)))
    for _ in range(6):
        turn(line)
    taken = [state for state, _, _ in rows(house)].count("parsing")
    journalled(house, LMTP, "quick")

    handled = turn(line)

    assert CHECKS_MAX <= taken < CHECKS_MAX + 32
    assert handled == 1

    for told in checks.asked:
        told.set_result(PASSED)
    checks.is_instant = True
    line.step()
    assert {state for state, _, _ in rows(house)} == {"done"}


def test_a_check_that_fails_proves_nothing_and_stops_nothing(
    house: InMemory, line: Pipeline, checks: Slow
) -> None:
    journalled(house, SMTP, "odd")
    turn(line)
    waiting(checks, 1)

    checks.asked[0].set_exception(RuntimeError("a bug"))
    line.step()

    assert rows(house)[0][:2] == ("done", "E0")
    assert "dmarc=temperror" in rows(house)[0][2]


def test_a_stop_puts_back_what_is_being_checked(
    house: InMemory, line: Pipeline, checks: Slow
) -> None:
    journalled(house, SMTP, "slow")
    stop = threading.Event()
    thread = threading.Thread(target=line.run, args=(stop,))

    thread.start()
    waiting(checks, 1)
    stop.set()
    thread.join(30)

    assert not thread.is_alive()
    assert rows(house) == [("received", "", "")]


def test_a_session_is_not_checked(house: InMemory, line: Pipeline, checks: Slow) -> None:
    journalled(house, replace(SMTP, account="alice"), "by alice")

    line.step()

    assert rows(house)[0][0] == "done"
    assert checks.asked == []


def test_a_dropped_mail_leaves_no_evidence(house: InMemory) -> None:
    journalled(house, replace(SMTP, evidence=PASSED), "held")
    with house.database.write() as connection:
        connection.execute(text("UPDATE journal SET state = 'held', outcome = 'held'"))
        journal.drop(connection, 1, "gone", house.now)

    assert rows(house)[0][2] == ""


def test_how_a_mail_came_in_is_known_by_its_bytes(house: InMemory) -> None:
    journalled(house, replace(SMTP, evidence=PASSED), "held")
    with house.database.read() as connection:
        digest = connection.execute(text("SELECT sha256 FROM journal")).scalar_one()

        known = journal.envelope_of(connection, digest)

        assert known == replace(SMTP, evidence=PASSED)
        assert journal.envelope_of(connection, "0" * 64) is None
