"""Tickets as values: the rows of one ticket, read together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from maild.core.decision import ReplyKind
from maild.core.house import House
from maild.core.snapshot import AgentLoad, TicketView
from maild.core.ticket import (
    Customer,
    Participant,
    Post,
    PostKind,
    Priority,
    Role,
    State,
    Ticket,
)
from maild.store import tables
from maild.store.tables import metadata

RECENT_POSTS = 6
VIEWS_MAX = 50
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_PUBLIC = (PostKind.CUSTOMER, PostKind.AGENT)
_AUTOMATIC = (ReplyKind.ACKNOWLEDGEMENT, ReplyKind.TEMPLATE)
_IN_HAND = (State.NEW, State.OPEN, State.PENDING)

_TICKETS = (
    select(
        _TICKET,
        _CUSTOMER.c.address,
        _CUSTOMER.c.name,
        _CUSTOMER.c.segment,
        _CUSTOMER.c.organisation,
        _CUSTOMER.c.language.label("customer_language"),
    )
    .join(_CUSTOMER, _CUSTOMER.c.id == _TICKET.c.customer_id)
    .where(_TICKET.c.id.in_(bindparam("numbers", expanding=True)))
)
_PEOPLE = (
    select(_PARTICIPANT)
    .where(_PARTICIPANT.c.ticket_id == bindparam("number"))
    .order_by(_PARTICIPANT.c.id)
)
_RECENT = (
    select(_POST)
    .where(_POST.c.ticket_id == bindparam("number"))
    .order_by(_POST.c.n.desc())
    .limit(RECENT_POSTS)
)
_PUBLIC_IDS = (
    select(_POST.c.message_id, _POST.c.thread_index)
    .where(_POST.c.ticket_id == bindparam("number"), _POST.c.kind.in_(_PUBLIC))
    .order_by(_POST.c.n)
)
_AUTOMATIC_SINCE = select(func.count()).where(
    _OUTBOX.c.ticket_id == bindparam("number"),
    _OUTBOX.c.kind.in_(_AUTOMATIC),
    _OUTBOX.c.created_at > bindparam("since"),
)
_LOADS = (
    select(
        _TICKET.c.assignee,
        func.count().filter(_TICKET.c.state.in_(_IN_HAND)),
        func.max(_TICKET.c.id),
    )
    .where(_TICKET.c.assignee != "")
    .group_by(_TICKET.c.assignee)
)


def views(
    connection: Connection, numbers: Sequence[int], house: House, now: datetime
) -> tuple[TicketView, ...]:
    """Return the tickets that exist among these numbers, in the order asked for."""
    wanted = [number for number in dict.fromkeys(numbers) if number > 0][:VIEWS_MAX]
    if not wanted:
        return ()
    rows = {row["id"]: row for row in connection.execute(_TICKETS, {"numbers": wanted}).mappings()}
    return tuple(
        _view(connection, rows[number], house, now) for number in wanted if number in rows
    )


def _view(connection: Connection, row: RowMapping, house: House, now: datetime) -> TicketView:
    number = row["id"]
    recent = connection.execute(_RECENT, {"number": number}).mappings().all()
    public = connection.execute(_PUBLIC_IDS, {"number": number}).all()
    automatic = connection.execute(
        _AUTOMATIC_SINCE, {"number": number, "since": now - timedelta(hours=1)}
    ).scalar_one()
    return TicketView(
        ticket=ticket_of(connection, row, house),
        post_count=recent[0]["n"] if recent else 0,
        recent=tuple(post_of(post) for post in reversed(recent)),
        public_ids=tuple(message_id for message_id, _ in public if message_id),
        thread_index=next((index for _, index in reversed(public) if index), ""),
        automatic_last_hour=automatic,
    )


def ticket_of(connection: Connection, row: RowMapping, house: House) -> Ticket:
    """Make the value of a row of `ticket` joined with its customer."""
    people = connection.execute(_PEOPLE, {"number": row["id"]}).mappings()
    return Ticket(
        number=row["id"],
        version=row["version"],
        subject=row["subject"],
        state=State(row["state"]),
        queue=row["queue"],
        priority=Priority(row["priority"]),
        tier=row["tier"],
        assignee=row["assignee"],
        tags=tuple(row["tags"]),
        language=row["language"],
        mailbox=row["mailbox"],
        customer=with_organisation(
            Customer(
                address=row["address"],
                name=row["name"],
                language=row["customer_language"],
                segment=row["segment"],
                organisation=row["organisation"],
            ),
            house,
        ),
        participants=tuple(
            Participant(address=p["address"], name=p["name"], role=Role(p["role"])) for p in people
        ),
        linked=row["linked_id"] or 0,
        created_at=row["created_at"],
        first_response_at=row["first_response_at"],
        solved_at=row["solved_at"],
        closed_at=row["closed_at"],
    )


def post_of(row: RowMapping) -> Post:
    """Make the value of a row of `post`, without its attachments."""
    return Post(
        n=row["n"],
        kind=PostKind(row["kind"]),
        author=row["author"],
        author_name=row["author_name"],
        at=row["at"],
        text=row["text"],
        reply_text=row["reply_text"],
        html=row["html"],
        language=row["language"],
        message_id=row["message_id"],
        thread_index=row["thread_index"],
        trust=row["trust"],
        journal_id=row["journal_id"] or 0,
    )


def loads(connection: Connection) -> tuple[AgentLoad, ...]:
    """Return what every agent has in hand."""
    return tuple(
        AgentLoad(address=address, open_tickets=in_hand, last_assigned_ticket=newest)
        for address, in_hand, newest in connection.execute(_LOADS)
    )


def with_organisation(customer: Customer, house: House) -> Customer:
    """Fill in the segment and the organisation that the address's domain is known for."""
    known = house.organisation_of(customer.address)
    return Customer(
        address=customer.address,
        name=customer.name,
        language=customer.language,
        segment=customer.segment or (known.segment if known else "free"),
        organisation=customer.organisation or (known.name if known else ""),
    )
