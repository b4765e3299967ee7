"""Digests: which ones are done with, and what stands in them.

A row is written in the transaction of its mail: whoever wins the row writes the mail, once. A
morning on which there is nothing to tell has its row as well, so that it stays silent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    RowMapping,
    Select,
    String,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlmodel import Field, SQLModel

from maild.core.agenda import Kind
from maild.core.digest import UNASSIGNED_MAX, Candidate, Figures, Held
from maild.core.promise import Clock, Due
from maild.core.question import QuestionState
from maild.core.reason import RETURNED
from maild.core.ticket import Priority, State
from maild.store import tables
from maild.store.columns import moment
from maild.store.conflict import unless_there
from maild.store.deadlines import DeadlineRow, DeadlineState
from maild.store.questions import QuestionRow
from maild.store.tables import metadata

__all__ = ["figures", "held", "metadata", "over", "own", "sent", "take", "unassigned", "written"]

KEPT = dt.timedelta(days=30)
_LOOKED_BACK = dt.timedelta(days=3)


class DigestRow(SQLModel, table=True):
    """One agent's digest of one local day that is done with."""

    __tablename__ = "digest"
    agent: str = Field(primary_key=True)
    """Registered address."""
    day: str = Field(sa_column=Column(String(10), primary_key=True))
    """As RFC 3339 writes a date."""
    at: dt.datetime = moment()
    sent: bool = False
    """There was something to tell."""


