"""Apply a decision: one transaction holds the ticket, its posts, events, mails and the outcome.

What must not happen twice is refused by the database's unique keys: a journal row becomes at most
one post, a message id belongs to one ticket, a reply has one key. `LostRace` is raised when the
ticket changed since it was looked up; then nothing was written and the caller looks up again.

Strategy: many decisions are written together, table by table, each by one prepared statement;
they must not touch the same ticket. One by itself takes the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from maild.core.decision import Decision, EventDraft
from maild.core.mail import Attachment
from maild.core.quick import replace
from maild.core.ticket import Customer, Post, Ticket
from maild.errors import LostRace
from maild.store import search, tables
from maild.store.conflict import add_unless_there
from maild.store.database import inserted_ids
from maild.store.prepared import Prepared
from maild.store.splits import take
from maild.store.tables import metadata
from maild.store.takeback import take_back

_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_ATTACHMENT = _T[tables.AttachmentRow.__tablename__]
_KEY = _T[tables.MessageKeyRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_ADD_ATTACHMENT = Prepared(insert(_ATTACHMENT))
_ADD_EVENT = Prepared(insert(_EVENT))
_REMOVE_PARTICIPANT = Prepared(
    delete(_PARTICIPANT).where(
        _PARTICIPANT.c.ticket_id == bindparam("number"),
        _PARTICIPANT.c.address == bindparam("person"),
    )
)
_ADDRESSES: BindParameter[str] = bindparam("addresses", expanding=True)
_CUSTOMER_IDS = Prepared(
    select(_CUSTOMER.c.address, _CUSTOMER.c.id).where(_CUSTOMER.c.address.in_(_ADDRESSES))
)
_CHANGED = (
    "subject",
    "state",
    "queue",
    "priority",
    "tier",
    "assignee",
    "tags",
    "language",
    "mailbox",
    "linked_id",
    "first_response_at",
    "solved_at",
    "closed_at",
    "pending_until",
    "updated_at",
)
_CHANGE = Prepared(
    update(_TICKET)
    .where(_TICKET.c.id == bindparam("number"), _TICKET.c.version == bindparam("looked_up"))
    .values(
        version=_TICKET.c.version + 1,
        **{name: bindparam(f"new_{name}", type_=_TICKET.c[name].type) for name in _CHANGED},
    )
)

_GIVE = Prepared(
    update(_TICKET)
    .where(_TICKET.c.id == bindparam("number"))
    .values(customer_id=bindparam("owner"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A decision, and the ticket that `numbered` gave back for it."""

    decision: Decision
    ticket: Ticket
    journal_id: int
    """Of the mail that it is about; 0 for none."""


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
    return all_numbered(connection, [decision], now)[0]


def all_numbered(
    connection: Connection, decisions: Sequence[Decision], now: datetime
) -> list[Ticket | None]:
    """Write the tickets of many decisions, in order."""
    new = [d.after for d in decisions if d.after is not None and d.after.number == 0]
    opened = iter(_opened(connection, new, now))
    _change(connection, [d.after for d in decisions if d.after and _is_changed(d)], now)
    _give(connection, decisions, now)
    tickets: list[Ticket | None] = []
    for decision in decisions:
        ticket = decision.after
        if ticket is not None and ticket.number == 0:
            ticket = next(opened)
        elif ticket is not None and _is_changed(decision):
            ticket = replace(ticket, version=ticket.version + 1)
        tickets.append(ticket)
    return tickets


def story(
    connection: Connection, decision: Decision, ticket: Ticket, journal_id: int, now: datetime
) -> Applied:
    """Write the posts, keys, people and events of a ticket that `numbered` gave back."""
    told = Story(decision=decision, ticket=ticket, journal_id=journal_id)
    return stories(connection, [told], now)[0]


def stories(connection: Connection, told: Sequence[Story], now: datetime) -> list[Applied]:
    """Write the stories of many tickets, in order."""
    for one in told:
        if one.decision.undone is not None:
            take_back(connection, one.decision.undone)
        if one.decision.taken is not None:
            take(connection, one.decision.taken, one.ticket.number, now)
    _remove_participants(connection, told)
    _add_participants(connection, told)
    posts = [(one.ticket.number, post) for one in told for post in one.decision.posts]
    ids = _add_posts(connection, posts)
    search.add(
        connection, [(n, post) for n, (_, post) in zip(ids, posts, strict=True)], _subjects(told)
    )
    post_ids = iter(ids)
    _add_keys(connection, told)
    _add_events(
        connection,
        [
            _event(one.ticket.number, e, one.journal_id, now)
            for one in told
            for e in one.decision.events
        ],
    )
    applied = []
    for one in told:
        own = [next(post_ids) for _ in one.decision.posts]
        applied.append(Applied(ticket_id=one.ticket.number, post_id=own[0] if own else None))
    return applied


def _subjects(told: Sequence[Story]) -> list[tuple[int, str]]:
    """The subjects that are new."""
    return [
        (one.ticket.number, one.ticket.subject)
        for one in told
        if one.decision.before is None or one.decision.before.subject != one.ticket.subject
    ]


def add_events(
    connection: Connection,
    ticket_id: int | None,
    events: Sequence[EventDraft],
    journal_id: int,
    now: datetime,
) -> None:
    """Append to a ticket's log, or to that which belongs to none."""
    _add_events(connection, [_event(ticket_id, one, journal_id, now) for one in events])


