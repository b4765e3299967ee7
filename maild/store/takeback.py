"""Take a reply back: its copies are held and its post is marked, all together or not at all."""

from __future__ import annotations

from sqlalchemy import Connection, update

from maild.core.decision import SentReply
from maild.core.ticket import PostKind
from maild.errors import LostRace
from maild.store import tables
from maild.store.tables import OutboxState, metadata

TAKEN_BACK = "taken back by its author"
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_POST = metadata.tables[tables.PostRow.__tablename__]


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
