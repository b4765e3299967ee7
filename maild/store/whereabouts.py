"""Where the store lives, and what is done when that changed under us (PostgreSQL alone).

A standby that lagged and was promoted, or a dump that was put back, is an older state: numbers
that went out would be given again, and mail that went out be sent again. So `meta` keeps a mark of
server, timeline, database and tables, and each connection compares it before it first writes:
whatever moves, no connection moves along. Who finds another place lets the numbers go on behind a
gap, under a lock, before anything else is written there. As after a restore nothing goes out then,
unless the place is a standby that was not far behind: the newest of the mails that it still has to
send may come twice, with the same bytes, which is better than that nobody gets an answer.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from maild.log import Event, event
from maild.store import hold, numbering, tables
from maild.store.conflict import replacing
from maild.store.nodes import NodeRow
from maild.store.tables import metadata

LIVES = "store.lives"
"""Row of the table `meta`: the mark."""
MOVED = "store.moved"
"""Row of the table `meta`: a line for people about the last move."""
BEHIND_MAX = timedelta(hours=1)
"""A standby whose last sign of life from a node is older is taken for a backup."""
UNKNOWN = ("42501", "42883", "0A000")
"""SQLSTATEs of what a role may not ask, or a server cannot tell: insufficient_privilege,
undefined_function, feature_not_supported."""
_LOCK = 0x6D61696C65  # "maile": the PostgreSQL advisory lock of a move
_META = metadata.tables[tables.Meta.__tablename__]
_NODE = metadata.tables[NodeRow.__tablename__]
_NOTED = select(_META.c.value).where(_META.c.name == LIVES)
_SYSTEM = "SELECT CAST(system_identifier AS text) FROM pg_control_system()"
_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
"""Known at once after a promotion; `pg_control_checkpoint` waits for a checkpoint."""
_TABLES = (
    "SELECT concat(d.oid, '/', CAST(to_regclass('meta') AS oid))"
    " FROM pg_database d WHERE d.datname = current_database()"
)


class Move(StrEnum):
    """What became of the place."""

    NONE = "none"
    PROMOTED = "promoted"
    """The same server's bytes, which began a new timeline: a standby, or a recovery."""
    ELSEWHERE = "elsewhere"
    """Another server, database, or tables that were made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store lives; what could not be asked is empty, and differs from nothing."""

    system: str
    """Made by `initdb`; a standby has its primary's."""
    timeline: str
    """Eight hex digits; a promotion begins a new one."""
    tables: str
    """Numbers of the database and of the table `meta` in it: a restored dump has others."""

    def filled_from(self, other: Place) -> Place:
        """Return this place, with what the other knows where this one is empty."""
        known = {name: value for name, value in asdict(self).items() if value}
        return replace(other, **known)

    def since(self, other: Place) -> Move:
        """Tell what happened on the way from the other place to here."""
        now = self.filled_from(other)
        if (now.system, now.tables) != (other.system or now.system, other.tables or now.tables):
            return Move.ELSEWHERE
        return Move.PROMOTED if now.timeline != (other.timeline or now.timeline) else Move.NONE


def settle(connection: Connection) -> bool:
    """See that the store lives where it did, or do what a move asks for, before the first write.

    Inside a transaction of its own; False while there are no tables yet. Raises `DBAPIError` on a
    standby, which takes no writes.
    """
    if connection.dialect.name == "sqlite":
        return True
    if connection.execute(text("SELECT to_regclass('meta')")).scalar_one() is None:
        return False
    here = ask(connection)
    if _changed(connection, here) is None:
        return True
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    news = _changed(connection, here)
    if news is None:
        return True
    place, move = news
    row = {"name": LIVES, "value": json.dumps(asdict(place))}
    connection.execute(replacing(connection, _META, "name"), row)
    if move is not Move.NONE:
        _move(connection, move, datetime.now(UTC))
    return True


def ask(connection: Connection) -> Place:
    """Ask the server where this is; what the role may not ask stays empty."""
    return Place(
        system=_asked(connection, _SYSTEM),
        timeline=_asked(connection, _TIMELINE),
        tables=_asked(connection, _TABLES),
    )


def moved(connection: Connection) -> str:
    """Return a line about the last move; empty when the store never moved."""
    statement = select(_META.c.value).where(_META.c.name == MOVED)
    return connection.execute(statement).scalar_one_or_none() or ""


def _changed(connection: Connection, here: Place) -> tuple[Place, Move] | None:
    """Return what is to be noted and what happened; None when it stands there already."""
    noted = connection.execute(_NOTED).scalar_one_or_none()
    if noted is None:
        return here, Move.NONE
    known: dict[str, Any] = json.loads(noted)
    before = Place(**known)
    place = here.filled_from(before)
    return None if place == before else (place, here.since(before))


def _move(connection: Connection, move: Move, now: datetime) -> None:
    numbering.go_on(connection, numbering.GAP)
    words = _WORDS[move]
    held = move is Move.ELSEWHERE or _is_behind(connection, now)
    line = f"{words}, {now:%F %R} UTC; numbers go on behind a gap of {numbering.GAP}"
    connection.execute(replacing(connection, _META, "name"), {"name": MOVED, "value": line})
    mails = hold.take_in(connection, now) if held else 0
    if held:
        hold.hold(connection, f"{words}, {now:%F %R} UTC")
    event(Event.STORE_MOVED, why=words, gap=numbering.GAP, outbound_held=held, mails=mails)


_WORDS = {
    Move.PROMOTED: "a standby was promoted, or a recovery ended",
    Move.ELSEWHERE: "the database lives on another server, or was made anew from a dump",
}


def _is_behind(connection: Connection, now: datetime) -> bool:
    """Whether the newest sign of life is old; where nobody was at work nothing is missed."""
    seen: datetime | None = connection.execute(select(func.max(_NODE.c.seen_at))).scalar_one()
    return seen is not None and seen < now - BEHIND_MAX


def _asked(connection: Connection, question: str) -> str:
    try:
        with connection.begin_nested():
            return str(connection.execute(text(question)).scalar_one())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") not in UNKNOWN:
            raise
        return ""
