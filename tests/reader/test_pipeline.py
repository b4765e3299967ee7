"""The line of work goes on: past damaged bytes, bugs, and a mail that cannot be written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from maild import handle, reading, settings
from maild.carry import carry_out
from maild.core.decision import Outcome
from maild.core.reason import Why
from maild.errors import LostRace, StoreBusy
from maild.handle import Handled, Office
from maild.pipeline import Pipeline
from maild.reader import ReaderPool
from maild.store import journal
from maild.store.writer import Journal
from tests.core.scenes import ALICE, ANNA, SUPPORT
from tests.trust.house import LMTP, InMemory, letter, proven

MAILS = tuple(letter(ANNA, SUPPORT, f"Printer {n} smokes.") for n in range(3))


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    yield made
    made.close()


@pytest.fixture
def line(house: InMemory) -> Iterator[Pipeline]:
    pool = ReaderPool(house.options, settings.defaults(Path("unused")).runtime)
    yield Pipeline(lambda: house.office, pool, "a")
    pool.close()


def journalled(house: InMemory) -> None:
    writer = Journal(house.database, lambda: house.now)
    for future in [writer.append(LMTP, raw) for raw in MAILS]:
        future.result(10)
    writer.close()


def outcomes(house: InMemory) -> list[str]:
    with house.database.read() as connection:
        return list(connection.execute(text("SELECT outcome FROM journal ORDER BY id")).scalars())


def test_a_mail_whose_bytes_are_damaged_is_held_and_the_others_go_on(
    house: InMemory, line: Pipeline
) -> None:
    journalled(house)
    with house.database.write() as connection:
        connection.execute(text("UPDATE blob_chunk SET data = x'00ff' WHERE blob_id = 2"))

    line.step()

    assert outcomes(house) == ["posted", "held", "posted"]


@pytest.mark.parametrize("is_believed", [False, True])
def test_a_clock_that_leapt_ahead_ends_no_token(
    house: InMemory, line: Pipeline, figures: Callable[..., None], *, is_believed: bool
) -> None:
    """Where the ten years have really gone by, the answer belongs to nothing any more."""
    house.receive(letter(ANNA, SUPPORT, "It smokes.", proven("customer.example")))
    alices = str(house.to(ALICE)[0]["Reply-To"])
    house.now = house.now.replace(year=house.now.year + 10)
    writer = Journal(house.database, lambda: house.now)
    answer = letter(ALICE, alices, "Switch it off.", proven("co.example"))
    writer.append(LMTP, answer).result(60)
    writer.close()
    line.is_trusted = lambda: is_believed

    line.step()

    house.line()
    told = [mail for mail in house.to(ANNA) if "Switch it off." in mail.as_string()]
    if not is_believed:
        figures(answers_while_the_clock_was_ahead=1, not_sent=int(not told))
    assert (len(told), len(house.tickets())) == ((0, 2) if is_believed else (1, 1))


def test_a_bug_pauses_the_line_and_never_ends_it(
    house: InMemory, line: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    journalled(house)
    monkeypatch.setattr("maild.pipeline.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("maild.pipeline.IDLE_SECONDS", 0.01)
    work, failures, stop = handle.mails, [RuntimeError("a bug")], threading.Event()

    def failing_once(office: Office, items: list[handle.Item]) -> tuple[Handled, ...]:
        if failures:
            raise failures.pop()
        handled = work(office, items)
        stop.set()
        return handled

    monkeypatch.setattr(handle, "mails", failing_once)
    thread = threading.Thread(target=line.run, args=(stop,))

    thread.start()
    thread.join(30)

    assert not thread.is_alive()
    assert (failures, outcomes(house)) == ([], ["posted"] * 3)


def test_what_could_not_be_put_back_is_put_back_once_the_database_answers(
    house: InMemory, line: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still here: no lease ever ends."""
    journalled(house)
    monkeypatch.setattr("maild.pipeline.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("maild.pipeline.IDLE_SECONDS", 0.01)
    work, put_back, claim, stop = (
        handle.mails,
        journal.put_back,
        journal.claim,
        threading.Event(),
    )
    failures = [StoreBusy(words) for words in ("it crashed", "away", "away", "away")]
    claims: list[int] = []

    def failing_once(office: Office, items: list[handle.Item]) -> tuple[Handled, ...]:
        if len(failures) == 4:
            raise failures.pop()
        handled = work(office, items)
        stop.set()
        return handled

    def watched(*arguments: object, **more: object) -> object:
        claims.append(len(failures))
        return claim(*arguments, **more)  # type: ignore[arg-type]

    def failing_too(*arguments: object, **more: object) -> None:
        if failures:
            raise failures.pop()
        put_back(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(handle, "mails", failing_once)
    monkeypatch.setattr(journal, "put_back", failing_too)
    monkeypatch.setattr(journal, "claim", watched)
    thread = threading.Thread(target=line.run, args=(stop,))

    thread.start()
    thread.join(30)
    stop.set()
    thread.join(30)

    assert not thread.is_alive()
    assert (failures, outcomes(house)) == ([], ["posted"] * 3)
    assert set(claims) == {4, 0}, "nothing is claimed while something is owed"


def test_what_was_claimed_and_could_not_be_read_is_put_back_at_once(
    house: InMemory, line: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still here: no lease ends, and nobody else would take the mails back."""
    journalled(house)
    monkeypatch.setattr("maild.pipeline.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("maild.pipeline.IDLE_SECONDS", 0.01)
    load, stop = journal.load, threading.Event()
    failures = [StoreBusy("the server went over to its standby")]

    def failing_once(*arguments: object) -> object:
        if failures:
            raise failures.pop()
        stop.set()
        return load(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "load", failing_once)
    thread = threading.Thread(target=line.run, args=(stop,))

    thread.start()
    thread.join(30)
    stop.set()
    thread.join(30)
    line.step()

    assert (failures, outcomes(house)) == ([], ["posted"] * 3)


def test_a_mail_that_the_database_cannot_take_lets_the_others_go_on(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = carry_out

    def refusing(*arguments: object) -> object:
        if any(claimed.id == 2 for _, claimed in arguments[2]):  # type: ignore[attr-defined]
            raise StoreBusy("out of memory")
        return work(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("maild.handle.carry_out", refusing)

    done = house.receive(*MAILS)

    assert [one.outcome for one in done] == [Outcome.POSTED, Outcome.WAIT, Outcome.POSTED]


def test_a_mail_that_always_loses_its_race_is_held_after_three_tries(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(*_: object) -> None:
        raise LostRace("changed")

    monkeypatch.setattr("maild.handle.carry_out", losing)
    done = list(house.receive(MAILS[0]))

    while done[-1].outcome is Outcome.WAIT and len(done) < journal.TRIES_MAX + 1:
        claimed = journal.load(house.database, [done[-1].journal_id])
        items = [(one, reading.read(one.raw, one.envelope, house.options)) for one in claimed]
        done += handle.mails(house.office, items)

    assert [one.outcome for one in done] == [Outcome.WAIT, Outcome.WAIT, Outcome.HELD]
    assert done[-1].reasons[0].why is Why.WAITING
