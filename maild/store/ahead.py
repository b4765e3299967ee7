"""What was put off while the clock was ahead comes back with it, else it would wait for years.

Which clock was wrong is told by the rows: by a right one no try is put off for hours, and nothing
was written in the future. A mail that is to wait must not go too early, so that it stays where it
is while this clock itself may be behind.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, case, or_, select, update

from maild.store import deadlines, tables
from maild.store.prepared import Prepared
from maild.store.tables import JournalState, OutboxState, metadata

FAR = timedelta(hours=2)
"""No try is put off for so long by a clock that is right (`core/backoff.py`: 66 minutes)."""
NEAR = timedelta(minutes=2)
"""So far the clocks of two nodes may be apart."""
_JOURNAL = metadata.tables[tables.JournalRow.__tablename__]
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_NOW = bindparam("now", type_=_OUTBOX.c.next_try_at.type)
_PUT_OFF = and_(
    _OUTBOX.c.state == OutboxState.QUEUED,
    _OUTBOX.c.next_try_at > bindparam("near"),
    or_(_OUTBOX.c.next_try_at > bindparam("far"), _OUTBOX.c.attempts == 0),
)
"""What was never tried is queued since its time came."""
_RECEIVED = Prepared(
    update(_JOURNAL)
    .where(_JOURNAL.c.state == JournalState.RECEIVED, _JOURNAL.c.not_before > bindparam("far"))
    .values(not_before=None)
)
_QUEUED = Prepared(
    update(_OUTBOX)
    .where(_PUT_OFF)
    .values(
        not_before=case((_OUTBOX.c.not_before > _NOW, _NOW), else_=_OUTBOX.c.not_before),
        next_try_at=_NOW,
        first_try_at=None,
    )
)
_SCHEDULED = Prepared(
    select(_OUTBOX.c.id, _OUTBOX.c.created_at, _OUTBOX.c.not_before).where(
        _OUTBOX.c.state == OutboxState.SCHEDULED,
        _OUTBOX.c.next_try_at > bindparam("near"),
        _OUTBOX.c.created_at > bindparam("near"),
    )
)
_MOVED = Prepared(
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("row"), _OUTBOX.c.state == OutboxState.SCHEDULED)
    .values(
        created_at=_NOW,
        not_before=bindparam("at", type_=_OUTBOX.c.not_before.type),
        next_try_at=bindparam("at", type_=_OUTBOX.c.next_try_at.type),
    )
)


def come_back(connection: Connection, now: datetime) -> None:
    """Let mails be tried now whose next try the wrong clock told.

    What was written meanwhile and is to wait waits as long as it was to, from now on. It does so
    by a clock that goes on from what was written down last (`deadlines.seen`): who is behind that
    knows not whether it was wrong then or is now.
    """
    near, far = now + NEAR, now + FAR
    _RECEIVED.run(connection, [{"far": far}])
    _QUEUED.run(connection, [{"now": now, "near": near, "far": far}])
    seen = deadlines.seen(connection)
    if seen is not None and seen > near:
        return
    late = _SCHEDULED.rows(connection, {"near": near})
    moved = [
        {"row": row, "now": now, "at": now + (not_before - created_at)}
        for row, created_at, not_before in late
    ]
    _MOVED.run(connection, moved)
