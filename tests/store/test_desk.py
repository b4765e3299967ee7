"""What an agent's commands look up, and a reply that is taken back, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from maild.core.commandtable import Word
from maild.core.decision import Decision, EventDraft, Outcome, ReplyKind
from maild.core.house import Agent, House, Mailbox
from maild.core.inquiry import Inquiry
from maild.core.reason import Reason, Why
from maild.core.snapshot import Desk
from maild.core.ticket import Participant, PostKind, Role, State, Ticket
from maild.errors import LostRace
from maild.store import outbox, tables, tickets
from maild.store.database import Database
from maild.store.desk import desk_of
from maild.store.tables import OutboxState, metadata
from tests.store.rows import NOW, a_post, apply, journalled, new_ticket, opening, outgoing, queued

ALICE = "alice@co.example"
HOUSE = House(
    name="Co",
    domain="co.example",
    mailboxes=(Mailbox(name="Support", address="support@co.example"),),
    agents=(Agent(address=ALICE, name="Alice"),),
)
LATER = NOW + timedelta(minutes=1)
POST = metadata.tables[tables.PostRow.__tablename__]
OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
PARTICIPANT = metadata.tables[tables.ParticipantRow.__tablename__]


def changed(before: Ticket, after: Ticket, *kinds: EventDraft, **more: object) -> Decision:
    made = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.AGENT_REPLY),),
        before=before,
        after=after,
        events=kinds,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def answered(database: Database) -> Ticket:
    """A ticket with Alice's reply, two copies of which wait for their time."""
    ticket = apply(database, opening())
    after = replace(ticket, state=State.PENDING, assignee=ALICE)
    events = (
        EventDraft(
            kind="ticket.assigned", actor=ALICE, data=(("to", ALICE), ("why", "first to answer"))
        ),
        EventDraft(kind="state.changed", actor=ALICE, data=(("from", "new"), ("to", "pending"))),
    )
    (journal_id,) = journalled(database)
    reply = a_post(2, PostKind.AGENT, author=ALICE, message_id="r2@x", journal_id=journal_id)
    answer = changed(ticket, after, *events, posts=(reply,))
    ticket = apply(database, answer, journal_id)
    with database.read() as connection:
        post_id = connection.execute(select(POST.c.id).where(POST.c.n == 2)).scalar_one()
    copies = (
        outgoing(
            key, ticket.number, kind=ReplyKind.REPLY, post_id=post_id, not_before=LATER
        )
        for key in ("a", "b")
    )  # fmt: skip
    queued(database, *copies)
    return ticket


def asked(database: Database, number: int, *words: Word) -> Desk:
    inquiry = Inquiry(own=number, agent=ALICE, words=frozenset(words))
    with database.read() as connection:
        return desk_of(connection, inquiry, HOUSE, NOW)


def test_a_waiting_reply_is_found_with_all_that_followed(database: Database) -> None:
    ticket = answered(database)

    sent = asked(database, ticket.number, Word.UNDO).sent

    assert sent is not None
    assert (sent.post_n, sent.message_id, len(sent.outbox)) == (2, "r2@x", 2)
    assert (sent.is_waiting, sent.is_first, sent.took_ticket) == (True, True, True)
    assert sent.moved_from is State.NEW


def test_it_is_taken_back_once_and_then_is_no_reply_any_more(database: Database) -> None:
    ticket = answered(database)
    sent = asked(database, ticket.number, Word.UNDO).sent

    apply(database, changed(ticket, ticket, undone=sent))

    with database.read() as connection:
        kinds = connection.execute(select(POST.c.kind).order_by(POST.c.n)).scalars().all()
        view = tickets.views(connection, [ticket.number], HOUSE, NOW)[0]
    assert kinds == ["customer", "undone"]
    assert "r2@x" not in view.public_ids
    assert outbox.claim(database, "node", LATER, 10) == ()
    assert asked(database, ticket.number, Word.UNDO).sent is None


def test_a_copy_that_is_under_way_stops_it_all(database: Database) -> None:
    ticket = answered(database)
    sent = asked(database, ticket.number, Word.UNDO).sent
    assert len(outbox.claim(database, "node", LATER, 1)) == 1

    with pytest.raises(LostRace):
        apply(database, changed(ticket, ticket, undone=sent))

    again = asked(database, ticket.number, Word.UNDO).sent
    assert again is not None
    assert not again.is_waiting
    with database.read() as connection:
        states = [row["state"] for row in connection.execute(select(OUTBOX.c.state)).mappings()]
    assert sorted(states) == [OutboxState.SCHEDULED, OutboxState.SENDING]


def test_the_story_and_the_list_are_those_asked_for(database: Database) -> None:
    ticket = answered(database)
    other = apply(database, opening(ticket=replace(new_ticket(), assignee=ALICE)))
    apply(database, opening(ticket=replace(new_ticket(), assignee=ALICE, state=State.SOLVED)))

    desk = asked(database, ticket.number, Word.SHOW, Word.LIST)

    assert (desk.ticket, [post.n for post in desk.story]) == (ticket.number, [1, 2])
    assert [found.number for found in desk.tickets] == [ticket.number, other.number]
    assert desk.sent is None
    assert asked(database, ticket.number) == Desk()


def test_a_participant_who_is_taken_out_is_gone(database: Database) -> None:
    ben = Participant(address="ben@customer.example", role=Role.CC)
    ticket = apply(database, opening())
    both = replace(ticket, participants=(*ticket.participants, ben))
    added = apply(database, changed(ticket, both))

    apply(database, changed(added, replace(added, participants=ticket.participants)))

    with database.read() as connection:
        left = connection.execute(select(PARTICIPANT.c.address)).scalars().all()
    assert left == [ticket.participants[0].address]


def test_a_link_is_kept(database: Database) -> None:
    first, second = apply(database, opening()), apply(database, opening())

    apply(database, changed(second, replace(second, linked=first.number)))

    with database.read() as connection:
        view = tickets.views(connection, [second.number], HOUSE, NOW)[0]
    assert view.ticket.linked == first.number
