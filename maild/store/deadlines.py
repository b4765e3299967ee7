"""Deadlines: rows that wait for their time, fire once, or are cancelled.

| state     | means                                  | leaves it by                          |
|-----------|----------------------------------------|---------------------------------------|
| waiting   | nothing happened yet that it waits for | fire, bring (another time, cancelled) |
| fired     | told; never again                      | -                                     |
| cancelled | answered, solved, or promised no more  | bring, when it is due once more       |

A claim is a lease: who has a row in hand fires it, all rows of a ticket together. It is fired in
the transaction of what follows from it, so that a node that dies meanwhile has done nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Select,
    String,
    UniqueConstraint,
    bindparam,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlmodel import Field, SQLModel

from maild.core.agenda import Changes, Fired, Item, Row
from maild.core.ticket import State
from maild.errors import LostRace
from maild.store import tables
from maild.store.columns import moment, one_of, reference, row_id
from maild.store.conflict import add_replacing, unless_there
from maild.store.prepared import Prepared
from maild.store.tables import metadata

__all__ = [
    "Coming",
    "Taken",
    "Written",
    "bring",
    "claim",
    "fire",
    "lock",
    "metadata",
    "next_due",
    "of_tickets",
    "put_back",
    "recover",
    "see",
    "seen",
    "unplanned",
]

LEASE = timedelta(minutes=2)


class DeadlineState(StrEnum):
    """A deadline is waiting until it fires once or is cancelled."""

    WAITING = "waiting"
    FIRED = "fired"
    CANCELLED = "cancelled"


class DeadlineRow(SQLModel, table=True):
    """A moment at which something is due for a ticket."""

    __tablename__ = "deadline"
    __table_args__ = (
        one_of("state", DeadlineState),
        Index("ix_deadline_due", "state", "due_at", "id"),
        UniqueConstraint("ticket_id", "kind", "cycle"),
    )
    id: int = row_id()
    ticket_id: int = reference("ticket.id")
    kind: str = Field(sa_column=Column(String(24), nullable=False))
    cycle: str
    """Which of its kind: it fires once (`core/agenda.py`)."""
    due_at: datetime = moment()
    state: str = Field(sa_column=Column(String(16), nullable=False))
    policy: str = ""
    """Name of the policy, or of the rule that waits for it."""
    policy_version: str = ""
    priority: str = ""
    """Of the ticket, when the time was computed."""
    claimed_by: str = ""
    claimed_until: datetime | None = moment(nullable=True)
    fired_at: datetime | None = moment(nullable=True)
    late: bool = False
    """It fired long after it was due."""
    merged: bool = False
    """It fired together with a later one, which spoke for both."""


_DEADLINE = metadata.tables[DeadlineRow.__tablename__]
_TICKET = metadata.tables[tables.TicketRow.__tablename__]
_META = metadata.tables[tables.Meta.__tablename__]
_PLANNED = "deadlines.planned"
_SEEN = "clock.seen"
_OVER = (State.CLOSED, State.MERGED, State.SPAM)
_FREE = or_(_DEADLINE.c.claimed_until.is_(None), _DEADLINE.c.claimed_until <= bindparam("now"))
_DUE = Prepared(
    select(_DEADLINE.c.ticket_id, _DEADLINE.c.due_at)
    .where(
        _DEADLINE.c.state == DeadlineState.WAITING, _DEADLINE.c.due_at <= bindparam("now"), _FREE
    )
    .order_by(_DEADLINE.c.due_at, _DEADLINE.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('deadlines', 0))")
_WITH_THEM = (
    select(_DEADLINE.c.id)
    .where(
        _DEADLINE.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _DEADLINE.c.state == DeadlineState.WAITING,
        _DEADLINE.c.due_at <= bindparam("now"),
        _FREE,
    )
    .with_for_update(skip_locked=True)
)
"""Who has one of these locked may want another that we have: we do not wait for them."""
_CLAIM = Prepared(
    update(_DEADLINE)
    .where(_DEADLINE.c.id.in_(_WITH_THEM))
    .values(
        claimed_by=bindparam("node"),
        claimed_until=bindparam("until", type_=_DEADLINE.c.claimed_until.type),
    )
)
_OF_TICKETS = Prepared(
    select(
        *(_DEADLINE.c[name] for name in ("ticket_id", "id", "kind", "cycle", "due_at", "state")),
        *(_DEADLINE.c[name] for name in ("policy", "policy_version", "priority")),
    )
    .where(_DEADLINE.c.ticket_id.in_(bindparam("tickets", expanding=True)))
    .order_by(_DEADLINE.c.id)
)
_LOCK = Prepared(
    select(_TICKET.c.id)
    .where(_TICKET.c.id.in_(bindparam("tickets", expanding=True)))
    .order_by(_TICKET.c.id)
    .with_for_update()
)
_NEXT_DUE = Prepared(
    select(*(_DEADLINE.c[name] for name in ("ticket_id", "kind", "due_at", "policy")))
    .where(_DEADLINE.c.state == DeadlineState.WAITING)
    .order_by(_DEADLINE.c.due_at, _DEADLINE.c.id)
    .limit(bindparam("most"))
)
_LAST_SEEN = Prepared(select(_META.c.value).where(_META.c.name == _SEEN))
_ADD = Prepared(insert(_DEADLINE))
_MOVE = Prepared(
    update(_DEADLINE)
    .where(_DEADLINE.c.id == bindparam("row"), _DEADLINE.c.state != DeadlineState.FIRED)
    .values(
        due_at=bindparam("new_due_at", type_=_DEADLINE.c.due_at.type),
        state=DeadlineState.WAITING,
        policy=bindparam("new_policy"),
        policy_version=bindparam("new_version"),
        priority=bindparam("new_priority"),
        claimed_by="",
        claimed_until=None,
    )
)
_CANCEL = Prepared(
    update(_DEADLINE)
    .where(_DEADLINE.c.id == bindparam("row"), _DEADLINE.c.state == DeadlineState.WAITING)
    .values(state=DeadlineState.CANCELLED, claimed_by="", claimed_until=None)
)
_FIRE = Prepared(
    update(_DEADLINE)
    .where(_DEADLINE.c.id == bindparam("row"), _DEADLINE.c.state == DeadlineState.WAITING)
    .values(
        state=DeadlineState.FIRED,
        fired_at=bindparam("at", type_=_DEADLINE.c.fired_at.type),
        late=bindparam("is_late"),
        merged=bindparam("is_merged"),
        claimed_by="",
        claimed_until=None,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How the rows of one ticket are to be changed."""

    ticket: int
    priority: str
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was due when it was claimed."""

    tickets: tuple[int, ...]
    since: datetime
    """When the oldest of their deadlines that was asked for was due."""
    is_all: bool
    """Nothing else was due that nobody has in hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A deadline that waits."""

    ticket: int
    kind: str
    due_at: datetime
    policy: str
    """Name of the policy, or of the rule that waits for it."""


def claim(connection: Connection, node: str, now: datetime, most: int) -> Taken:
    """Take the tickets of the deadlines that are due, the oldest first; at most so many rows.

    The other due deadlines of these tickets are taken along. Nodes claim one after the other: else
    two would take one ticket, or wait for each other.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_ONE_AT_A_TIME)
    found = _DUE.rows(connection, {"now": now, "most": most})
    numbers = tuple(dict.fromkeys(number for number, _ in found))
    if numbers:
        values = {"tickets": list(numbers), "now": now, "node": node, "until": now + LEASE}
        _CLAIM.run(connection, [values])
    since = found[0][1] if found else now
    return Taken(tickets=numbers, since=since, is_all=len(found) < most)


