"""What was put off while the clock was ahead comes back with it, else it would wait for years."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from maild.store import tables
from maild.store.tables import JournalState, OutboxState, metadata

FAR = timedelta(days=1)
"""No try is put off for so long by a clock that is right."""
_JOURNAL = metadata.tables[tables.JournalRow.__tablename__]
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_SCHEDULED = select(_OUTBOX.c.id, _OUTBOX.c.created_at, _OUTBOX.c.not_before).where(
    _OUTBOX.c.state == OutboxState.SCHEDULED,
    _OUTBOX.c.next_try_at > bindparam("far"),
    _OUTBOX.c.created_at > bindparam("far"),
)
_MOVED = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("row"), _OUTBOX.c.state == OutboxState.SCHEDULED)
    .values(
        not_before=bindparam("at", type_=_OUTBOX.c.not_before.type),
        next_try_at=bindparam("at", type_=_OUTBOX.c.next_try_at.type),
    )
)


def come_back(connection: Connection, now: datetime) -> None:
    """Let mails be tried now whose next try the wrong clock told.

    What was written meanwhile and is to wait waits as long as it was to, from now on.
    """
    far = now + FAR
    connection.execute(
        update(_JOURNAL)
        .where(_JOURNAL.c.state == JournalState.RECEIVED, _JOURNAL.c.not_before > far)
        .values(not_before=None)
    )
    connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.state == OutboxState.QUEUED, _OUTBOX.c.next_try_at > far)
        .values(next_try_at=now, first_try_at=None)
    )
    late = connection.execute(_SCHEDULED, {"far": far}).all()
    moved = [{"row": row.id, "at": now + (row.not_before - row.created_at)} for row in late]
    if moved:
        connection.execute(_MOVED, moved)
