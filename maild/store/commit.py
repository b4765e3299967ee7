"""Apply a decision: one transaction holds the ticket, its posts, events, mails and the outcome.

What must not happen twice is refused by the database's unique keys: a journal row becomes at most
one post, a message id belongs to one ticket, a reply has one key. `LostRace` is raised when the
ticket changed since it was looked up; then nothing was written and the caller looks up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from maild.core.decision import Decision, EventDraft
from maild.core.ticket import Customer, Participant, Post, Ticket
from maild.errors import LostRace
from maild.store import tables
from maild.store.database import inserted_id
from maild.store.tables import metadata

_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_ATTACHMENT = _T[tables.AttachmentRow.__tablename__]
_KEY = _T[tables.MessageKeyRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_CUSTOMER_ID = select(_CUSTOMER.c.id).where(_CUSTOMER.c.address == bindparam("address"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What the commit gave numbers to."""

    ticket_id: int | None
    post_id: int | None


def numbered(connection: Connection, decision: Decision, now: datetime) -> Ticket | None:
    """Write the ticket itself, and return it with its number and version; None when there is none.

    A new ticket gets its number here; a known one is changed only if it is still the version that
    was looked up.
    """
    ticket = decision.after
    if ticket is None:
        return None
    if ticket.number == 0:
        return _opened(connection, ticket, now)
    if ticket == decision.before and not decision.posts:
        return ticket
    changed = connection.execute(
        update(_TICKET)
        .where(_TICKET.c.id == ticket.number, _TICKET.c.version == ticket.version)
        .values(version=ticket.version + 1, updated_at=now, **_columns(ticket))
    ).rowcount
    if not changed:
        raise LostRace(f"ticket {ticket.number} is no longer version {ticket.version}")
    return replace(ticket, version=ticket.version + 1)


def story(
    connection: Connection, decision: Decision, ticket: Ticket, journal_id: int, now: datetime
) -> Applied:
    """Write the posts, keys, people and events of a ticket that `numbered` gave back."""
    people = ticket.participants
    known = decision.before.participants if decision.before else ()
    _add_participants(connection, ticket.number, [p for p in people if p not in known])
    post_ids = [_add_post(connection, ticket.number, post) for post in decision.posts]
    add_keys(connection, ticket.number, decision.keys)
    add_events(connection, ticket.number, decision.events, journal_id, now)
    return Applied(ticket_id=ticket.number, post_id=post_ids[0] if post_ids else None)


def add_keys(connection: Connection, ticket_id: int, keys: Sequence[str]) -> None:
    """Let message ids belong to a ticket; one that belongs to another already stays there."""
    if keys:
        rows = [{"message_id": key, "ticket_id": ticket_id} for key in keys]
        connection.execute(unless_there(connection, _KEY), rows)


def add_events(
    connection: Connection,
    ticket_id: int,
    events: Sequence[EventDraft],
    journal_id: int,
    now: datetime,
) -> None:
    """Append to the ticket's log."""
    if events:
        connection.execute(
            insert(_EVENT),
            [
                {
                    "ticket_id": ticket_id,
                    "at": now,
                    "kind": event.kind,
                    "actor": event.actor,
                    "data": dict(event.data),
                    "journal_id": journal_id or None,
                }
                for event in events
            ],
        )


def unless_there(connection: Connection, table: Any) -> Insert:
    """Return an insert that leaves a row alone whose unique key is there already."""
    if connection.dialect.name == "sqlite":
        return sqlite_insert(table).on_conflict_do_nothing()
    return postgresql_insert(table).on_conflict_do_nothing()


def _opened(connection: Connection, ticket: Ticket, now: datetime) -> Ticket:
    customer_id = _customer(connection, ticket.customer, now)
    values = _columns(ticket) | {
        "version": 1,
        "customer_id": customer_id,
        "linked_id": ticket.linked or None,
        "created_at": ticket.created_at,
        "updated_at": now,
    }
    number = inserted_id(connection.execute(insert(_TICKET).values(values)))
    return replace(ticket, number=number, version=1)


def _columns(ticket: Ticket) -> dict[str, Any]:
    return {
        "subject": ticket.subject,
        "state": ticket.state,
        "queue": ticket.queue,
        "priority": ticket.priority,
        "tier": ticket.tier,
        "assignee": ticket.assignee,
        "tags": list(ticket.tags),
        "language": ticket.language,
        "mailbox": ticket.mailbox,
        "first_response_at": ticket.first_response_at,
        "solved_at": ticket.solved_at,
        "closed_at": ticket.closed_at,
    }


def _customer(connection: Connection, customer: Customer, now: datetime) -> int:
    found = connection.execute(_CUSTOMER_ID, {"address": customer.address}).scalar_one_or_none()
    if found is not None:
        return int(found)
    connection.execute(
        unless_there(connection, _CUSTOMER),
        {
            "address": customer.address,
            "name": customer.name,
            "language": customer.language,
            "segment": "",
            "organisation": "",
            "verified": False,
            "created_at": now,
        },
    )
    return int(connection.execute(_CUSTOMER_ID, {"address": customer.address}).scalar_one())


def _add_participants(
    connection: Connection, ticket_id: int, people: Sequence[Participant]
) -> None:
    if people:
        connection.execute(
            unless_there(connection, _PARTICIPANT),
            [
                {
                    "ticket_id": ticket_id,
                    "address": person.address,
                    "name": person.name,
                    "role": person.role,
                }
                for person in people
            ],
        )


def _add_post(connection: Connection, ticket_id: int, post: Post) -> int:
    post_id = inserted_id(
        connection.execute(
            insert(_POST).values(
                ticket_id=ticket_id,
                n=post.n,
                kind=post.kind,
                author=post.author,
                author_name=post.author_name,
                at=post.at,
                text=post.text,
                reply_text=post.reply_text,
                html=post.html,
                language=post.language,
                message_id=post.message_id,
                thread_index=post.thread_index,
                trust=post.trust,
                journal_id=post.journal_id or None,
            )
        )
    )
    rows = [
        {
            "post_id": post_id,
            "n": n,
            "name": attachment.name,
            "type": attachment.type,
            "size": attachment.size,
            "sha256": attachment.sha256,
            "inline": attachment.inline,
            "content_id": attachment.content_id,
            "start": attachment.locator.start,
            "end": attachment.locator.end,
            "encoding": attachment.locator.encoding,
            "index": attachment.locator.index,
        }
        for n, attachment in enumerate(post.attachments, start=1)
    ]
    if rows:
        connection.execute(insert(_ATTACHMENT), rows)
    return post_id
