"""What a database holds about one person: where their rows are, before they go or are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    func,
    or_,
    select,
    union,
)

from maild.core.erasure import names as names_them
from maild.core.ticket import PostKind
from maild.store import tables
from maild.store.questions import QuestionRow
from maild.store.tables import JournalState, metadata

AT_ONCE = 500
"""Numbers in one statement."""
_Number = TypeVar("_Number", int, str)
_T = metadata.tables
_JOURNAL = _T[tables.JournalRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_ATTACHMENT = _T[tables.AttachmentRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_QUESTION = _T[QuestionRow.__tablename__]
_WHO: BindParameter[str] = bindparam("who")
_CUSTOMER_OF = select(_CUSTOMER.c.id, _CUSTOMER.c.created_at).where(
    func.lower(_CUSTOMER.c.address) == _WHO
)
_OWN = (
    select(_TICKET.c.id)
    .where(_TICKET.c.customer_id == bindparam("customer"), _TICKET.c.erased_at.is_(None))
    .order_by(_TICKET.c.id)
)
_TAKES_PART = union(
    select(_PARTICIPANT.c.ticket_id).where(func.lower(_PARTICIPANT.c.address) == _WHO),
    select(_POST.c.ticket_id).where(func.lower(_POST.c.author) == _WHO),
)
_WRITTEN = select(_POST.c.id, _POST.c.ticket_id, _POST.c.journal_id, _POST.c.message_id).where(
    func.lower(_POST.c.author) == _WHO
)
_MAILS = select(_JOURNAL.c.id, _JOURNAL.c.state, _JOURNAL.c.message_id, _JOURNAL.c.ticket_id)
_SENT_BY = _MAILS.where(
    or_(func.lower(_JOURNAL.c.identity) == _WHO, func.lower(_JOURNAL.c.mail_from) == _WHO)
)
_LIKE: BindParameter[str] = bindparam("like")
_NAMED_IN_LOG = select(_EVENT.c.id, _EVENT.c.actor, _EVENT.c.data).where(
    or_(
        func.lower(_EVENT.c.actor) == _WHO,
        func.lower(cast(_EVENT.c.data, Text)).like(_LIKE, escape="\\"),
    )
)
_NAMED_IN_JOURNAL = select(
    _JOURNAL.c.id,
    _JOURNAL.c.outcome,
    _JOURNAL.c.post_id,
    _JOURNAL.c.reason,
    _JOURNAL.c.rcpt_to,
).where(
    or_(
        func.lower(_JOURNAL.c.reason).like(_LIKE, escape="\\"),
        func.lower(cast(_JOURNAL.c.rcpt_to, Text)).like(_LIKE, escape="\\"),
    )
)
_ADDRESSED = select(_OUTBOX.c.id, _OUTBOX.c.state).where(func.lower(_OUTBOX.c.recipient) == _WHO)
_LATER = (
    select(_OUTBOX.c.id, _OUTBOX.c.kind, _OUTBOX.c.state, _OUTBOX.c.literal)
    .where(_OUTBOX.c.created_at >= bindparam("since"), _OUTBOX.c.id > bindparam("after"))
    .order_by(_OUTBOX.c.id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Numbers of rows."""

    customer: int | None
    since: datetime | None
    """When we heard of them first; None for never."""
    own: tuple[int, ...]
    """Their tickets."""
    others: tuple[int, ...]
    """Tickets of others on which they take part, or once wrote."""
    posts: tuple[int, ...]
    """What they wrote on tickets of others."""
    mails: tuple[int, ...]
    """Journal rows: on their tickets, whoever wrote them, and whatever they sent."""
    in_hand: tuple[int, ...]
    """Of those, the ones that a node works on right now."""
    message_ids: tuple[str, ...]
    events: tuple[int, ...]
    """Lines of the log that name them, on whichever ticket."""
    journal: tuple[int, ...]
    """Journal rows that name them in a reason or among the recipients."""
    commands: tuple[int, ...]
    """Of those, commands of agents that became no post: a search for them."""
    outbox: tuple[int, ...]
    """Mails of ours to them."""

    @property
    def is_empty(self) -> bool:
        """Nothing is held."""
        rows = (self.own, self.others, self.posts, self.mails, self.events, self.outbox)
        return self.customer is None and not any((*rows, self.journal))

    @property
    def is_in_hand(self) -> bool:
        """Nothing is held but mails that a node works on."""
        return replace(self, mails=()).is_empty and set(self.mails) <= set(self.in_hand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A raw mail that somebody else wrote on a ticket on which the person takes part."""

    journal_id: int
    has_files: bool


def find(connection: Connection, address: str) -> Traces:
    """Return where an address (lower case) stands; the journal and the log are read through."""
    who = {"who": address, "like": _like(address)}
    customer = connection.execute(_CUSTOMER_OF, who).one_or_none()
    mine = own(connection, customer.id) if customer else ()
    there = connection.execute(_TAKES_PART, who).scalars().all()
    written = [row for row in connection.execute(_WRITTEN, who) if row.ticket_id not in set(mine)]
    mails = _mails(connection, mine, [row.journal_id for row in written if row.journal_id], who)
    named = [
        row
        for row in connection.execute(_NAMED_IN_JOURNAL, who)
        if any(names_them(address, one) for one in (row.reason, *row.rcpt_to))
    ]
    ids = {row.message_id for row in (*written, *mails.values()) if row.message_id}
    return Traces(
        customer=customer.id if customer else None,
        since=_first(connection, list(mails), customer.created_at if customer else None),
        own=tuple(mine),
        others=tuple(sorted(set(there) - set(mine))),
        posts=tuple(row.id for row in written),
        mails=tuple(sorted(mails)),
        in_hand=tuple(n for n in sorted(mails) if mails[n].state == JournalState.PARSING),
        message_ids=tuple(sorted(ids)),
        events=tuple(
            row.id
            for row in connection.execute(_NAMED_IN_LOG, who)
            if any(names_them(address, str(one)) for one in (row.actor, *row.data.values()))
        ),
        journal=tuple(row.id for row in named),
        commands=tuple(row.id for row in named if row.outcome == "posted" and not row.post_id),
        outbox=tuple(row.id for row in connection.execute(_ADDRESSED, who)),
    )


def own(connection: Connection, customer: int) -> tuple[int, ...]:
    """Return the numbers of a customer's tickets that are not erased, rising."""
    return tuple(connection.execute(_OWN, {"customer": customer}).scalars())


def written_by_others(connection: Connection, found: Traces) -> tuple[Other, ...]:
    """Return the mails of others on tickets on which the person takes part."""
    files = select(func.count()).where(_ATTACHMENT.c.post_id == _POST.c.id).scalar_subquery()
    mine = set(found.mails)
    others: list[Other] = []
    for numbers in parts(found.others):
        rows = select(_POST.c.journal_id, files.label("files")).where(
            _POST.c.ticket_id.in_(numbers), _POST.c.journal_id.is_not(None)
        )
        others += [
            Other(journal_id=row.journal_id, has_files=row.files > 0)
            for row in connection.execute(rows)
            if row.journal_id not in mine
        ]
    return tuple(others)


def subjects(connection: Connection, numbers: Sequence[int]) -> tuple[str, ...]:
    """Return the subjects of tickets."""
    found: list[str] = []
    for some in parts(numbers):
        found += connection.execute(
            select(_TICKET.c.subject).where(_TICKET.c.id.in_(some))
        ).scalars()
    return tuple(found)


def names(connection: Connection, address: str) -> tuple[str, ...]:
    """Return the names under which an address (lower case) wrote."""
    who = {"who": address}
    known = union(
        select(_CUSTOMER.c.name).where(func.lower(_CUSTOMER.c.address) == _WHO),
        select(_PARTICIPANT.c.name).where(func.lower(_PARTICIPANT.c.address) == _WHO),
        select(_POST.c.author_name).where(func.lower(_POST.c.author) == _WHO),
    )
    return tuple(name for name in connection.execute(known, who).scalars() if name)


def insiders(connection: Connection, numbers: Sequence[int]) -> frozenset[str]:
    """Return who spoke for the house on tickets, or had them in hand: agents of today or once."""
    ours = (PostKind.AGENT, PostKind.NOTE, PostKind.UNDONE)
    found: set[str] = set()
    for some in parts(numbers):
        spoke = select(_POST.c.author).where(_POST.c.ticket_id.in_(some), _POST.c.kind.in_(ours))
        held = select(_TICKET.c.assignee).where(_TICKET.c.id.in_(some))
        found |= {who.lower() for who in connection.execute(union(spoke, held)).scalars() if who}
    return frozenset(found)


def outgoing(connection: Connection, since: datetime) -> Iterator[Any]:
    """Yield (id, kind, state, literal) of all mails of ours that were written since."""
    after = 0
    while True:
        asked = {"since": since, "after": after, "most": AT_ONCE}
        rows = connection.execute(_LATER, asked).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].id


