"""The event log of a ticket as the core reads it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from maild.core.history import Entry
from maild.store import tables
from maild.store.tables import metadata

_EVENT = metadata.tables[tables.EventRow.__tablename__]


def entries(connection: Connection, number: int) -> tuple[Entry, ...]:
    """Return the log of a ticket as it was written, oldest first; empty when there is none."""
    rows = connection.execute(
        select(_EVENT).where(_EVENT.c.ticket_id == number).order_by(_EVENT.c.id)
    ).mappings()
    return tuple(
        Entry(
            id=row["id"],
            at=row["at"],
            kind=row["kind"],
            actor=row["actor"],
            data=tuple(row["data"].items()),
        )
        for row in rows
    )
