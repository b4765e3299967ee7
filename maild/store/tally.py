"""What there is to do, and what happened: rows counted for a simulation, never for the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from maild.core.survey import Survey
from maild.core.ticket import PostKind, State
from maild.store import surveys, tables
from maild.store.database import Database, translated
from maild.store.deadlines import DeadlineRow
from maild.store.prepared import Prepared
from maild.store.tables import OutboxState, metadata

UNSOLVED = (State.NEW, State.OPEN, State.PENDING, State.ON_HOLD)
"""Together the backlog."""
_AT_ONCE = 5000
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_DEADLINE = _T[DeadlineRow.__tablename__]
_SURVEY = _T[surveys.SurveyRow.__tablename__]
_TO_DO = Prepared(
    select(
        _TICKET.c.id,
        _TICKET.c.queue,
        _TICKET.c.priority,
        _TICKET.c.tier,
        _TICKET.c.assignee,
        _TICKET.c.mailbox,
        _CUSTOMER.c.address,
    )
    .join(_CUSTOMER, _CUSTOMER.c.id == _TICKET.c.customer_id)
    .where(_TICKET.c.state.in_((State.NEW, State.OPEN)))
    .order_by(_TICKET.c.updated_at, _TICKET.c.id)
)
_BACKLOG = Prepared(select(func.count()).where(_TICKET.c.state.in_(UNSOLVED)))
_FLOWS = (
    select(_EVENT.c.at, _EVENT.c.kind, _EVENT.c.data)
    .where(_EVENT.c.kind.in_(("ticket.created", "state.changed")))
    .order_by(_EVENT.c.id)
)
_DEADLINES = select(
    _DEADLINE.c.ticket_id,
    _DEADLINE.c.kind,
    _DEADLINE.c.due_at,
    _DEADLINE.c.state,
    _DEADLINE.c.fired_at,
    _DEADLINE.c.merged,
    _DEADLINE.c.policy,
)
_ANSWERED = select(_TICKET.c.created_at, _TICKET.c.first_response_at)
_ANSWERS = (
    select(_POST.c.author, func.count())
    .where(_POST.c.kind == PostKind.AGENT)
    .group_by(_POST.c.author)
)
_ASSIGNED = (
    select(_TICKET.c.assignee, func.count())
    .where(_TICKET.c.assignee != "")
    .group_by(_TICKET.c.assignee)
)
_MAILS = select(_OUTBOX.c.created_at)
_EMPTY = (
    update(_OUTBOX)
    .where(_OUTBOX.c.state.in_((OutboxState.SCHEDULED, OutboxState.QUEUED, OutboxState.HELD)))
    .values(state=OutboxState.SENT, literal=b"", pieces=[])
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """A ticket that waits for an agent."""

    number: int
    queue: str
    priority: str
    tier: int
    assignee: str
    mailbox: str
    customer: str
    """Address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A ticket came, or went from one state to another."""

    at: datetime
    source: str
    """The state before; empty for a ticket that was opened."""
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A deadline row, and what became of it."""

    ticket: int
    kind: str
    due_at: datetime
    state: str
    fired_at: datetime | None
    is_merged: bool
    policy: str
    """Or the rule that waited for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A ticket, and when it was answered first."""

    at: datetime
    answered_at: datetime | None


def to_do(connection: Connection) -> tuple[ToDo, ...]:
    """Return the tickets that wait for an agent, those that waited longest first."""
    return tuple(
        ToDo(
            number=number,
            queue=queue,
            priority=priority,
            tier=tier,
            assignee=assignee,
            mailbox=mailbox,
            customer=address,
        )
        for number, queue, priority, tier, assignee, mailbox, address in _TO_DO.rows(connection)
    )


def copy_to(database: Database, file: Path) -> None:
    """Write an SQLite database into a new file."""
    with translated(), database.engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.exec_driver_sql("VACUUM INTO ?", (str(file),))


def backlog(connection: Connection) -> int:
    """Return how many tickets are not solved, as the ticket table says."""
    return int(_BACKLOG.scalars(connection)[0])


def states(connection: Connection) -> dict[int, State]:
    """Return the state of every ticket by number."""
    rows = connection.execute(select(_TICKET.c.id, _TICKET.c.state).order_by(_TICKET.c.id))
    return {number: State(state) for number, state in rows}


def flows(connection: Connection) -> Iterator[Flow]:
    """Yield what the log says of tickets that came and of their states, as it was written."""
    for at, kind, data in _streamed(connection, _FLOWS):
        if kind == "ticket.created":
            yield Flow(at=at, source="", target=data.get("state", State.NEW.value))
        else:
            yield Flow(at=at, source=data["from"], target=data["to"])


def deadlines(connection: Connection) -> Iterator[Ended]:
    """Yield every deadline row."""
    for row in _streamed(connection, _DEADLINES):
        ticket, kind, due_at, state, fired_at, merged, policy = row
        yield Ended(
            ticket=ticket,
            kind=kind,
            due_at=due_at,
            state=state,
            fired_at=fired_at,
            is_merged=merged,
            policy=policy,
        )


def opened(connection: Connection) -> Iterator[Opened]:
    """Yield when every ticket was opened and first answered."""
    for at, answered_at in _streamed(connection, _ANSWERED):
        yield Opened(at=at, answered_at=answered_at)


def answers(connection: Connection) -> dict[str, int]:
    """Return how many answers to customers each agent wrote."""
    return {row[0]: row[1] for row in connection.execute(_ANSWERS)}


def assigned(connection: Connection) -> dict[str, int]:
    """Return how many tickets each agent has, whatever their state."""
    return {row[0]: row[1] for row in connection.execute(_ASSIGNED)}


def mails(connection: Connection) -> Iterator[datetime]:
    """Yield when every mail of ours was written."""
    for (at,) in _streamed(connection, _MAILS):
        yield at


def asked(connection: Connection, since: datetime) -> tuple[Survey, ...]:
    """Return the surveys that were sent from an instant on."""
    found = select(_SURVEY.c.id).where(_SURVEY.c.sent_at >= since).order_by(_SURVEY.c.id)
    return tuple(surveys.of(connection, connection.execute(found).scalars()).values())


def empty_outbox(connection: Connection) -> int:
    """Count what waits to be sent as sent and let go of its bytes; return how many it were."""
    return connection.execute(_EMPTY).rowcount


def _streamed(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    found = connection.execution_options(yield_per=_AT_ONCE).execute(statement)
    for some in found.partitions():
        yield from some
