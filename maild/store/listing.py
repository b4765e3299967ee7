"""Rows for people: lists of tickets, held mails and mails of ours, and the story of one ticket.

Every function returns JSON-ready values with the names of the command line's contract; times are
RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from maild.core.decision import Outcome
from maild.core.house import House
from maild.core.question import Question
from maild.core.ticket import PostKind
from maild.errors import NotAllowed
from maild.store import customers, questions, tables
from maild.store.deadlines import DeadlineRow
from maild.store.tables import metadata

Json = dict[str, Any]
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_ATTACHMENT = _T[tables.AttachmentRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_DEADLINE = _T[DeadlineRow.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_WITH_CUSTOMER = select(_TICKET, *customers.COLUMNS).select_from(customers.WITH_TICKET)


def ticket_list(
    connection: Connection, house: House, *, state: str = "", queue: str = "", limit: int = 0
) -> list[Json]:
    """Return tickets, newest first; empty filters and a limit of 0 leave none out."""
    statement = _WITH_CUSTOMER.order_by(_TICKET.c.id.desc())
    if state:
        statement = statement.where(_TICKET.c.state == state)
    if queue:
        statement = statement.where(_TICKET.c.queue == queue)
    if limit:
        statement = statement.limit(limit)
    return [_ticket(row, house) for row in connection.execute(statement).mappings()]


def ticket_story(connection: Connection, house: House, number: int) -> Json:
    """Return a ticket with people, posts, deadlines and events; NotAllowed when there is none."""
    row = connection.execute(_WITH_CUSTOMER.where(_TICKET.c.id == number)).mappings().first()
    if row is None:
        raise NotAllowed(f"there is no ticket {number}")
    people = connection.execute(
        select(_PARTICIPANT).where(_PARTICIPANT.c.ticket_id == number).order_by(_PARTICIPANT.c.id)
    ).mappings()
    posts = connection.execute(
        select(_POST).where(_POST.c.ticket_id == number).order_by(_POST.c.n)
    ).mappings()
    deadlines = connection.execute(
        select(_DEADLINE).where(_DEADLINE.c.ticket_id == number).order_by(_DEADLINE.c.due_at)
    ).mappings()
    return _ticket(row, house) | {
        "participants": [
            {"address": p["address"], "name": p["name"], "role": p["role"]} for p in people
        ],
        "posts": [_post(connection, post) for post in posts.all()],
        "deadlines": [
            {
                "kind": d["kind"],
                "due_at": _time(d["due_at"]),
                "state": d["state"],
                "policy": d["policy"],
            }
            for d in deadlines
        ],
        "events": events(connection, number),
    }


def events(connection: Connection, number: int) -> list[Json]:
    """Return the log of a ticket, oldest first."""
    rows = connection.execute(
        select(_EVENT).where(_EVENT.c.ticket_id == number).order_by(_EVENT.c.id)
    ).mappings()
    return [
        {
            "at": _time(row["at"]),
            "kind": row["kind"],
            "actor": row["actor"],
            "data": row["data"],
            "journal": row["journal_id"],
        }
        for row in rows
    ]


def held_list(connection: Connection) -> list[Json]:
    """Return the held mails, oldest first."""
    rows = connection.execute(
        select(_JOURNAL).where(_JOURNAL.c.outcome == Outcome.HELD).order_by(_JOURNAL.c.id)
    ).mappings()
    asked = questions.waiting(connection)
    return [_held(row, asked.get(row["id"])) for row in rows]


def held_one(connection: Connection, journal_id: int) -> Json:
    """Return one journal row that is held; NotAllowed when it is not."""
    row = (
        connection.execute(
            select(_JOURNAL).where(_JOURNAL.c.id == journal_id, _JOURNAL.c.outcome == Outcome.HELD)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotAllowed(f"journal row {journal_id} is not held")
    return _held(row, questions.waiting(connection).get(journal_id))


def outbox_list(connection: Connection, state: str = "") -> list[Json]:
    """Return mails of ours, newest first."""
    statement = select(_OUTBOX).order_by(_OUTBOX.c.id.desc())
    if state:
        statement = statement.where(_OUTBOX.c.state == state)
    return [
        {
            "id": row["id"],
            "state": row["state"],
            "kind": row["kind"],
            "ticket": row["ticket_id"],
            "recipient": row["recipient"],
            "message_id": row["message_id"],
            "sha256": row["sha256"],
            "size": row["size"],
            "attempts": row["attempts"],
            "next_try_at": _time(row["next_try_at"]),
            "sent_at": _time(row["sent_at"]),
            "last_error": row["last_error"],
            "created_at": _time(row["created_at"]),
        }
        for row in connection.execute(statement).mappings()
    ]


def _ticket(row: RowMapping, house: House) -> Json:
    customer = customers.customer_of(row, house)
    return {
        "number": row["id"],
        "subject": row["subject"],
        "state": row["state"],
        "queue": row["queue"],
        "priority": row["priority"],
        "tier": row["tier"],
        "assignee": row["assignee"],
        "tags": list(row["tags"]),
        "language": row["language"],
        "mailbox": row["mailbox"],
        "linked": row["linked_id"],
        "customer": {
            "address": customer.address,
            "name": customer.name,
            "segment": customer.segment,
            "organisation": customer.organisation,
        },
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
        "first_response_at": _time(row["first_response_at"]),
        "solved_at": _time(row["solved_at"]),
        "closed_at": _time(row["closed_at"]),
    }


def _post(connection: Connection, row: RowMapping) -> Json:
    files = connection.execute(
        select(_ATTACHMENT).where(_ATTACHMENT.c.post_id == row["id"]).order_by(_ATTACHMENT.c.n)
    ).mappings()
    return {
        "n": row["n"],
        "kind": PostKind.AGENT if row["kind"] == PostKind.UNDONE else row["kind"],
        "undone": row["kind"] == PostKind.UNDONE,
        "author": row["author"],
        "author_name": row["author_name"],
        "at": _time(row["at"]),
        "text": row["text"],
        "reply_text": row["reply_text"],
        "html": row["html"],
        "language": row["language"],
        "message_id": row["message_id"],
        "trust": row["trust"],
        "journal": row["journal_id"],
        "attachments": [
            {"name": f["name"], "type": f["type"], "size": f["size"], "sha256": f["sha256"]}
            for f in files
        ],
    }


def _held(row: RowMapping, asked: Question | None) -> Json:
    """One held mail; `confirmation` is who may confirm it until when, or null."""
    confirmation: Json | None = None
    if asked is not None:
        until = _time(asked.expires_at)
        confirmation = {"agent": asked.agent, "expires_at": until, "asked": asked.round}
    return {
        "journal": row["id"],
        "received_at": _time(row["received_at"]),
        "source": row["source"],
        "from": row["mail_from"],
        "to": row["rcpt_to"],
        "message_id": row["message_id"],
        "size": row["size"],
        "sha256": row["sha256"],
        "tries": row["tries"],
        "reason": row["reason"],
        "ticket": row["ticket_id"],
        "confirmation": confirmation,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None
