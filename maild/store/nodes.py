"""The daemons that work on a database, what the dead ones left in hand, what the others know.

What comes past the listener (`maild deliver`) reads the settings of today, while a daemon works
with those that it read last. Until it reads them anew, mail for a new mailbox had better wait
outside: inside, it would be taken for another one's. So each notes its addresses, in `meta`, and
for which mailbox each is.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, delete, func, select, update
from sqlmodel import Field, SQLModel

from maild.errors import InUse
from maild.store import deadlines, journal, outbox, presence, tables
from maild.store.columns import moment
from maild.store.conflict import replacing, unless_there
from maild.store.tables import metadata

__all__ = [
    "arrive",
    "beat",
    "clock",
    "known",
    "knows",
    "leave",
    "lock",
    "metadata",
    "node_name",
    "seat",
    "unaware",
]

FORGOTTEN_AFTER = timedelta(days=1)
SILENT_AFTER = timedelta(seconds=30)
"""A node that holds its seat no more and was not seen for so long is dead."""


class NodeRow(SQLModel, table=True):
    """A daemon that works on this database."""

    __tablename__ = "node"
    name: str = Field(primary_key=True)
    """`host:boot:pid`, as it stands in `claimed_by`."""
    started_at: datetime = moment()
    seen_at: datetime = moment()
    version: str = ""


_NODE = metadata.tables[NodeRow.__tablename__]
_META = metadata.tables[tables.Meta.__tablename__]
_KNOWS = "node.knows "
_FORGET = delete(_META).where(
    _META.c.name.startswith(_KNOWS, autoescape=True),
    _META.c.name.not_in(select(_KNOWS + _NODE.c.name)),
)
"""What nodes knew that are gone."""


def node_name(state_dir: Path, part: str = "") -> str:
    """Return this node's name: `host:state_dir`, the same after a restart.

    `part` tells processes apart that share the work of one state folder; empty for the only one.
    """
    name = f"{socket.gethostname()}:{state_dir.resolve()}"
    return f"{name}#{part}" if part else name


def seat(name: str) -> str:
    """Return the name of the lock that a node holds while it lives (`store/presence.py`)."""
    return f"node {name}"


def lock(state_dir: Path, roles: Iterable[str]) -> tuple[IO[str], ...]:
    """Let each role be played by one daemon in a state folder; `InUse` when one is taken.

    Its holder may be on its way out, so that it pays to try again. A lock lasts as long as its
    file stays open; the kernel drops it with the process.
    """
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    taken: list[IO[str]] = []
    for role in sorted(roles):
        try:
            taken.append(_lock(state_dir, role))
        except InUse:
            for stream in taken:
                stream.close()
            raise
    return tuple(taken)


def arrive(connection: Connection, name: str, version: str, now: datetime) -> int:
    """Register a node that starts, and take back what its last life had in hand."""
    leave(connection, name)
    row = {"name": name, "started_at": now, "seen_at": now, "version": version}
    connection.execute(unless_there(connection, _NODE), row)
    return take_back(connection, [name, *_dead(connection, name)], now)


def beat(connection: Connection, name: str, now: datetime) -> int:
    """Show that a node lives, and take back what dead ones left, or whose lease ended."""
    connection.execute(update(_NODE).where(_NODE.c.name == name).values(seen_at=now))
    connection.execute(delete(_NODE).where(_NODE.c.seen_at < now - FORGOTTEN_AFTER))
    connection.execute(_FORGET)
    return take_back(connection, _gone(connection, name, now), now)


def clock(connection: Connection) -> datetime | None:
    """Ask for the time that all nodes share, the database's; None where there is one machine."""
    if connection.dialect.name == "sqlite":
        return None
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def leave(connection: Connection, name: str) -> None:
    """Sign off; nothing is in hand any more."""
    connection.execute(delete(_NODE).where(_NODE.c.name == name))
    connection.execute(delete(_META).where(_META.c.name == f"{_KNOWS}{name}"))


def knows(connection: Connection, name: str, places: Mapping[str, str]) -> None:
    """Note which addresses of ours a node knows, and for which mailbox (`House.places`).

    Older code, which works beside ours during an upgrade, reads the addresses alone: the keys.
    """
    row = {"name": f"{_KNOWS}{name}", "value": json.dumps(dict(places), sort_keys=True)}
    connection.execute(replacing(connection, _META, "name"), row)


def unaware(connection: Connection, places: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    """Return our addresses that some living daemon does not know for their mailbox, or at all.

    None where no daemon is. One of an older version noted its addresses alone (a list): they count
    for whatever mailbox.
    """
    known = _noted(connection, now)
    return tuple(
        one
        for one, box in places.items()
        if any(one not in some or (isinstance(some, dict) and some[one] != box) for some in known)
    )


def known(connection: Connection, now: datetime) -> frozenset[str]:
    """Return our addresses and the names of our mailboxes that any living daemon knows."""
    found: set[str] = set()
    for some in _noted(connection, now):
        found.update(some, some.values() if isinstance(some, dict) else ())
    return frozenset(found)


def take_back(connection: Connection, names: list[str], now: datetime) -> int:
    """Put back into the line what these nodes, or nodes with a lease that ended, had in hand."""
    mails = journal.recover(connection, names, now) + outbox.recover(connection, names, now)
    return mails + deadlines.recover(connection, names)


def _noted(connection: Connection, now: datetime) -> list[Any]:
    """Return what each living daemon knows."""
    living = select(_KNOWS + _NODE.c.name).where(_NODE.c.seen_at > now - SILENT_AFTER)
    rows = connection.execute(select(_META.c.value).where(_META.c.name.in_(living))).scalars()
    return [json.loads(row) for row in rows]


def _dead(connection: Connection, name: str) -> list[str]:
    """Parts of a node: commands (`NAME#pid`) whose process is gone, and daemons (`NAME#roles`).

    A daemon that plays every role holds every lock: no other one lives beside it.
    """
    rows = connection.execute(
        select(_NODE.c.name).where(_NODE.c.name.startswith(f"{name}#", autoescape=True))
    ).scalars()
    return [row for row in rows if not _lives(row.rpartition("#")[2])]


def _gone(connection: Connection, name: str, now: datetime) -> list[str]:
    """Return the daemons on other machines that are dead; on SQLite there is no other machine.

    Both signs are wanted: a clock that is wrong, or a connection that broke, is no death. Commands
    hold no seat; what they had in hand comes back with its lease.
    """
    if connection.dialect.name != "postgresql":
        return []
    silent = connection.execute(
        select(_NODE.c.name)
        .where(_NODE.c.seen_at < now - SILENT_AFTER, _NODE.c.name != name)
        .order_by(_NODE.c.name)
    ).scalars()
    daemons = [other for other in silent.all() if not other.rpartition("#")[2].isdecimal()]
    return [other for other in daemons if presence.is_free(connection, seat(other))]


def _lives(pid: str) -> bool:
    with suppress(ValueError, ProcessLookupError):
        try:
            os.kill(int(pid), 0)
        except PermissionError:
            return True
        return True
    return False


def _lock(state_dir: Path, role: str) -> IO[str]:
    stream = (state_dir / f"{role}.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        stream.seek(0)
        holder = stream.read().strip() or "?"
        stream.close()
        words = f"another maild (process {holder}) works in {state_dir} already as {role}"
        raise InUse(words) from error
    stream.truncate(0)
    stream.write(f"{os.getpid()}\n")
    stream.flush()
    return stream
