"""What an attempt means for a mail, and that its news are written together with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from maild import handle
from maild.delivery import Delivery, judge
from maild.errors import StoreBusy
from maild.outbox.result import SendResult, Sent
from maild.settings import RelaySettings
from maild.store.tables import OutboxState
from tests.core.scenes import ALICE, NOW, SUPPORT
from tests.store.rows import outgoing
from tests.trust.house import InMemory, letter, proven

LATER = Sent(result=SendResult.TEMPORARY, answer="450 come back later")
SILENT = Sent(result=SendResult.UNKNOWN, answer="timed out")
NOBODY = '"a b"@customer.example'


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    yield made
    made.close()


def states(house: InMemory) -> list[tuple[str, int]]:
    with house.database.read() as connection:
        rows = connection.execute(text("SELECT state, unknown_ends FROM outbox ORDER BY id"))
        return [(row.state, row.unknown_ends) for row in rows]


def events(house: InMemory) -> list[str]:
    with house.database.read() as connection:
        return list(connection.execute(text("SELECT kind FROM event")).scalars())


def without_bytes(house: InMemory) -> Delivery:
    """Let every mail fail for good before a relay is dialled."""
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET sha256 = 'x', state = 'queued'"))
    return Delivery(lambda: house.office, "node", "client.example")


def test_a_reply_that_starts_late_has_its_five_days() -> None:
    late = NOW + timedelta(days=6)

    first = judge(outgoing(id=1, attempts=1), LATER, late)
    last = judge(outgoing(id=1, attempts=9, first_try_at=NOW), LATER, late)

    assert (first.state, last.state) == (OutboxState.QUEUED, OutboxState.FAILED)
    assert not first.told


def test_silence_is_answered_twice_with_the_same_bytes() -> None:
    ends = [judge(outgoing(id=1, unknown_ends=n), SILENT, NOW) for n in range(3)]

    assert [end.state.value for end in ends] == ["queued", "queued", "held"]
    assert ends[0].next_try_at == NOW + timedelta(minutes=10)


def test_a_mail_of_unknown_end_is_held_without_another_try(house: InMemory) -> None:
    relay = RelaySettings(scheme="smtp", host="127.0.0.1", port=1)
    house.office = replace(house.office, relays={"": relay})
    house.receive(letter("anna@customer.example", SUPPORT))
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET state = 'queued', unknown_ends = 3"))

    Delivery(lambda: house.office, "node", "client.example").step()

    assert {state for state, _ in states(house)} == {"held"}
    assert "reply.failed" in events(house)


def test_a_failure_is_not_on_record_before_its_news_are(
    house: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.receive(letter("anna@customer.example", SUPPORT))
    delivery = without_bytes(house)
    stop = threading.Event()

    def full(*_: object) -> None:
        stop.set()
        raise StoreBusy("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(handle, "failed_reply", full)
        delivery.run(stop)

    assert {state for state, _ in states(house)} == {"queued"}
    assert "reply.failed" not in events(house)


def test_an_agent_hears_that_an_answer_cannot_be_addressed(house: InMemory) -> None:
    house.receive(letter(NOBODY, SUPPORT))
    address = str(house.to(ALICE)[-1]["Reply-To"]).split("<")[-1].strip(">")
    before = len(house.to(ALICE))

    house.receive(letter(ALICE, address, "Have you tried water?", proven("co.example")))

    (told,) = house.to(ALICE)[before:]
    assert "Have you tried water?" in str(told.get_body(("plain",)))
    assert "reply.refused" in events(house)
