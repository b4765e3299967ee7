"""Mail that a restore held is judged anew before it is sent: what is true no more stays held.

Answers and acknowledgements are as good as they were. A notice that waited for working hours, and
a survey, belong to their time: it passed while nothing went out, and somebody may have acted then,
also by mails that came in since. The log of the ticket says it (`core/deferred.py`). A survey that
is taken back here is not asked anew: it may have been sent before the restore.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, func, or_, select, update

from maild.core import deferred, surveying
from maild.store import commit, history, surveys, tables
from maild.store.tables import OutboxState, metadata
from maild.store.takeback import UNTRUE
from maild.store.traces import parts

_BEGINNING = datetime.min.replace(tzinfo=UTC)
"""For what waits: before it every notice still waits for its time."""
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_SURVEY = metadata.tables[surveys.SurveyRow.__tablename__]
_LEFT = metadata.tables[surveys.UnsubscribedRow.__tablename__]
_WAITING = (_OUTBOX.c.state == OutboxState.HELD, _OUTBOX.c.last_error == bindparam("why"))
_HELD = select(_OUTBOX.c.key, _OUTBOX.c.ticket_id).where(*_WAITING)
_OLDEST = select(func.min(_OUTBOX.c.not_before)).where(*_WAITING)
_UNWANTED = select(_SURVEY.c.key).where(
    _SURVEY.c.key.in_(bindparam("keys", expanding=True)),
    or_(
        _SURVEY.c.expires_at <= bindparam("now", type_=_SURVEY.c.expires_at.type),
        func.lower(_SURVEY.c.recipient).in_(select(_LEFT.c.address)),
    ),
)


def judge(connection: Connection, why: str, now: datetime) -> int:
    """Keep back what is true no more, of what is held for one reason; return how many.

    `why` is `hold.RESTORED` or `hold.WRITTEN`. The log of each ticket is told.
    """
    keys: defaultdict[int, set[str]] = defaultdict(set)
    for row in connection.execute(_HELD, {"why": why}):
        keys[row.ticket_id or 0].add(row.key)
    held = frozenset[str]().union(*keys.values())
    untrue = _overtaken(connection, keys, now) | _unwanted(connection, held, now)
    for some in parts(sorted(untrue)):
        mails = (_OUTBOX.c.key.in_(some), _OUTBOX.c.state == OutboxState.HELD)
        connection.execute(update(_OUTBOX).where(*mails).values(last_error=UNTRUE))
    return len(untrue)


def oldest(connection: Connection, why: str) -> datetime | None:
    """Return the time of the oldest mail that is held for one reason; None where none is."""
    moment: datetime | None = connection.execute(_OLDEST, {"why": why}).scalar_one()
    return moment


def _overtaken(
    connection: Connection, keys: Mapping[int, Collection[str]], now: datetime
) -> frozenset[str]:
    """Notices and surveys about tickets on which somebody acted after they were written."""
    found: set[str] = set()
    for some in parts(sorted(keys)):
        for number, log in history.of_tickets(connection, some).items():
            lines = [
                line
                for line in deferred.untrue(log, _BEGINNING)
                if dict(line.data)["key"] in keys[number]
            ]
            commit.add_events(connection, number, lines, 0, now)
            found |= {dict(line.data)["key"] for line in lines}
    return frozenset(found)


def _unwanted(connection: Connection, held: Collection[str], now: datetime) -> frozenset[str]:
    """Surveys that can be answered no more, or whose readers want none."""
    before = surveying.mail_key("")
    keys = sorted(key.removeprefix(before) for key in held if key.startswith(before))
    found: set[str] = set()
    for some in parts(keys):
        asked = {"keys": list(some), "now": now}
        found.update(connection.execute(_UNWANTED, asked).scalars())
    return frozenset(surveying.mail_key(key) for key in found)
