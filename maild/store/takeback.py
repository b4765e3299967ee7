"""Take mails of ours back: a reply with all its copies, and notices that are true no more."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select, update

from maild.core.decision import ReplyKind, SentReply
from maild.core.ticket import PostKind
from maild.errors import LostRace
from maild.store import tables
from maild.store.prepared import Prepared
from maild.store.tables import OutboxState, metadata

TAKEN_BACK = "taken back by its author"
UNTRUE = "no longer true: somebody acted before it was due"
FREED = "/taken-back/"
"""Behind the key of a mail whose first key is free for another: its links lead nowhere."""
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_POST = metadata.tables[tables.PostRow.__tablename__]

_WITHDRAW = Prepared(
    update(_OUTBOX)
    .where(
        _OUTBOX.c.key.in_(bindparam("keys", expanding=True)),
        _OUTBOX.c.state == OutboxState.SCHEDULED,
    )
    .values(state=OutboxState.HELD, last_error=UNTRUE)
    .returning(_OUTBOX.c.key)
)
_WAITING = Prepared(
    select(_OUTBOX.c.ticket_id).where(
        _OUTBOX.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _OUTBOX.c.state == OutboxState.SCHEDULED,
        _OUTBOX.c.kind != ReplyKind.REPLY,
    )
)


def take_back(connection: Connection, sent: SentReply) -> None:
    """Hold every copy of a reply; LostRace when one of them is under way by now."""
    held = connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.id.in_(sent.outbox), _OUTBOX.c.state == OutboxState.SCHEDULED)
        .values(state=OutboxState.HELD, last_error=TAKEN_BACK)
    ).rowcount
    if held != len(sent.outbox):
        raise LostRace(f"a copy of post {sent.post_n} of ticket {sent.ticket} is under way")
    connection.execute(
        update(_POST)
        .where(_POST.c.ticket_id == sent.ticket, _POST.c.n == sent.post_n)
        .values(kind=PostKind.UNDONE)
    )


def waiting(connection: Connection, numbers: Collection[int]) -> frozenset[int]:
    """Return which of these tickets have a notice or a survey that waits for its time."""
    if not numbers:
        return frozenset()
    return frozenset(_WAITING.scalars(connection, {"tickets": sorted(numbers)}))


def withdraw(connection: Connection, keys: Collection[str]) -> frozenset[str]:
    """Hold notices that still wait for their time; return the keys of those that did."""
    if not keys:
        return frozenset()
    return frozenset(_WITHDRAW.scalars(connection, {"keys": sorted(keys)}))