def _opened(connection: Connection, tickets: Sequence[Ticket], now: datetime) -> list[Ticket]:
    """Give numbers to new tickets."""
    if not tickets:
        return []
    customers = _customers(connection, [ticket.customer for ticket in tickets], now)
    rows = [
        _columns(ticket)
        | {
            "version": 1,
            "customer_id": customers[ticket.customer.address],
            "created_at": ticket.created_at,
            "updated_at": now,
        }
        for ticket in tickets
    ]
    numbers = inserted_ids(connection, _TICKET, rows)
    return [
        replace(ticket, number=number, version=1)
        for ticket, number in zip(tickets, numbers, strict=True)
    ]


def _is_changed(decision: Decision) -> bool:
    ticket = decision.after
    if ticket is None or ticket.number == 0:
        return False
    return ticket != decision.before or bool(decision.posts or decision.others)


def _change(connection: Connection, tickets: Sequence[Ticket], now: datetime) -> None:
    """Write tickets anew, each only if it is still as it was looked up."""
    if not tickets:
        return
    rows = []
    for ticket in tickets:
        columns = _columns(ticket) | {"updated_at": now}
        row = {f"new_{name}": columns[name] for name in _CHANGED}
        rows.append(row | {"number": ticket.number, "looked_up": ticket.version})
    if _CHANGE.run(connection, rows) != len(rows):
        numbers = ", ".join(str(ticket.number) for ticket in tickets)
        raise LostRace(f"not as they were looked up any more: tickets {numbers}")


def _give(connection: Connection, decisions: Sequence[Decision], now: datetime) -> None:
    """Write whose tickets are those that were given to another customer."""
    given = [
        decision.after
        for decision in decisions
        if decision.before is not None
        and decision.after is not None
        and decision.before.customer.address != decision.after.customer.address
    ]
    if given:
        ids = _customers(connection, [ticket.customer for ticket in given], now)
        rows = [{"number": one.number, "owner": ids[one.customer.address]} for one in given]
        _GIVE.run(connection, rows)


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
        "linked_id": ticket.linked or None,
        "first_response_at": ticket.first_response_at,
        "solved_at": ticket.solved_at,
        "closed_at": ticket.closed_at,
        "pending_until": ticket.pending_until,
    }


def _customers(
    connection: Connection, customers: Sequence[Customer], now: datetime
) -> dict[str, int]:
    """Return the ids of customers by address; the unknown ones are made."""
    addresses = {"addresses": sorted({customer.address for customer in customers})}
    known: dict[str, int] = dict(_CUSTOMER_IDS.rows(connection, addresses))
    rows = [
        {
            "address": customer.address,
            "name": customer.name,
            "language": customer.language,
            "segment": "",
            "organisation": "",
            "verified": False,
            "created_at": now,
        }
        for customer in customers
        if customer.address not in known
    ]
    if not rows:
        return known
    add_unless_there(connection, _CUSTOMER, rows)
    return dict(_CUSTOMER_IDS.rows(connection, addresses))


def _add_participants(connection: Connection, told: Sequence[Story]) -> None:
    rows = [
        {
            "ticket_id": one.ticket.number,
            "address": person.address,
            "name": person.name,
            "role": person.role,
        }
        for one in told
        for person in one.ticket.participants
        if not one.decision.before or person not in one.decision.before.participants
    ]
    if rows:
        add_unless_there(connection, _PARTICIPANT, rows)


def _remove_participants(connection: Connection, told: Sequence[Story]) -> None:
    rows = [
        {"number": one.ticket.number, "person": person.address}
        for one in told
        if one.decision.before is not None and one.decision.after is not None
        for person in one.decision.before.participants
        if one.ticket.participant(person.address) is None
    ]
    if rows:
        _REMOVE_PARTICIPANT.run(connection, rows)


def _add_posts(connection: Connection, posts: Sequence[tuple[int, Post]]) -> Sequence[int]:
    """Add posts to the tickets of these numbers; return the ids of the posts, in order."""
    rows = [
        {
            "ticket_id": ticket_id,
            "n": post.n,
            "kind": post.kind,
            "author": post.author,
            "author_name": post.author_name,
            "at": post.at,
            "text": post.text,
            "reply_text": post.reply_text,
            "html": post.html,
            "language": post.language,
            "message_id": post.message_id,
            "thread_index": post.thread_index,
            "trust": post.trust,
            "journal_id": post.journal_id or None,
        }
        for ticket_id, post in posts
    ]
    ids = inserted_ids(connection, _POST, rows) if rows else []
    files = [
        _file(post_id, n, attachment)
        for post_id, (_, post) in zip(ids, posts, strict=True)
        for n, attachment in enumerate(post.attachments, start=1)
    ]
    if files:
        _ADD_ATTACHMENT.run(connection, files)
    return ids


def _file(post_id: int, n: int, attachment: Attachment) -> dict[str, Any]:
    return {
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


def _add_keys(connection: Connection, told: Sequence[Story]) -> None:
    """Let message ids belong to tickets; one that belongs to another already stays there."""
    rows = [
        {"message_id": key, "ticket_id": one.ticket.number}
        for one in told
        for key in one.decision.keys
    ]
    if rows:
        add_unless_there(connection, _KEY, rows)


def _add_events(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        _ADD_EVENT.run(connection, rows)


def _event(
    ticket_id: int | None, event: EventDraft, journal_id: int, now: datetime
) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "at": event.at or now,
        "kind": event.kind,
        "actor": event.actor,
        "data": dict(event.data),
        "journal_id": journal_id or None,
    }
