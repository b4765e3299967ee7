"""What hangs on the status wall, as it stands: tickets by queue and age, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select

from maild.core.agenda import Kind
from maild.core.promise import Clock
from maild.core.ticket import State
from maild.core.wall import AGES, Due, Stock
from maild.store import tables
from maild.store.deadlines import DeadlineRow, DeadlineState
from maild.store.tables import metadata

_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_DEADLINE = _T[DeadlineRow.__tablename__]
_NEWER = _DEADLINE.alias("newer")
_OURS = (State.NEW, State.OPEN)
_UNSOLVED = (*_OURS, State.PENDING, State.ON_HOLD)
_TOLD = (*Clock, Kind.CALLBACK)
_COLUMNS = (
    _TICKET.c.id.label("number"),
    _TICKET.c.subject,
    _TICKET.c.queue,
    _TICKET.c.mailbox,
    _TICKET.c.priority,
    _TICKET.c.assignee,
    _DEADLINE.c.kind,
    _DEADLINE.c.due_at,
)
_IS_STILL_WAITED_FOR = and_(
    _DEADLINE.c.state == DeadlineState.FIRED,
    _DEADLINE.c.kind.in_(tuple(Clock)),
    _TICKET.c.state.in_(_OURS),
    or_(_DEADLINE.c.kind != Clock.FIRST_RESPONSE, _TICKET.c.first_response_at.is_(None)),
    ~exists().where(
        _NEWER.c.ticket_id == _DEADLINE.c.ticket_id,
        _NEWER.c.kind == _DEADLINE.c.kind,
        _NEWER.c.id > _DEADLINE.c.id,
    ),
)
"""It fired, its ticket waits for us, and no later run of the same clock has begun."""
_IS_TO_COME = and_(
    _DEADLINE.c.state == DeadlineState.WAITING,
    _DEADLINE.c.kind.in_(_TOLD),
    _TICKET.c.state.in_(_UNSOLVED),
)
_JOINED = _DEADLINE.join(_TICKET, _TICKET.c.id == _DEADLINE.c.ticket_id)


def stocks(connection: Connection, queues: Sequence[str], now: datetime) -> tuple[Stock, ...]:
    """Return the piles of the queues that are named, in this order, then of any other."""
    is_ours = _TICKET.c.state.in_(_OURS)
    ends = [now - age for age in AGES]
    ages = [_sum(and_(is_ours, one)).label(f"age{n}") for n, one in enumerate(_between(ends))]
    statement = select(
        _TICKET.c.queue,
        *ages,
        _sum(~is_ours).label("pending"),
        _sum(and_(is_ours, _TICKET.c.assignee == "")).label("unassigned"),
        func.min(case((is_ours, _TICKET.c.created_at))).label("oldest"),
    ).where(_TICKET.c.state.in_(_UNSOLVED))
    rows = connection.execute(statement.group_by(_TICKET.c.queue)).mappings()
    found = {
        row["queue"]: Stock(
            queue=row["queue"],
            by_age=tuple(int(row[f"age{n}"]) for n in range(len(ages))),
            pending=int(row["pending"]),
            unassigned=int(row["unassigned"]),
            oldest_at=row["oldest"],
        )
        for row in rows
    }
    names = dict.fromkeys((*queues, *sorted(found)))
    return tuple(found.get(name, Stock(queue=name)) for name in names)


def over(connection: Connection, most: int) -> tuple[int, tuple[Due, ...]]:
    """Return how many promises are over and still waited for, and the oldest of them."""
    where = select(func.count()).select_from(_JOINED).where(_IS_STILL_WAITED_FOR)
    count = connection.execute(where).scalar_one()
    return int(count), _dues(connection, _listed(_IS_STILL_WAITED_FOR, most)) if count else ()


def to_come(connection: Connection, most: int) -> tuple[Due, ...]:
    """Return what is due next."""
    return _dues(connection, _listed(_IS_TO_COME, most))


def _between(ends: Sequence[datetime]) -> list[Any]:
    """Younger than the first, between it and the second, and so on, older than the last."""
    opened = _TICKET.c.created_at
    return [
        and_(
            opened > ends[n] if n < len(ends) else opened.is_not(None),
            opened <= ends[n - 1] if n else opened.is_not(None),
        )
        for n in range(len(ends) + 1)
    ]


def _sum(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _listed(condition: Any, most: int) -> Select[Any]:
    statement = select(*_COLUMNS).select_from(_JOINED).where(condition)
    return statement.order_by(_DEADLINE.c.due_at, _DEADLINE.c.id).limit(most)


def _dues(connection: Connection, statement: Select[Any]) -> tuple[Due, ...]:
    return tuple(Due(**row) for row in connection.execute(statement).mappings())