def put_back(connection: Connection, node: str, numbers: Sequence[int]) -> None:
    """Let go of deadlines that were not looked at."""
    connection.execute(
        update(_DEADLINE)
        .where(_DEADLINE.c.ticket_id.in_(list(numbers)), _DEADLINE.c.claimed_by == node)
        .values(claimed_by="", claimed_until=None)
    )


def lock(connection: Connection, numbers: Iterable[int]) -> None:
    """Let nobody else change tickets before this transaction is done.

    Who changes a ticket writes it first and its deadlines last; so does who fires them.
    """
    _LOCK.rows(connection, {"tickets": sorted(numbers)})


def of_tickets(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[Row, ...]]:
    """Return the rows of tickets, whatever their state, by number; no entry without rows."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    if numbers:
        for number, *columns in _OF_TICKETS.rows(connection, {"tickets": list(numbers)}):
            found[number].append(_row(*columns))
    return {number: tuple(rows) for number, rows in found.items()}


def bring(connection: Connection, written: Sequence[Written]) -> None:
    """Change the rows as it was computed; what has fired meanwhile stays as it is."""
    new = [_new(one, item) for one in written for item in one.changes.new]
    moved = [_moved(one, *pair) for one in written for pair in one.changes.moved]
    cancelled = [{"row": row.id} for one in written for row in one.changes.cancelled]
    if new:
        _ADD.run(connection, new)
    if moved:
        _MOVE.run(connection, moved)
    if cancelled:
        _CANCEL.run(connection, cancelled)


def fire(connection: Connection, done: Sequence[Fired], now: datetime) -> None:
    """Mark deadlines as fired; LostRace when one was fired or cancelled meanwhile."""
    rows = [
        {"row": one.row.id, "at": now, "is_late": one.is_late, "is_merged": one.is_merged}
        for one in done
    ]
    if _FIRE.run(connection, rows) != len(rows):
        raise LostRace("a deadline fired or was cancelled meanwhile")


def recover(connection: Connection, nodes: Sequence[str]) -> int:
    """Take back what dead nodes had in hand; a lease that ended needs nobody to take it back."""
    if not nodes:
        return 0
    return connection.execute(
        update(_DEADLINE)
        .where(_DEADLINE.c.claimed_by.in_(nodes), _DEADLINE.c.state == DeadlineState.WAITING)
        .values(claimed_by="", claimed_until=None)
    ).rowcount


def next_due(connection: Connection, most: int) -> tuple[Coming, ...]:
    """Return the deadlines that are due next, overdue ones first."""
    rows = _NEXT_DUE.rows(connection, {"most": most})
    return tuple(
        Coming(ticket=ticket, kind=kind, due_at=due_at, policy=policy)
        for ticket, kind, due_at, policy in rows
    )


def unplanned(
    connection: Connection, version: str, most: int, *, everybody: bool
) -> tuple[int, ...]:
    """Return the next tickets that were not computed with a version yet, and note that they are.

    Not `everybody` means: only those for which something is written down. Only one node at a time
    goes on from where the last one stopped; empty when all are done.
    """
    place = f"{version}:"
    connection.execute(unless_there(connection, _META), {"name": _PLANNED, "value": ""})
    known: str = connection.execute(
        select(_META.c.value).where(_META.c.name == _PLANNED).with_for_update()
    ).scalar_one()
    if known == version:
        return ()
    after = int(known.removeprefix(place)) if known.startswith(place) else 0
    numbers = tuple(
        connection.execute(_next(everybody=everybody, after=after, most=most)).scalars()
    )
    value = f"{place}{numbers[-1]}" if numbers else version
    connection.execute(update(_META).where(_META.c.name == _PLANNED).values(value=value))
    return numbers


def see(connection: Connection, now: datetime) -> None:
    """Write down what time it is."""
    add_replacing(connection, _META, "name", [{"name": _SEEN, "value": now.isoformat()}])


def seen(connection: Connection) -> datetime | None:
    """Return what time it was when it was written down last; None for never."""
    found = _LAST_SEEN.scalars(connection)
    return datetime.fromisoformat(found[0]) if found else None


def _next(*, everybody: bool, after: int, most: int) -> Select[Any]:
    """The tickets with higher numbers on which something may be due, or is written down."""
    if everybody:
        on = select(_TICKET.c.id).where(_TICKET.c.id > after, _TICKET.c.state.not_in(_OVER))
        return on.order_by(_TICKET.c.id).limit(most)
    written = _DEADLINE.c.ticket_id
    waiting = (written > after, _DEADLINE.c.state == DeadlineState.WAITING)
    return select(written).where(*waiting).distinct().order_by(written).limit(most)


def _row(row_id: int, *columns: Any) -> Row:
    kind, cycle, due_at, state, policy, version, priority = columns
    return Row(
        id=row_id,
        item=Item(kind=kind, cycle=cycle, due_at=due_at, policy=policy, version=version),
        is_fired=state == DeadlineState.FIRED,
        is_cancelled=state == DeadlineState.CANCELLED,
        priority=priority,
    )


def _new(one: Written, item: Item) -> dict[str, Any]:
    return {
        "ticket_id": one.ticket,
        "kind": item.kind,
        "cycle": item.cycle,
        "due_at": item.due_at,
        "state": DeadlineState.WAITING,
        "policy": item.policy,
        "policy_version": item.version,
        "priority": one.priority,
        "claimed_by": "",
        "late": False,
        "merged": False,
    }


def _moved(one: Written, row: Row, item: Item) -> dict[str, Any]:
    return {
        "row": row.id,
        "new_due_at": item.due_at,
        "new_policy": item.policy,
        "new_version": item.version,
        "new_priority": one.priority,
    }
