"""The event log of a ticket as the core reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from maild.core.history import Entry
from maild.store import tables
from maild.store.prepared import Prepared
from maild.store.tables import metadata

_EVENT = metadata.tables[tables.EventRow.__tablename__]
_LOGS = Prepared(
    select(
        _EVENT.c.ticket_id, _EVENT.c.id, _EVENT.c.at, _EVENT.c.kind, _EVENT.c.actor, _EVENT.c.data
    )
    .where(_EVENT.c.ticket_id.in_(bindparam("tickets", expanding=True)))
    .order_by(_EVENT.c.ticket_id, _EVENT.c.id)
)


def entries(connection: Connection, number: int) -> tuple[Entry, ...]:
    """Return the log of a ticket as it was written, oldest first; empty when there is none."""
    return of_tickets(connection, [number]).get(number, ())


def of_tickets(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[Entry, ...]]:
    """Return the logs of tickets by number; no entry for a ticket without one."""
    found: defaultdict[int, list[Entry]] = defaultdict(list)
    rows = _LOGS.rows(connection, {"tickets": list(numbers)})
    for number, entry_id, at, kind, actor, data in rows:
        entry = Entry(id=entry_id, at=at, kind=kind, actor=actor, data=tuple(data.items()))
        found[number].append(entry)
    return {number: tuple(log) for number, log in found.items()}
