"""Who has how much in hand, who was given a ticket when, and who is next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, func, select, text
from sqlmodel import Field, SQLModel

from maild.core import assign
from maild.core.absence import FOREVER
from maild.core.snapshot import AgentLoad
from maild.core.ticket import Priority, State, Ticket
from maild.store import absence, reach, tables
from maild.store.columns import BigKey, moment
from maild.store.conflict import add_replacing
from maild.store.prepared import Prepared
from maild.store.tables import metadata

__all__ = ["away", "given", "in_hand", "loads", "metadata", "take_turns"]


class AssignmentRow(SQLModel, table=True):
    """When somebody was last given a ticket."""

    __tablename__ = "assignment"
    agent: str = Field(primary_key=True)
    """Registered address."""
    turn: int = Field(sa_column=Column(BigKey, nullable=False))
    """Rises with every ticket that anybody is given: who has the lowest waited longest."""
    ticket_id: int = Field(sa_column=Column(BigKey, nullable=False))
    at: datetime = moment()


_ONE_AT_A_TIME = 0x6D61696C64  # any number that nobody else takes
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_ASSIGNMENT = _T[AssignmentRow.__tablename__]
_COUNTED = [_TICKET.c[name] for name in ("assignee", "state", "priority")]
_COUNTS = Prepared(select(*_COUNTED, func.count()).where(text(tables.IN_HAND)).group_by(*_COUNTED))
_COUNTS_BY_INDEX = Prepared(
    text(
        "SELECT assignee, state, priority, count(*) "  # noqa: S608 - no text but our own
        f"FROM ticket INDEXED BY {tables.IN_HAND_INDEX} "
        f"WHERE {tables.IN_HAND} GROUP BY assignee, state, priority"
    )
)
"""SQLite would go by the state and look into every ticket: it takes five times as long."""
_TURNS = Prepared(select(_ASSIGNMENT.c.agent, _ASSIGNMENT.c.turn, _ASSIGNMENT.c.ticket_id))
_NEWEST = Prepared(select(func.coalesce(func.max(_ASSIGNMENT.c.turn), 0)))


def take_turns(connection: Connection) -> None:
    """Let those who assign tickets do so one after the other, until the transaction ends.

    Else two nodes would count the same tickets and give one agent too many. SQLite has one writer
    anyhow. Take it before anything is written: who waits for it must hold nothing.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))


def loads(
    connection: Connection, now: datetime, agents: Sequence[str] = ()
) -> tuple[AgentLoad, ...]:
    """Return what every agent has in hand, whose turn it was when, and who is away.

    `agents` are registered addresses: who of them is suspended reads nothing either.
    """
    counts: defaultdict[str, int] = defaultdict(int)
    weights: defaultdict[str, int] = defaultdict(int)
    counted = _COUNTS_BY_INDEX if connection.dialect.name == "sqlite" else _COUNTS
    for agent, state, priority, count in counted.rows(connection):
        counts[agent] += count
        weights[agent] += count * assign.weight(State(state), Priority(priority))
    turns = {agent: (turn, ticket) for agent, turn, ticket in _TURNS.rows(connection)}
    away = _unread(connection, now, agents)
    return tuple(
        AgentLoad(
            address=agent,
            open_tickets=counts[agent],
            weight=weights[agent],
            last_turn=turns[agent][0] if agent in turns else 0,
            last_assigned_ticket=turns[agent][1] if agent in turns else 0,
            away_until=away.get(agent),
        )
        for agent in sorted({*counts, *turns, *away})
    )


def away(
    connection: Connection, now: datetime, agents: Sequence[str] = ()
) -> tuple[AgentLoad, ...]:
    """Return who is away, where nobody asks what they have in hand."""
    unread = _unread(connection, now, agents)
    return tuple(AgentLoad(address=agent, away_until=until) for agent, until in unread.items())


def _unread(connection: Connection, now: datetime, agents: Sequence[str]) -> dict[str, datetime]:
    """Return until when nobody reads what agents are sent."""
    ends = {agent: one.ends for agent, one in absence.all_away(connection, now).items()}
    return ends | dict.fromkeys(reach.silenced(connection, agents), FOREVER)


def given(
    connection: Connection, changed: Sequence[tuple[Ticket | None, Ticket]], now: datetime
) -> None:
    """Note who was given a ticket: pairs of a ticket before and after, in the order of giving."""
    agents = [
        (after.assignee, after.number)
        for before, after in changed
        if after.assignee and (before is None or before.assignee != after.assignee)
    ]
    if not agents:
        return
    [last] = _NEWEST.scalars(connection)
    rows = {
        agent: {"agent": agent, "turn": last + n, "ticket_id": number, "at": now}
        for n, (agent, number) in enumerate(agents, start=1)
    }
    add_replacing(connection, _ASSIGNMENT, "agent", [rows[agent] for agent in sorted(rows)])


def in_hand(connection: Connection, agent: str) -> tuple[int, ...]:
    """Return the numbers of the tickets of an agent that are not solved, oldest first."""
    unsolved = [*assign.STATE_WEIGHTS, State.ON_HOLD]
    found = select(_TICKET.c.id).where(_TICKET.c.assignee == agent, _TICKET.c.state.in_(unsolved))
    return tuple(connection.execute(found.order_by(_TICKET.c.id)).scalars())
