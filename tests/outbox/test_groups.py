"""Mails go out in groups: marked together, written down together, and each of them once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from maild import clerk, delivery, handle
from maild.core.undelivered import Failure
from maild.delivery import GROUP_MAILS_MAX, Delivery
from maild.errors import StoreBusy, TemporaryError
from maild.outbox.pieces import Literal, pack
from maild.outbox.result import SendResult, Sent
from maild.outbox.send import Relay
from maild.settings import RelaySettings
from maild.store import outbox
from maild.store.outbox import Outgoing
from tests.core.scenes import SUPPORT
from tests.flows.stage import wait_for
from tests.store.rows import outgoing, queued
from tests.trust.house import InMemory, letter

MAIL = b"Subject: x\r\n\r\nHello.\r\n"
TAKEN = Sent(result=SendResult.ACCEPTED, answer="250 taken")
NEVER = Sent(result=SendResult.PERMANENT, answer="550 never")
LITERAL, PIECES = pack([Literal(data=MAIL)])
SENT, WIRE, CLAIMED, QUEUED = (
    ("sent", False),
    ("sending", True),
    ("sending", False),
    ("queued", False),
)
Take = Callable[[int], Sent]


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    relay = RelaySettings(scheme="smtp", host="127.0.0.1", port=1)
    made.office = replace(made.office, relays={"": relay})
    yield made
    made.close()


def sender(house: InMemory) -> Delivery:
    return Delivery(lambda: house.office, "node", "client.example")


def mails(house: InMemory, many: int, ticket: int | None = None) -> None:
    """Queue mails to 0@, 1@, 2@ and so on."""
    queued(house.database, *(a_mail(n, ticket) for n in range(many)))


def a_mail(n: int, ticket: int | None) -> Outgoing:
    fixed: dict[str, Any] = {"literal": LITERAL, "pieces": PIECES, "size": len(MAIL)}
    fixed["sha256"] = hashlib.sha256(MAIL).hexdigest()
    return outgoing(f"k{n}", ticket, recipient=f"{n}@customer.example", **fixed)


def rows(house: InMemory) -> list[tuple[str, bool]]:
    """The state of each mail, and whether it is marked."""
    with house.database.read() as connection:
        found = connection.execute(
            text("SELECT state, dialled FROM outbox WHERE key LIKE 'k%' ORDER BY id")
        )
        return [(row.state, bool(row.dialled)) for row in found]


def taken_by(monkeypatch: pytest.MonkeyPatch, take: Take) -> None:
    """Let a function be the relay; it is told which mail it gets."""

    def send(_relay: Relay, _sender: str, recipient: str, _data: bytes) -> Sent:
        return take(int(recipient.partition("@")[0]))

    monkeypatch.setattr(Relay, "send", send)


def of_patience(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Say what a long moment is."""
    for module in (clerk, delivery):
        monkeypatch.setattr(module, "LONG_SECONDS", seconds)


