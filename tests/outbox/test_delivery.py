"""What an attempt means for a mail, and that its news are written together with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from maild import handle
from maild.carry import carry_out
from maild.core.decision import Decision, Outcome, ReplyKind
from maild.core.webhook import Page, Webhook
from maild.delivery import Delivery, judge
from maild.errors import StoreBusy
from maild.outbox.result import SendResult, Sent
from maild.settings import RelaySettings, WebhookSettings
from maild.store import tickets
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


def a_page(house: InMemory, hook: Webhook) -> None:
    """Put a page about a new ticket into the outbox."""
    called = {"oncall": WebhookSettings(hook=hook, secret="known to both of us")}
    house.office = replace(house.office, webhooks=called)
    house.receive(letter("anna@customer.example", SUPPORT))
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
        view = tickets.views(connection, [1], house.office.world.house, house.now)[0]
        page = Page(webhook="oncall", event="deadline.missed", rule="r", key="deadline-1/page")
        decision = Decision(
            outcome=Outcome.POSTED,
            reasons=(),
            before=view.ticket,
            after=view.ticket,
            pages=(page, replace(page, webhook="elsewhere", key="other")),
        )
        carry_out(connection, house.office, [(decision, None)])


def pages(house: InMemory) -> list[tuple[str, int, str]]:
    with house.database.read() as connection:
        rows = connection.execute(text("SELECT * FROM outbox WHERE kind = 'page' ORDER BY id"))
        return [(row.state, row.attempts, row.last_error) for row in rows]


def told(house: InMemory) -> list[str]:
    with house.database.read() as connection:
        rows = connection.execute(text("SELECT recipient FROM outbox WHERE kind = 'trouble'"))
        return [row.recipient for row in rows]


def test_a_page_that_nobody_takes_is_told_to_the_lead_and_tried_for_hours(
    house: InMemory,
) -> None:
    hook = Webhook(name="oncall", url="http://127.0.0.1:1/", allow_private=True)
    a_page(house, hook)
    delivery = Delivery(lambda: house.office, "node", "client.example")
    seen = []
    for minutes in (0, 6, 60, 181):
        house.now += timedelta(minutes=minutes)
        delivery.step()
        seen.append((pages(house)[0][0], len(told(house))))

    assert seen == [("queued", 0), ("queued", 1), ("queued", 1), ("failed", 2)]
    assert [kind for kind in events(house) if kind.startswith("page")] == [
        "page.delayed",
        "page.failed",
    ]
    assert "refused" in pages(house)[0][2]


def test_a_page_into_our_own_network_is_never_posted(house: InMemory) -> None:
    a_page(house, Webhook(name="oncall", url="https://127.0.0.1:1/"))

    Delivery(lambda: house.office, "node", "client.example").step()

    [(state, attempts, error)] = pages(house)
    assert (state, attempts) == ("queued", 1)
    assert "no address outside" in error


def test_a_page_whose_webhook_was_taken_out_fails_for_good(house: InMemory) -> None:
    a_page(house, Webhook(name="oncall", url="https://127.0.0.1:1/"))
    house.office = replace(house.office, webhooks={})

    Delivery(lambda: house.office, "node", "client.example").step()

    [(state, _, error)] = pages(house)
    assert state == "failed"
    assert "'oncall'" in error


def test_a_page_is_tried_within_seconds_and_no_sooner_than_it_is_asked() -> None:
    page = outgoing(id=1, attempts=1, kind=ReplyKind.PAGE)
    asked = replace(LATER, wait_seconds=600)

    soon, later = judge(page, LATER, NOW), judge(page, asked, NOW)

    assert soon.next_try_at is not None
    assert soon.next_try_at - NOW <= timedelta(seconds=11)
    assert later.next_try_at == NOW + timedelta(seconds=600)
