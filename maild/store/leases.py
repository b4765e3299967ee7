"""Leases: mails in hand stay in hand for as long as work on them goes on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, update

from maild.store.journal import LEASE
from maild.store.tables import JournalRow, JournalState, metadata

_JOURNAL = metadata.tables[JournalRow.__tablename__]


def renew(connection: Connection, node: str, ids: Collection[int], now: datetime) -> None:
    """Begin the leases of mails anew; what others took meanwhile stays theirs."""
    if not ids:
        return
    ours = (_JOURNAL.c.state == JournalState.PARSING, _JOURNAL.c.claimed_by == node)
    connection.execute(
        update(_JOURNAL)
        .where(_JOURNAL.c.id.in_(sorted(ids)), *ours)
        .values(claimed_until=now + LEASE)
    )