def mails_about(connection: Connection, found: Traces) -> tuple[int, ...]:
    """Return the mails of ours on the person's tickets, and those that carry what they wrote."""
    numbers: list[int] = []
    for column, wanted in ((_OUTBOX.c.ticket_id, found.own), (_OUTBOX.c.post_id, found.posts)):
        for some in parts(wanted):
            rows = connection.execute(select(_OUTBOX.c.id).where(column.in_(some)))
            numbers += rows.scalars()
    return tuple(numbers)


def parts(numbers: Sequence[_Number]) -> Iterator[Sequence[_Number]]:
    """Cut a list for statements that name each number."""
    return (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE))


def _mails(
    connection: Connection, mine: Sequence[int], rows: Sequence[int], who: dict[str, str]
) -> dict[int, Any]:
    """Journal rows by number: sent by the person, or on their tickets, or held about these."""
    found = {row.id: row for row in connection.execute(_SENT_BY, who)}
    for some in parts(mine):
        posted = select(_POST.c.journal_id).where(_POST.c.ticket_id.in_(some))
        asked = select(_QUESTION.c.journal_id).where(_QUESTION.c.ticket_id.in_(some))
        about = or_(
            _JOURNAL.c.ticket_id.in_(some), _JOURNAL.c.id.in_(posted), _JOURNAL.c.id.in_(asked)
        )
        found |= _rows(connection, _MAILS.where(about))
    for some in parts(rows):
        found |= _rows(connection, _MAILS.where(_JOURNAL.c.id.in_(some)))
    return found


def _rows(connection: Connection, statement: Select[Any]) -> dict[int, Any]:
    return {
        row.id: row for row in connection.execute(statement.where(_JOURNAL.c.outcome != "erased"))
    }


def _first(
    connection: Connection, mails: Sequence[int], known: datetime | None
) -> datetime | None:
    times = [known] if known else []
    for some in parts(mails):
        first = select(func.min(_JOURNAL.c.received_at)).where(_JOURNAL.c.id.in_(some))
        times += [at for at in connection.execute(first).scalars() if at]
    return min(times, default=None)


def _like(address: str) -> str:
    """As JSON writes it, with the characters that LIKE obeys taken literally."""
    plain = json.dumps(address)[1:-1].replace("\\", "\\\\")
    return f"%{plain.replace('%', chr(92) + '%').replace('_', chr(92) + '_')}%"
