"""Retention: how much of each kind of data there is, and what was kept long enough.

| kind     | what goes                                  | counted from                     |
|----------|--------------------------------------------|----------------------------------|
| raw_mail | mails as they came in, with their files    | when their ticket was closed     |
| tickets  | all but figures (`core/erasure.py`)        | when they were closed            |
| held     | held mails                                 | when they came in                |
| outbox   | mails of ours                              | when they were sent or given up  |
| comments | what customers wrote beside a mark         | when they wrote it               |

A ticket that was merged is a part of the one that it was merged into, and goes no earlier.

Of mails a tombstone stays (`store/journal.py`). One node does it a day: a row of `meta` says which
and until when; whoever finds that time over goes on where the other ended.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, or_, select, update

from maild.core import clientele
from maild.core.decision import Outcome
from maild.core.ticket import State
from maild.store import erase, journal, questions, tables
from maild.store.database import Database
from maild.store.surveys import VoteRow
from maild.store.tables import OutboxState, metadata

LEASE = timedelta(minutes=10)
_T = metadata.tables
_META = _T[tables.Meta.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_VOTE = _T[VoteRow.__tablename__]
_LEASE = "retention"
_REASON = "kept long enough"
_ENDED = func.coalesce(_TICKET.c.closed_at, _TICKET.c.updated_at)
_STATES_OVER = (State.CLOSED, State.MERGED, State.SPAM)
_OVER = and_(_TICKET.c.state.in_(_STATES_OVER), _TICKET.c.erased_at.is_(None))
_SENT = func.coalesce(_OUTBOX.c.sent_at, _OUTBOX.c.next_try_at)


class Kind(StrEnum):
    """Kinds of data that are kept for a time of their own; in the order in which they go."""

    HELD = "held"
    TICKETS = "tickets"
    RAW_MAIL = "raw_mail"
    OUTBOX = "outbox"
    COMMENTS = "comments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of something."""

    rows: int
    size: int
    """Bytes, as they came in or are kept; of texts their characters."""
    oldest: datetime | None


def sizes(connection: Connection, kind: Kind, before: datetime | None = None) -> Size:
    """Return how much there is of a kind of data; with `before`, how much was kept so long."""
    rows, weight, at = _measures(kind, before)
    asked = rows.with_only_columns(
        func.count(), func.coalesce(func.sum(weight), 0), func.min(at)
    ).order_by(None)
    count, size, oldest = connection.execute(asked).one()
    return Size(rows=count, size=int(size), oldest=oldest)


def go(connection: Connection, kind: Kind, before: datetime, now: datetime, most: int) -> int:
    """Erase some rows of a kind that are older than `before`; return how many, 0 for none left."""
    rows, _, _ = _measures(kind, before)
    ids = connection.execute(rows.limit(most)).scalars().all()
    if ids:
        _GOING[kind](connection, ids, now)
    return len(ids)


def file_size(database: Database) -> int:
    """Return how many bytes the whole database takes, with what lies idle in it."""
    if database.file is not None:
        log = database.file.with_name(f"{database.file.name}-wal")
        return sum(place.stat().st_size for place in (database.file, log) if place.exists())
    with database.read() as connection:
        if database.is_sqlite:
            return 0
        asked = select(func.pg_database_size(func.current_database()))
        return int(connection.execute(asked).scalar_one())


def take(connection: Connection, node: str, share: str, now: datetime) -> bool:
    """Say that a node does a share now; False when that is done already, or in other hands."""
    found = connection.execute(
        select(_META.c.value).where(_META.c.name == _LEASE).with_for_update()
    ).scalar_one_or_none()
    lease = json.loads(found) if found else {"node": "", "until": "", "done": ""}
    is_free = lease["node"] in ("", node) or lease["until"] < now.isoformat()
    if lease["done"] == share or not is_free:
        return False
    value = {"node": node, "until": (now + LEASE).isoformat(), "done": lease["done"]}
    return _put(connection, found, json.dumps(value))


def done(connection: Connection, share: str) -> None:
    """Say that a share is done."""
    value = json.dumps({"node": "", "until": "", "done": share})
    connection.execute(update(_META).where(_META.c.name == _LEASE).values(value=value))


def _put(connection: Connection, found: str | None, value: str) -> bool:
    if found is None:
        connection.execute(insert(_META), {"name": _LEASE, "value": value})
        return True
    changed = update(_META).where(_META.c.name == _LEASE, _META.c.value == found)
    return bool(connection.execute(changed.values(value=value)).rowcount)