_T = metadata.tables
_DIGEST = _T[DigestRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_DEADLINE = _T[DeadlineRow.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_QUESTION = _T[QuestionRow.__tablename__]
_UNSOLVED = (State.NEW, State.OPEN, State.PENDING, State.ON_HOLD)
_TO_TAKE = (State.NEW, State.OPEN)
_CLOCKS = tuple(Clock)
_TOLD = (*_CLOCKS, Kind.CALLBACK)
"""What a digest tells of: no warnings, no waits of rules."""
_PLACE = (_TICKET.c.id, _TICKET.c.priority, _TICKET.c.created_at)
_WITH_DUE = (*_PLACE, _DEADLINE.c.kind, _DEADLINE.c.due_at)


def written(connection: Connection, now: dt.datetime) -> frozenset[tuple[str, dt.date]]:
    """Return the agents and local days of late that are done with."""
    since = (now - _LOOKED_BACK).date().isoformat()
    rows = connection.execute(select(_DIGEST.c.agent, _DIGEST.c.day).where(_DIGEST.c.day >= since))
    return frozenset((agent, dt.date.fromisoformat(day)) for agent, day in rows)


def take(connection: Connection, agent: str, day: dt.date, now: dt.datetime) -> bool:
    """Take an agent's digest of a day; False when somebody has it already.

    Rows of long ago are forgotten.
    """
    row = {"agent": agent, "day": day.isoformat(), "at": now, "sent": False}
    mine = unless_there(connection, _DIGEST).returning(_DIGEST.c.agent)
    if connection.execute(mine, row).first() is None:
        return False
    before = (day - KEPT).isoformat()
    connection.execute(delete(_DIGEST).where(_DIGEST.c.agent == agent, _DIGEST.c.day < before))
    return True


def sent(connection: Connection, agent: str, day: dt.date) -> None:
    """Note that there was something to tell."""
    mine = and_(_DIGEST.c.agent == agent, _DIGEST.c.day == day.isoformat())
    connection.execute(update(_DIGEST).where(mine).values(sent=True))


def own(connection: Connection, agent: str) -> list[Candidate]:
    """Return the tickets of an agent that are not solved, each with what is next due on it."""
    waiting = and_(
        _DEADLINE.c.ticket_id == _TICKET.c.id,
        _DEADLINE.c.state == DeadlineState.WAITING,
        _DEADLINE.c.kind.in_(_TOLD),
    )
    statement = select(*_WITH_DUE).select_from(_TICKET.outerjoin(_DEADLINE, waiting))
    return _candidates(
        connection,
        statement.where(_TICKET.c.assignee == agent, _TICKET.c.state.in_(_UNSOLVED)),
        is_over=False,
    )


def over(
    connection: Connection, agent: str, since: dt.datetime, until: dt.datetime
) -> list[Candidate]:
    """Return the tickets of an agent on which something fell due, `until` itself excluded."""
    statement = select(*_WITH_DUE).join(_TICKET, _TICKET.c.id == _DEADLINE.c.ticket_id)
    fell = and_(_fell(since, until), _DEADLINE.c.kind.in_(_TOLD))
    return _candidates(
        connection, statement.where(_TICKET.c.assignee == agent, fell), is_over=True
    )


def unassigned(
    connection: Connection, queues: Sequence[str] | None
) -> tuple[int, tuple[int, ...]]:
    """Return how many tickets nobody has taken, and the numbers of the oldest.

    In some queues, or in all for None.
    """
    where = [_TICKET.c.assignee == "", _TICKET.c.state.in_(_TO_TAKE)]
    if queues is not None:
        where.append(_TICKET.c.queue.in_(queues))
    count = connection.execute(select(func.count()).select_from(_TICKET).where(*where))
    oldest = select(_TICKET.c.id).where(*where).order_by(_TICKET.c.id).limit(UNASSIGNED_MAX)
    return count.scalar_one(), tuple(connection.execute(oldest).scalars())


def figures(connection: Connection, queue: str, since: dt.datetime, until: dt.datetime) -> Figures:
    """Return the numbers of a queue; what happened from `since` to before `until`."""
    stock = select(
        _TICKET.c.state,
        func.count().label("tickets"),
        func.sum(case((_TICKET.c.assignee == "", 1), else_=0)).label("unassigned"),
        func.min(_TICKET.c.created_at).label("oldest"),
    ).where(_TICKET.c.queue == queue, _TICKET.c.state.in_(_UNSOLVED))
    rows = connection.execute(stock.group_by(_TICKET.c.state)).mappings().all()
    by_state = {row["state"]: row["tickets"] for row in rows}
    to_take = (row["unassigned"] for row in rows if row["state"] in _TO_TAKE)
    return Figures(
        queue=queue,
        new=by_state.get(State.NEW, 0),
        open=by_state.get(State.OPEN, 0),
        pending=by_state.get(State.PENDING, 0) + by_state.get(State.ON_HOLD, 0),
        unassigned=sum(to_take),
        oldest_at=min((row["oldest"] for row in rows), default=None),
        opened=_count(connection, _opened(queue, since, until)),
        solved=_count(connection, _solved(queue, since, until)),
        missed=_count(connection, _missed(queue, since, until)),
    )


def held(connection: Connection) -> Held:
    """Count the held mails that nobody but an operator can help.

    Neither those that an agent is asked to confirm, nor those that went back to their agent.
    """
    is_asked = exists().where(
        _QUESTION.c.journal_id == _JOURNAL.c.id, _QUESTION.c.state == QuestionState.WAITING
    )
    whys = literal("; ") + _JOURNAL.c.reason + literal(";")
    named = (f"; {why}{end}" for why in RETURNED for end in ":;")
    is_returned = or_(*(whys.contains(one, autoescape=True) for one in named))
    waiting = (_JOURNAL.c.state == tables.JournalState.HELD, ~is_asked, ~is_returned)
    found = select(func.count(), func.min(_JOURNAL.c.received_at)).where(*waiting)
    count, oldest_at = connection.execute(found).one()
    return Held(count=count, oldest_at=oldest_at)


def _fell(since: dt.datetime, until: dt.datetime) -> Any:
    return and_(
        _DEADLINE.c.state == DeadlineState.FIRED,
        _DEADLINE.c.due_at >= since,
        _DEADLINE.c.due_at < until,
    )


def _opened(queue: str, since: dt.datetime, until: dt.datetime) -> Select[Any]:
    return select(func.count()).where(
        _TICKET.c.queue == queue, _TICKET.c.created_at >= since, _TICKET.c.created_at < until
    )


def _solved(queue: str, since: dt.datetime, until: dt.datetime) -> Select[Any]:
    """Tickets that were solved then and stay so; found by the log, which has an index by time."""
    return (
        select(func.count(_TICKET.c.id.distinct()))
        .join(_EVENT, _EVENT.c.ticket_id == _TICKET.c.id)
        .where(
            _EVENT.c.kind == "state.changed",
            _EVENT.c.at >= since,
            _EVENT.c.at < until,
            _TICKET.c.queue == queue,
            _TICKET.c.solved_at >= since,
            _TICKET.c.solved_at < until,
        )
    )


def _missed(queue: str, since: dt.datetime, until: dt.datetime) -> Select[Any]:
    joined = select(func.count()).join(_TICKET, _TICKET.c.id == _DEADLINE.c.ticket_id)
    return joined.where(
        _TICKET.c.queue == queue, _DEADLINE.c.kind.in_(_CLOCKS), _fell(since, until)
    )


def _count(connection: Connection, statement: Select[Any]) -> int:
    return int(connection.execute(statement).scalar_one())


def _candidates(
    connection: Connection, statement: Select[Any], *, is_over: bool
) -> list[Candidate]:
    """One for each ticket: of several times the first."""
    found: dict[int, Candidate] = {}
    for row in connection.execute(statement.order_by(_DEADLINE.c.due_at)).mappings():
        found.setdefault(row["id"], _candidate(row, is_over=is_over))
    return list(found.values())


def _candidate(row: RowMapping, *, is_over: bool) -> Candidate:
    due = row["due_at"] and Due(kind=row["kind"], due_at=row["due_at"], is_over=is_over)
    return Candidate(
        number=row["id"],
        priority=Priority(row["priority"]),
        opened_at=row["created_at"],
        due=due or None,
    )
