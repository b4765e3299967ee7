"""Absence rows: who is away, written by commands and read before tickets are given to somebody."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select
from sqlmodel import Field, SQLModel

from maild.core.absence import Absence
from maild.store.columns import moment
from maild.store.prepared import Prepared, Record
from maild.store.tables import metadata

__all__ = ["all_away", "back", "metadata", "of", "record"]


class AbsenceRow(SQLModel, table=True):
    """One agent's latest absence."""

    __tablename__ = "absence"
    agent: str = Field(primary_key=True)
    since: dt.datetime = moment()
    until: dt.datetime | None = moment(nullable=True)
    """NULL until they say that they are back."""
    set_by: str
    at: dt.datetime = moment()


_ABSENCE = metadata.tables[AbsenceRow.__tablename__]
_AGENTS: BindParameter[str] = bindparam("agents", expanding=True)
_REMOVE = delete(_ABSENCE).where(_ABSENCE.c.agent.in_(_AGENTS))
_ADD = insert(_ABSENCE)
_OF = select(_ABSENCE).where(_ABSENCE.c.agent == bindparam("agent"))
_ALL = Prepared(select(_ABSENCE).order_by(_ABSENCE.c.agent))


def record(connection: Connection, absences: list[Absence], now: dt.datetime) -> None:
    """Write absences in the place of earlier ones; one that has ended leaves no row."""
    if not absences:
        return
    latest = {one.agent: one for one in absences}
    connection.execute(_REMOVE, {"agents": sorted(latest)})
    rows = [
        {
            "agent": one.agent,
            "since": one.since,
            "until": one.until,
            "set_by": one.set_by,
            "at": now,
        }
        for one in latest.values()
        if one.ends > now
    ]
    if rows:
        connection.execute(_ADD, rows)


def back(connection: Connection, agent: str) -> bool:
    """End an agent's absence; False when there is none."""
    return connection.execute(_REMOVE, {"agents": [agent]}).rowcount > 0


def of(connection: Connection, agent: str, now: dt.datetime) -> Absence | None:
    """Return the absence of an agent who is away now."""
    row = connection.execute(_OF, {"agent": agent}).mappings().first()
    found = _absence(row) if row else None
    return found if found and found.holds(now) else None


def all_away(connection: Connection, now: dt.datetime) -> dict[str, Absence]:
    """Return the absences of everybody who is away now, by registered address."""
    found = (_absence(row) for row in _ALL.mappings(connection))
    return {one.agent: one for one in found if one.holds(now)}


def _absence(row: Record) -> Absence:
    return Absence(
        agent=row["agent"], since=row["since"], until=row["until"], set_by=row["set_by"]
    )
