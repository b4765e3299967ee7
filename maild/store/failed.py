"""Mails of ours that failed, to be tried again together once the reason is mended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from maild.store import hold, tables
from maild.store.outbox import GIVEN_UP
from maild.store.tables import OutboxState, metadata
from maild.store.takeback import UNTRUE

_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_ATTEMPT = metadata.tables[tables.AttemptRow.__tablename__]
_TRIED = (
    select(func.max(_ATTEMPT.c.at)).where(_ATTEMPT.c.outbox_id == _OUTBOX.c.id).scalar_subquery()
)
_NOT_REFUSED = (GIVEN_UP, UNTRUE, hold.RESTORED, hold.WRITTEN)
"""An operator gave it up; older versions left the reason there for which it was held."""
_OF_THE_RECIPIENT = ("5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.5", "5.1.6", "5.2.")
"""No such address, or its mailbox takes nothing (RFC 3463 §3.2, §3.3; RFC 7505 §4.2)."""
_FAILED = (
    select(_OUTBOX.c.id, _OUTBOX.c.last_error)
    .where(
        _OUTBOX.c.state == OutboxState.FAILED,
        _OUTBOX.c.last_error.not_in(_NOT_REFUSED),
        bindparam("since") <= _TRIED,
    )
    .order_by(_OUTBOX.c.id)
)


def failed(connection: Connection, since: datetime, answer: str) -> list[int]:
    """Return the ids of mails that were tried since then and failed, oldest first.

    `answer` is a part of what was said to it, in any case of letters; empty for anything that is
    not about the recipient, who is no other one today. What an operator gave up is never among
    them, nor what was never tried.
    """
    rows = connection.execute(_FAILED, {"since": since})
    wanted = answer.casefold()
    if wanted:
        return [n for n, said in rows if wanted in said.casefold()]
    return [n for n, said in rows if not _is_of_the_recipient(said)]


def _is_of_the_recipient(said: str) -> bool:
    status = said.split(" ", 2)[1:2]
    return bool(status) and status[0].startswith(_OF_THE_RECIPIENT)
