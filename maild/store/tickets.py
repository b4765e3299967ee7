"""Tickets as values: the rows of one ticket, read together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, Connection, and_, bindparam, func, or_, select

from maild.core.decision import ReplyKind
from maild.core.house import House
from maild.core.leak import TEXT_CHARACTERS_MAX
from maild.core.newcomers import OFFERED
from maild.core.snapshot import MERGES_MAX, Offer, TicketView
from maild.core.splitting import SPLIT
from maild.core.ticket import (
    Participant,
    Post,
    PostKind,
    Priority,
    Role,
    State,
    Ticket,
)
from maild.store import customers, tables
from maild.store.prepared import Prepared, Record
from maild.store.tables import metadata

RECENT_POSTS = 6
VIEWS_MAX = 50
PUBLIC_TEXTS_MAX = 50
OTHERS_TEXTS_MAX = 200
OTHERS_CHARACTERS_MAX = 64 * 1024
ANSWERS_MAX = 20
OFFERS_MAX = 20
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_PUBLIC = (PostKind.CUSTOMER, PostKind.AGENT)
_AUTOMATIC = (ReplyKind.ACKNOWLEDGEMENT, ReplyKind.TEMPLATE)

_NUMBERS: BindParameter[int] = bindparam("numbers", expanding=True)
_AUTOMATIC_SINCE = (
    select(func.count())
    .where(
        _OUTBOX.c.ticket_id == _TICKET.c.id,
        _OUTBOX.c.kind.in_(_AUTOMATIC),
        _OUTBOX.c.created_at > bindparam("since"),
    )
    .scalar_subquery()
)
_TICKETS = Prepared(
    select(_TICKET, *customers.COLUMNS, _AUTOMATIC_SINCE.label("automatic"))
    .select_from(customers.WITH_TICKET)
    .where(_TICKET.c.id.in_(_NUMBERS), _TICKET.c.erased_at.is_(None))
)
"""What is erased is a figure only: no token, id or number leads to it."""
_PEOPLE = Prepared(
    select(_PARTICIPANT).where(_PARTICIPANT.c.ticket_id.in_(_NUMBERS)).order_by(_PARTICIPANT.c.id)
)
_SIBLING = _POST.alias("sibling")
_NEWEST = select(func.max(_SIBLING.c.n)).where(_SIBLING.c.ticket_id == _POST.c.ticket_id)
_RECENT = Prepared(
    select(_POST)
    .where(_POST.c.ticket_id.in_(_NUMBERS), _POST.c.n > _NEWEST.scalar_subquery() - RECENT_POSTS)
    .order_by(_POST.c.ticket_id, _POST.c.n)
)
"""The posts of a ticket are numbered without gaps."""
_PUBLIC_IDS = Prepared(
    select(_POST.c.ticket_id, _POST.c.message_id, _POST.c.thread_index)
    .where(_POST.c.ticket_id.in_(_NUMBERS), _POST.c.kind.in_(_PUBLIC))
    .order_by(_POST.c.ticket_id, _POST.c.n)
)
_MERGED = Prepared(
    select(_TICKET.c.id).where(_TICKET.c.linked_id.in_(_NUMBERS), _TICKET.c.state == State.MERGED)
)
_SPLITS = Prepared(
    select(_EVENT.c.data).where(_EVENT.c.ticket_id.in_(_NUMBERS), _EVENT.c.kind == SPLIT)
)
_TEXT = func.substr(_POST.c.text, 1, TEXT_CHARACTERS_MAX)
_NOTES = Prepared(
    select(_TEXT)
    .where(_POST.c.ticket_id.in_(_NUMBERS), _POST.c.kind == PostKind.NOTE)
    .order_by(_POST.c.id)
)
_HOLDER = (
    select(customers.CUSTOMER.c.address)
    .where(customers.CUSTOMER.c.id == _TICKET.c.customer_id, _TICKET.c.id == _POST.c.ticket_id)
    .scalar_subquery()
)
"""Whose ticket a post stands in."""
_SHORTENED = func.substr(_POST.c.text, 1, OTHERS_CHARACTERS_MAX)
_BY_OTHERS = func.lower(_POST.c.author) != bindparam("customer")
_TO_OTHERS = func.lower(_HOLDER) != bindparam("customer")
_OTHERS_TEXTS = Prepared(
    select(_SHORTENED)
    .where(
        _POST.c.ticket_id.in_(_NUMBERS),
        or_(
            and_(_POST.c.kind == PostKind.CUSTOMER, _BY_OTHERS),
            and_(_POST.c.kind == PostKind.AGENT, _TO_OTHERS),
        ),
    )
    .order_by(_POST.c.id.desc())
    .limit(OTHERS_TEXTS_MAX)
)
_SHOWN = _TICKET.alias("shown")
_THEIRS = select(_TICKET.c.id).where(
    _TICKET.c.customer_id.in_(select(_SHOWN.c.customer_id).where(_SHOWN.c.id.in_(_NUMBERS)))
)
_USUAL = Prepared(
    select(_SHORTENED)
    .where(_POST.c.kind == PostKind.AGENT, _POST.c.ticket_id.not_in(_THEIRS))
    .order_by(_POST.c.id.desc())
    .limit(PUBLIC_TEXTS_MAX)
)
_PUBLIC_TEXTS = Prepared(
    select(_TEXT)
    .where(_POST.c.ticket_id.in_(_NUMBERS), _POST.c.kind.in_(_PUBLIC))
    .order_by(_POST.c.id.desc())
    .limit(PUBLIC_TEXTS_MAX)
)
_ANSWERS = Prepared(
    select(_POST)
    .where(_POST.c.ticket_id == bindparam("number"), _POST.c.kind == PostKind.AGENT)
    .order_by(_POST.c.n.desc())
    .limit(ANSWERS_MAX)
)
_TOLD = Prepared(
    select(_OUTBOX.c.recipient)
    .where(_OUTBOX.c.ticket_id == bindparam("number"), _OUTBOX.c.kind == ReplyKind.NOTIFICATION)
    .group_by(_OUTBOX.c.recipient)
    .order_by(func.min(_OUTBOX.c.id))
)
_OFFERS = Prepared(
    select(_EVENT.c.data)
    .where(_EVENT.c.ticket_id == bindparam("number"), _EVENT.c.kind == OFFERED)
    .order_by(_EVENT.c.id.desc())
    .limit(OFFERS_MAX)
)


def views(
    connection: Connection, numbers: Sequence[int], house: House, now: datetime
) -> tuple[TicketView, ...]:
    """Return the tickets that exist among these numbers, in the order asked for."""
    wanted = wanted_numbers(numbers)
    known = views_by_number(connection, wanted, house, now)
    return tuple(known[number] for number in wanted if number in known)


def wanted_numbers(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return what may be a ticket's number, each once, no more than one mail may ask for."""
    return tuple(number for number in dict.fromkeys(numbers) if number > 0)[:VIEWS_MAX]