def test_a_slow_relay_gets_one_mail_after_the_other(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails(house, 4)
    seen: list[list[tuple[str, bool]]] = []

    def take(_n: int) -> Sent:
        seen.append(rows(house))
        return TAKEN

    taken_by(monkeypatch, take)
    of_patience(monkeypatch, -1)
    sender(house).step()

    assert seen == [[SENT] * n + [WIRE] + [CLAIMED] * (3 - n) for n in range(4)]
    assert rows(house) == [SENT] * 4


def test_what_goes_out_quickly_is_marked_and_written_in_groups(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails(house, 60)
    seen: list[list[tuple[str, bool]]] = []
    commits: list[object] = []

    def take(n: int) -> Sent:
        seen.append(rows(house))
        assert seen[-1][n] == WIRE
        return TAKEN

    taken_by(monkeypatch, take)
    of_patience(monkeypatch, 60)
    event.listen(house.database.engine, "commit", commits.append)
    sender(house).step()

    assert rows(house) == [SENT] * 60
    assert max(row.count(WIRE) for row in seen) == GROUP_MAILS_MAX
    assert len(commits) - 60 <= 30  # each look of this test is one


@pytest.mark.parametrize("bugs", [0, 3], ids=["smoothly", "after a bug"])
def test_what_was_heard_is_written_while_the_relay_holds_the_next_mail(
    house: InMemory, monkeypatch: pytest.MonkeyPatch, bugs: int
) -> None:
    mails(house, 3)
    waited: list[int] = []
    record, left = outbox.record, [ValueError("a bug")] * bugs

    def recorded(*values: Any) -> bool:
        if left and threading.current_thread().name == "clerk":
            raise left.pop()
        return record(*values)

    monkeypatch.setattr(outbox, "record", recorded)
    monkeypatch.setattr(clerk, "PAUSE_SECONDS", 0.01)

    def take(n: int) -> Sent:
        if n == 2:
            wait_for(lambda: rows(house)[1] == SENT, "the mail before is not written")
            waited.append(n)
        return TAKEN

    taken_by(monkeypatch, take)
    monkeypatch.setattr(delivery, "LONG_SECONDS", 60)
    sender(house).step()

    assert (waited, left) == ([2], [])
    assert rows(house) == [SENT] * 3


def test_what_waits_in_a_group_goes_back_when_the_sender_stops(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails(house, 6)
    stop = threading.Event()

    def take(n: int) -> Sent:
        if n == 3:
            assert rows(house)[4:] == [WIRE] * 2
            stop.set()
        return TAKEN

    taken_by(monkeypatch, take)
    of_patience(monkeypatch, 60)
    sender(house).run(stop)

    with house.database.read() as connection:
        attempts = connection.execute(text("SELECT sum(attempts) FROM outbox")).scalar_one()
        recorded = connection.execute(text("SELECT count(*) FROM attempt")).scalar_one()
    assert rows(house) == [SENT] * 4 + [QUEUED] * 2
    assert (attempts, recorded) == (4, 4)


def test_a_mail_that_somebody_else_has_is_left_out_of_its_group(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails(house, 6)
    seen: list[int] = []

    def take(n: int) -> Sent:
        seen.append(n)
        if n == 0:
            with house.database.write() as connection:
                connection.execute(text("UPDATE outbox SET claimed_by = 'b' WHERE key = 'k4'"))
        return TAKEN

    taken_by(monkeypatch, take)
    of_patience(monkeypatch, 60)
    sender(house).step()

    assert seen == [0, 1, 2, 3, 5]
    assert rows(house) == [*[SENT] * 4, CLAIMED, SENT]


def test_bad_news_of_one_mail_keep_no_other_from_being_written(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.receive(letter("anna@customer.example", SUPPORT))
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
    mails(house, 6, ticket=1)
    failed_reply = handle.failed_reply

    def bad(connection: Any, office: Any, mail: Outgoing, failure: Failure) -> None:
        if mail.key == "k3":
            raise ValueError("a bug")
        failed_reply(connection, office, mail, failure)

    monkeypatch.setattr(handle, "failed_reply", bad)
    taken_by(monkeypatch, lambda n: NEVER if n in (2, 3, 4) else TAKEN)
    of_patience(monkeypatch, 60)
    sender(house).step()

    with house.database.read() as connection:
        told = connection.execute(text("SELECT data FROM event WHERE kind = 'reply.failed'"))
        assert len(list(told)) == 2
    failed = ("failed", False)
    assert rows(house) == [SENT, SENT, failed, failed, failed, SENT]


def test_what_was_heard_stays_until_the_database_takes_it(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails(house, 6)
    write, tries = house.database.write, [0]
    monkeypatch.setattr(clerk, "PAUSE_SECONDS", 0.01)

    def busy() -> Any:
        tries[0] += 1
        if 4 <= tries[0] <= 9:
            raise StoreBusy("database is locked")
        return write()

    monkeypatch.setattr(house.database, "write", busy)
    seen: list[int] = []

    def take(n: int) -> Sent:
        seen.append(n)
        return TAKEN

    taken_by(monkeypatch, take)
    sender(house).step()

    assert tries[0] > 9
    assert seen == list(range(6))
    assert rows(house) == [SENT] * 6


@pytest.mark.parametrize(
    ("column", "damage"),
    [("literal", b"\0\xff"), ("pieces", "[]"), ("pieces", '[["literal"]]'), ("pieces", "[1]")],
)
def test_a_damaged_mail_fails_and_the_others_go_out(
    house: InMemory, monkeypatch: pytest.MonkeyPatch, column: str, damage: bytes | str
) -> None:
    mails(house, 3)
    with house.database.write() as connection:
        connection.execute(
            text(f"UPDATE outbox SET {column} = :damage WHERE key = 'k1'"), {"damage": damage}
        )
    taken_by(monkeypatch, lambda _n: TAKEN)

    sender(house).step()

    with house.database.read() as connection:
        reason = connection.execute(text("SELECT last_error FROM outbox WHERE key = 'k1'"))
        assert reason.scalar_one().startswith("its bytes are gone: ")
    assert rows(house) == [SENT, ("failed", False), SENT]


def test_a_bug_does_not_end_the_sender(house: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    mails(house, 3)
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.01)

    def take(n: int) -> Sent:
        if n == 1:
            raise ValueError("a bug")
        return TAKEN

    taken_by(monkeypatch, take)
    stop = threading.Event()
    line = threading.Thread(target=sender(house).run, args=(stop,))
    line.start()
    try:
        wait_for(lambda: rows(house) == [SENT, WIRE, SENT], "the others do not go out")
    finally:
        stop.set()
        line.join()


def test_a_claim_whose_commit_nobody_saw_keeps_no_mail(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails(house, 3)
    write = house.database.write

    @contextmanager
    def unseen() -> Iterator[Any]:
        monkeypatch.setattr(house.database, "write", write)
        with write() as connection:
            yield connection
        raise StoreBusy("the server closed the connection unexpectedly")

    monkeypatch.setattr(house.database, "write", unseen)
    taken_by(monkeypatch, lambda _n: TAKEN)
    with pytest.raises(StoreBusy):
        sender(house).step()

    assert rows(house) == [QUEUED] * 3
    assert sender(house).step() == 3


class Over(threading.Event):
    """Keeps how long somebody wanted to wait for it; the fourth wait ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if len(self.waits) == 4:
            self.set()
        return self.is_set()


def test_what_the_database_refuses_at_the_stop_is_tried_in_calm(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> Any:
        raise StoreBusy("connection refused")

    monkeypatch.setattr(house.database, "write", refused)
    stop, over, mail = threading.Event(), Over(), a_mail(1, None)
    stop.set()
    writer = clerk.Clerk(lambda: house.office, "node")
    attempted = delivery.judge(mail, TAKEN, house.now)
    writer.hear(clerk.Heard(mail=mail, attempted=attempted, failure=None, was_dialled=True))

    writer._watch(stop, over)

    assert over.waits[:4] == [clerk.LONG_SECONDS, clerk.PAUSE_SECONDS] * 2


def test_one_turn_ends_when_the_database_does_not_come_back(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails(house, 3)
    seen: list[int] = []
    monkeypatch.setattr(clerk, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(delivery, "STEP_PATIENCE_SECONDS", 0.1)

    def refused() -> Any:
        raise StoreBusy("connection refused")

    def take(n: int) -> Sent:
        seen.append(n)
        monkeypatch.setattr(house.database, "write", refused)
        return TAKEN

    taken_by(monkeypatch, take)
    with pytest.raises(TemporaryError):
        sender(house).step()

    assert seen == [0]
