"""Nothing goes out while this stands: after a restore nobody knows yet what was sent before it.

One row of the table `meta` says so to every node; mail of ours is written and waits meanwhile.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, select, update

from maild.store import tables
from maild.store.conflict import replacing
from maild.store.tables import OutboxState, metadata

RESTORED = "it waited when the backup was made, and may have been sent since"
"""What stands at a mail of ours that a restore found on its way: `maild outbox retry` sends it."""
WRITTEN = "it was written after a restore, and may say again what was sent before it"
"""What stands at a mail that was written while everything was held."""
UNDER_WAY = (OutboxState.SCHEDULED, OutboxState.QUEUED, OutboxState.SENDING)
_NAME = "outbound.held"
_META = metadata.tables[tables.Meta.__tablename__]
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
FLOWS = ~exists().where(_META.c.name == _NAME)
"""A condition: nothing is held as a whole."""


def hold(connection: Connection, why: str) -> None:
    """Let nothing go out until `release`; `why` is a line for people."""
    connection.execute(replacing(connection, _META, "name"), {"name": _NAME, "value": why})


def held(connection: Connection) -> str:
    """Return why nothing goes out; empty when it does."""
    statement = select(_META.c.value).where(_META.c.name == _NAME)
    return connection.execute(statement).scalar_one_or_none() or ""


def release(connection: Connection) -> bool:
    """Let mail of ours go out again; tell whether it was held."""
    return bool(connection.execute(delete(_META).where(_META.c.name == _NAME)).rowcount)


def resend(connection: Connection, why: str, now: datetime) -> int:
    """Queue the mails that are held for one reason, `RESTORED` or `WRITTEN`; return how many."""
    return connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.state == OutboxState.HELD, _OUTBOX.c.last_error == why)
        .values(
            state=OutboxState.QUEUED,
            next_try_at=now,
            first_try_at=None,
            unknown_ends=0,
            last_error="",
        )
    ).rowcount


def take_in(connection: Connection, now: datetime) -> int:
    """Hold, each by itself, the mails that were on their way in a state that is older than ours.

    What goes out later than now has surely not been sent yet, and keeps its time. Return how many.
    """
    return connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.state.in_(UNDER_WAY), _OUTBOX.c.not_before <= now)
        .values(
            state=OutboxState.HELD,
            last_error=RESTORED,
            dialled=False,
            claimed_by="",
            claimed_until=None,
        )
    ).rowcount


def set_aside(connection: Connection, now: datetime) -> int:
    """Hold, each by itself, the mails that were written while everything was; return how many.

    What goes out later than now has surely not been sent yet, and keeps its time.
    """
    return connection.execute(
        update(_OUTBOX)
        .where(
            _OUTBOX.c.state.in_((OutboxState.QUEUED, OutboxState.SCHEDULED)),
            _OUTBOX.c.not_before <= now,
        )
        .values(state=OutboxState.HELD, last_error=WRITTEN)
    ).rowcount