def views_by_number(
    connection: Connection, numbers: Iterable[int], house: House, now: datetime
) -> dict[int, TicketView]:
    """Return the tickets that exist among these numbers; the rows of all are read together."""
    wanted = {"numbers": sorted(set(numbers))}
    if not wanted["numbers"]:
        return {}
    since = {"since": now - timedelta(hours=1)}
    rows = _TICKETS.mappings(connection, wanted | since)
    people = _by_ticket(_PEOPLE.mappings(connection, wanted))
    recent = _by_ticket(_RECENT.mappings(connection, wanted))
    public = _by_ticket(_PUBLIC_IDS.mappings(connection, wanted))
    return {
        row["id"]: TicketView(
            ticket=_ticket_of(row, people[row["id"]], house),
            post_count=recent[row["id"]][-1]["n"] if recent[row["id"]] else 0,
            recent=tuple(post_of(post) for post in recent[row["id"]]),
            public_ids=tuple(p["message_id"] for p in public[row["id"]] if p["message_id"]),
            thread_index=_newest_thread_index(public[row["id"]]),
            automatic_last_hour=row["automatic"],
        )
        for row in rows
    }


def with_desk(connection: Connection, view: TicketView, shown: Collection[int] = ()) -> TicketView:
    """Add what is asked when an agent writes: the notes, what was public lately, who was told.

    Notes are those of the tickets merged into it, too, those that were taken to other tickets, and
    those of other tickets that the agent was shown; what other customers wrote there, or were
    told, is known apart.
    """
    wanted = {"numbers": _with_merged(connection, view.ticket.number)}
    own = _with_taken(connection, wanted["numbers"])
    others = sorted(set(shown) - set(own))
    notes = tuple(_NOTES.scalars(connection, {"numbers": [*own, *others]}))
    known = {"numbers": others, "customer": view.ticket.customer.address.lower()}
    texts = tuple(_OTHERS_TEXTS.scalars(connection, known)) if others else ()
    public = tuple(_PUBLIC_TEXTS.scalars(connection, wanted)) if notes or texts else ()
    one = {"number": view.ticket.number}
    answers = _ANSWERS.mappings(connection, one)
    return replace(
        view,
        notes=notes,
        public_texts=public,
        others=texts,
        usual=tuple(_USUAL.scalars(connection, {"numbers": others})) if texts else (),
        answers=tuple(post_of(row) for row in answers),
        told=tuple(_TOLD.scalars(connection, one)),
        offers=tuple(
            Offer(post_n=int(data["n"]), addresses=tuple(data["who"].split(", ")))
            for data in _OFFERS.scalars(connection, one)
        ),
    )


def post_of(row: Record) -> Post:
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


def post_number(connection: Connection, post_id: int | None) -> int:
    """Return a post's number within its ticket; 0 when there is no such post."""
    if post_id is None:
        return 0
    found = connection.execute(select(_POST.c.n).where(_POST.c.id == post_id)).scalar_one_or_none()
    return found or 0


def _with_merged(connection: Connection, number: int) -> list[int]:
    """The number, and those of the tickets merged into it, or into one of these."""
    known = newest = {number}
    for _ in range(MERGES_MAX):
        found = _MERGED.scalars(connection, {"numbers": sorted(newest)})
        newest = set(found) - known
        if not newest:
            break
        known = known | newest
    return sorted(known)


def _with_taken(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """The numbers, and those of the tickets that posts of these were taken to, or of these."""
    known = newest = set(numbers)
    for _ in range(MERGES_MAX):
        found = _SPLITS.scalars(connection, {"numbers": sorted(newest)})
        newest = {int(data["to"]) for data in found} - known
        if not newest:
            break
        known = known | newest
    return sorted(known)


def _by_ticket(rows: Iterable[Record]) -> defaultdict[int, list[Record]]:
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for row in rows:
        found[row["ticket_id"]].append(row)
    return found


def _ticket_of(row: Record, people: Sequence[Record], house: House) -> Ticket:
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
        customer=customers.customer_of(row, house),
        participants=tuple(
            Participant(address=p["address"], name=p["name"], role=Role(p["role"])) for p in people
        ),
        linked=row["linked_id"] or 0,
        created_at=row["created_at"],
        first_response_at=row["first_response_at"],
        solved_at=row["solved_at"],
        closed_at=row["closed_at"],
        pending_until=row["pending_until"],
    )


def _newest_thread_index(public: Sequence[Record]) -> str:
    return next((p["thread_index"] for p in reversed(public) if p["thread_index"]), "")
