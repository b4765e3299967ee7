"""What an agent's commands ask for: the whole ticket, what they have in hand, their last reply."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from maild.core import index
from maild.core.commandtable import Word
from maild.core.decision import SentReply
from maild.core.house import Agent, House
from maild.core.index import Finding
from maild.core.inquiry import Inquiry
from maild.core.snapshot import Desk
from maild.core.ticket import Post, PostKind, State, Ticket
from maild.store import absence, search, tables
from maild.store.tables import OutboxState, metadata
from maild.store.tickets import post_of, views_by_number

POSTS_MAX = 500
_WHOLE = frozenset({Word.SHOW, Word.SPLIT})
"""Words that need every post of the ticket."""
TICKETS_MAX = 200
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_IN_HAND = (State.NEW, State.OPEN, State.PENDING, State.ON_HOLD)
_STORY = (
    select(_POST)
    .where(_POST.c.ticket_id == bindparam("number"))
    .order_by(_POST.c.n.desc())
    .limit(POSTS_MAX)
)
_MINE = (
    select(_TICKET.c.id)
    .where(_TICKET.c.assignee == bindparam("agent"), _TICKET.c.state.in_(_IN_HAND))
    .order_by(_TICKET.c.id)
    .limit(TICKETS_MAX)
)
_REPLIES = (
    select(_POST.c.id, _POST.c.n, _POST.c.message_id, _POST.c.journal_id, _POST.c.author)
    .where(_POST.c.ticket_id == bindparam("number"), _POST.c.kind == PostKind.AGENT)
    .order_by(_POST.c.n.desc())
    .limit(POSTS_MAX)
)
_COPIES = select(_OUTBOX.c.id, _OUTBOX.c.state).where(
    _OUTBOX.c.ticket_id == bindparam("number"), _OUTBOX.c.post_id == bindparam("post")
)
_CAUSED = select(_EVENT.c.id, _EVENT.c.kind, _EVENT.c.data).where(
    _EVENT.c.ticket_id == bindparam("number"), _EVENT.c.journal_id == bindparam("journal")
)
_ESCALATION = (
    select(_EVENT.c.kind)
    .where(_EVENT.c.ticket_id == bindparam("number"), _EVENT.c.kind.like("escalation.%"))
    .order_by(_EVENT.c.id.desc())
    .limit(1)
)
_LAST_MOVE = select(func.max(_EVENT.c.id)).where(
    _EVENT.c.ticket_id == bindparam("number"), _EVENT.c.kind == "state.changed"
)


def desk_of(connection: Connection, inquiry: Inquiry, house: House, now: datetime) -> Desk:
    """Look up what one mail's commands ask for; nothing for a mail without such commands."""
    words = inquiry.words
    if not words:
        return Desk()
    findings = _found(connection, inquiry, house, now)
    return Desk(
        ticket=inquiry.own,
        story=_story(connection, inquiry.own) if words & _WHOLE else (),
        tickets=_in_hand(connection, inquiry.agent, house, now) if Word.LIST in words else (),
        sent=_sent(connection, inquiry) if Word.UNDO in words else None,
        findings=findings[: index.FOUND_MAX],
        has_more=len(findings) > index.FOUND_MAX,
        escalation=_escalation(connection, inquiry.own) if Word.ACK in words else "",
        absence=absence.of(connection, inquiry.agent, now) if Word.BACK in words else None,
    )


def found(
    connection: Connection, words: str, house: House, now: datetime, agent: Agent | None = None
) -> tuple[Finding, ...]:
    """Return the tickets that have the words, one more than is shown; those an agent may see.

    Without an agent every ticket counts.
    """
    wanted = index.wanted(words)
    numbers = search.numbers(connection, wanted, index.FOUND_MAX + 1, agent)
    views = views_by_number(connection, numbers, house, now)
    places = search.contexts(connection, wanted, numbers[: index.FOUND_MAX])
    return tuple(
        Finding(ticket=views[number].ticket, contexts=places.get(number, ()))
        for number in numbers
        if number in views
    )


def _found(
    connection: Connection, inquiry: Inquiry, house: House, now: datetime
) -> tuple[Finding, ...]:
    agent = house.agent_of(inquiry.agent)
    if Word.SEARCH not in inquiry.words or agent is None:
        return ()
    return found(connection, inquiry.search, house, now, agent)


def _escalation(connection: Connection, number: int) -> str:
    """The kind of the newest event about an escalation; empty for none."""
    return connection.execute(_ESCALATION, {"number": number}).scalar_one_or_none() or ""


def _story(connection: Connection, number: int) -> tuple[Post, ...]:
    rows = connection.execute(_STORY, {"number": number}).mappings().all()
    return tuple(post_of(row) for row in reversed(rows))


def _in_hand(
    connection: Connection, agent: str, house: House, now: datetime
) -> tuple[Ticket, ...]:
    numbers = connection.execute(_MINE, {"agent": agent}).scalars().all()
    known = views_by_number(connection, numbers, house, now)
    return tuple(known[number].ticket for number in numbers if number in known)


def _sent(connection: Connection, inquiry: Inquiry) -> SentReply | None:
    """The newest reply of the agent on the ticket, and whether it can still be taken back."""
    number = inquiry.own
    replies = connection.execute(_REPLIES, {"number": number}).mappings().all()
    post = next((row for row in replies if row["author"] == inquiry.agent), None)
    if post is None:
        return None
    keys = {"number": number, "post": post["id"]}
    copies = connection.execute(_COPIES, keys).mappings().all()
    events = _caused(connection, number, post)
    move = events.get("state.changed")
    last_move = connection.execute(_LAST_MOVE, {"number": number}).scalar_one()
    is_last = move is not None and move["id"] == last_move
    taken = events.get("ticket.assigned")
    return SentReply(
        ticket=number,
        post_n=post["n"],
        message_id=post["message_id"],
        outbox=tuple(row["id"] for row in copies),
        is_waiting=bool(copies) and all(r["state"] == OutboxState.SCHEDULED for r in copies),
        moved_from=State(move["data"]["from"]) if move is not None and is_last else None,
        took_ticket=taken is not None and "why" in taken["data"],
        is_first=all(row["n"] >= post["n"] for row in replies),
    )


def _caused(connection: Connection, number: int, post: Any) -> dict[str, RowMapping]:
    """The events that the mail of a post caused, by kind."""
    values = {"number": number, "journal": post["journal_id"]}
    return {row["kind"]: row for row in connection.execute(_CAUSED, values).mappings()}
