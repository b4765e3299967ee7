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


def resend(connection: Connection, now: datetime) -> int:
    """Queue what was on its way when the backup was made, too; return how many mails."""
    return connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.state == OutboxState.HELD, _OUTBOX.c.last_error == RESTORED)
        .values(
            state=OutboxState.QUEUED,
            next_try_at=now,
            first_try_at=None,
            unknown_ends=0,
            last_error="",
        )
    ).rowcount


def drop_written_since(connection: Connection) -> int:
    """Give up what was written while everything was held; return how many mails.

    It is for who knows that all mail that came in since the backup was answered before.
    """
    return connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.state.in_((OutboxState.QUEUED, OutboxState.SCHEDULED)))
        .values(state=OutboxState.FAILED, last_error="given up when outbound mail was released")
    ).rowcount
