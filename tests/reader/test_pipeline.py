"""The line of work goes on: past damaged bytes, bugs, and a mail that cannot be written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from maild import handle, log, reading, settings
from maild.carry import carry_out
from maild.core.decision import Outcome
from maild.core.mail import Envelope, Source
from maild.core.reason import Why
from maild.errors import LostRace, StoreBusy
from maild.handle import Handled, Office
from maild.pipeline import Pipeline
from maild.reader import ReaderPool
from maild.store import journal, nodes
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
    work, failures, stop = handle.together, [RuntimeError("a bug")], threading.Event()

    def failing_once(office: Office, items: list[handle.Item]) -> Iterable[Handled]:
        if failures:
            raise failures.pop()
        handled = work(office, items)
        stop.set()
        return handled

    monkeypatch.setattr(handle, "together", failing_once)
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
        handle.together,
        journal.put_back,
        journal.claim,
        threading.Event(),
    )
    failures = [StoreBusy(words) for words in ("it crashed", "away", "away", "away")]
    claims: list[int] = []

    def failing_once(office: Office, items: list[handle.Item]) -> Iterable[Handled]:
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

    monkeypatch.setattr(handle, "together", failing_once)
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


def test_mails_that_are_handled_each_by_itself_are_progress(
    house: InMemory, line: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database is far away a batch lasts longer than a line may stand still."""
    journalled(house)
    work, course = carry_out, list[str]()

    def losing_once(*arguments: object) -> object:
        course.append("tries")
        if len(course) == 1:
            raise LostRace("changed")
        return work(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("maild.handle.carry_out", losing_once)
    batch = line._claim()
    for item in batch:
        item.read.result(60)
    line.pace.waiting = nullcontext  # type: ignore[assignment]
    monkeypatch.setattr(line.pace, "moves", lambda: course.append("moves"))

    line._handle(batch)

    assert course == ["tries", *("tries", "moves") * 3]


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


@pytest.mark.parametrize(
    "envelope",
    [
        replace(LMTP, rcpt_to=("payroll+7@co.example",)),
        replace(LMTP, rcpt_to=(), source=Source.IMAP, mailbox="Payroll"),
    ],
)
def test_mail_for_a_mailbox_that_only_another_node_knows_waits(
    house: InMemory, line: Pipeline, envelope: Envelope, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure()
    writer = Journal(house.database, lambda: house.now)
    for one, mail in zip((LMTP, envelope), MAILS, strict=False):
        writer.append(one, mail).result(60)
    writer.close()
    with house.database.write() as connection:
        nodes.arrive(connection, "b", "1", house.now)
        nodes.knows(connection, "b", {"payroll@co.example": "Payroll"})

    line.step()
    early, waits = outcomes(house), capsys.readouterr().err
    house.now += timedelta(seconds=9)
    line.step()
    still = outcomes(house)
    house.now += timedelta(seconds=31)
    line.step()

    assert early == still == ["posted", ""]
    assert waits.count("<4>mail.early") == 1
    assert outcomes(house) == ["posted", "posted"], "nobody knows it any more: it is handled here"


def test_mail_for_a_mailbox_that_this_node_never_hears_of_is_held(
    house: InMemory, line: Pipeline
) -> None:
    writer = Journal(house.database, lambda: house.now)
    writer.append(replace(LMTP, rcpt_to=("payroll@co.example",)), MAILS[0]).result(60)
    writer.close()
    course = []

    for minutes in (0, 59, 2):
        house.now += timedelta(minutes=minutes)
        with house.database.write() as connection:
            nodes.arrive(connection, "b", "1", house.now)
            nodes.knows(connection, "b", {"payroll@co.example": "Payroll"})
        line.step()
        course += outcomes(house)

    assert course == ["", "", "held"]
    with house.database.read() as connection:
        reason = connection.execute(text("SELECT reason FROM journal")).scalar_one()
        assert "only another node knows its mailbox" in reason


def test_what_a_line_has_in_hand_is_known_until_it_stands_still(
    house: InMemory, line: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    journalled(house)
    seen: list[frozenset[int]] = []
    line.on_replies = lambda: seen.append(line.in_hand)

    batch = line._turn([])
    taken = line.in_hand
    with monkeypatch.context() as patched:
        patched.setattr("maild.vitals.SILENT_SECONDS", -1.0)
        standing_still = line.in_hand
    left = line._turn(batch)
    line._turn(left)

    assert [set(taken), set(standing_still)] == [{1, 2, 3}, set()]
    assert set(seen) == {taken}
    assert line.in_hand == set()
