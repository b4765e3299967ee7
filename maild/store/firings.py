"""How often rules fired: of mails the journal tells it, of all else the tickets' logs."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from maild.core.ruling import FIRED
from maild.store import tables
from maild.store.tables import metadata

_JOURNAL = metadata.tables[tables.JournalRow.__tablename__]
_EVENT = metadata.tables[tables.EventRow.__tablename__]
_BY_MAIL = select(_JOURNAL.c.received_at, _JOURNAL.c.rules).where(
    _JOURNAL.c.received_at >= bindparam("since", type_=_JOURNAL.c.received_at.type),
    _JOURNAL.c.outcome != "",
)
_BY_TIME = select(_EVENT.c.at, _EVENT.c.actor).where(
    _EVENT.c.kind == FIRED,
    _EVENT.c.at >= bindparam("since", type_=_EVENT.c.at.type),
)


def since(connection: Connection, moment: datetime) -> dict[str, list[datetime]]:
    """Return when each rule fired since a time, by its name."""
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for at, names in connection.execute(_BY_MAIL, {"since": moment}):
        for name in names:
            found[name].append(at)
    for at, actor in connection.execute(_BY_TIME, {"since": moment}):
        found[actor.removeprefix("rule:")].append(at)
    return dict(found)