def _measures(kind: Kind, before: datetime | None) -> tuple[Select[Any], Any, Any]:
    """The rows of a kind by id, their weight, and the time that counts."""
    if kind is Kind.RAW_MAIL:
        return _raw_mail(before)
    if kind is Kind.HELD:
        at = _JOURNAL.c.received_at
        which = select(_JOURNAL.c.id).where(_JOURNAL.c.outcome == Outcome.HELD)
        return _older(which, at, before), _JOURNAL.c.size, at
    if kind is Kind.TICKETS:
        which = select(_TICKET.c.id).where(_TICKET.c.erased_at.is_(None))
        old = which if before is None else which.where(*_is_old(before))
        return old.order_by(_TICKET.c.id), func.length(_TICKET.c.subject), _TICKET.c.created_at
    if kind is Kind.OUTBOX:
        over = _OUTBOX.c.state.in_((OutboxState.SENT, OutboxState.FAILED))
        which = select(_OUTBOX.c.id)
        return (
            _older(which if before is None else which.where(over), _SENT, before),
            func.length(_OUTBOX.c.literal),
            _OUTBOX.c.created_at,
        )
    which = select(_VOTE.c.id).where(_VOTE.c.comment != "")
    return _older(which, _VOTE.c.at, before), func.length(_VOTE.c.comment), _VOTE.c.at


def _raw_mail(before: datetime | None) -> tuple[Select[Any], Any, Any]:
    """Mails whose ticket is over, or that have none; held ones have a time of their own."""
    which = (
        select(_JOURNAL.c.id)
        .select_from(_JOURNAL.outerjoin(_TICKET, _TICKET.c.id == _JOURNAL.c.ticket_id))
        .where(_JOURNAL.c.blob_id.is_not(None), _JOURNAL.c.outcome != Outcome.HELD)
    )
    if before is not None:
        ended = or_(
            and_(_JOURNAL.c.ticket_id.is_(None), _JOURNAL.c.ended_at < before),
            and_(*_is_old(before), _JOURNAL.c.ended_at < before),
        )
        which = which.where(ended)
    return which.order_by(_JOURNAL.c.id), _JOURNAL.c.size, _JOURNAL.c.received_at


def _is_old(before: datetime) -> tuple[Any, ...]:
    """A ticket is over, and for so long; so is the one that it was merged into, in the end."""
    into, part = _TICKET.alias("into"), _TICKET.alias("part")
    ended = func.coalesce(into.c.closed_at, into.c.updated_at)
    is_needed = and_(
        into.c.erased_at.is_(None), or_(into.c.state.not_in(_STATES_OVER), ended >= before)
    )
    merged = and_(part.c.state == State.MERGED, part.c.linked_id == into.c.id)
    needed = select(part.c.id).join(into, merged).where(is_needed).cte("needed", recursive=True)
    of_those = and_(part.c.state == State.MERGED, part.c.linked_id == needed.c.id)
    needed = needed.union(select(part.c.id).join(needed, of_those))
    return _OVER, before > _ENDED, _TICKET.c.id.not_in(select(needed.c.id))


def _older(which: Select[Any], at: Any, before: datetime | None) -> Select[Any]:
    return which if before is None else which.where(at < before)


def _mails(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    journal.erase(connection, ids, _REASON, now)
    for number in ids:
        questions.forget(connection, number, now)


def _tickets(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Erase tickets, and customers of whom nothing else is left."""
    owners = connection.execute(
        select(_TICKET.c.customer_id).where(_TICKET.c.id.in_(ids)).distinct()
    )
    customers = owners.scalars().all()
    erase.aged(connection, ids, now)
    alive = select(_TICKET.c.id).where(
        _TICKET.c.customer_id == _CUSTOMER.c.id, _TICKET.c.erased_at.is_(None)
    )
    gone = select(_CUSTOMER.c.id).where(
        _CUSTOMER.c.id.in_(customers),
        ~alive.exists(),
        _CUSTOMER.c.notes == "",
        _CUSTOMER.c.segment_from.not_in(clientele.LASTING),
    )
    for customer in connection.execute(gone).scalars().all():
        erase.customer(connection, customer)


def _outbox(connection: Connection, ids: Sequence[int], _now: datetime) -> None:
    erase.mails_out(connection, ids)


def _comments(connection: Connection, ids: Sequence[int], _now: datetime) -> None:
    connection.execute(update(_VOTE).where(_VOTE.c.id.in_(ids)).values(comment=""))


_GOING = {
    Kind.RAW_MAIL: _mails,
    Kind.HELD: _mails,
    Kind.TICKETS: _tickets,
    Kind.OUTBOX: _outbox,
    Kind.COMMENTS: _comments,
}
