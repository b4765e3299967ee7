"""Presence: what a process holds on a shared PostgreSQL for as long as it lives.

A lock here lasts as long as the connection that took it: when a process dies the server lets go at
once, when its machine goes dark within half a minute. On SQLite there is one machine, whose lock
files say the same, so nothing is asked. What a lock guards is patience, never truth: two who poll
one mailbox for a moment journal each mail once all the same.
"""

from __future__ import annotations

import threading
import time

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from maild.store.database import Database, translated

AGAIN_SECONDS = 0.2
HUNG_SECONDS = 60.0
"""A daemon says a word on its connection every ten seconds."""
_TAKE = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_LEAVE = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
_IS_FREE = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")

_END_HUNG = text(
    "SELECT pg_terminate_backend(pid) FROM node JOIN pg_locks"
    " ON (classid::bigint << 32) | objid::bigint = hashtextextended('node ' || name, 0)"
    " JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND datname = current_database() AND name <> :own"
    " AND usename = current_user"
    " AND state_change < clock_timestamp() - make_interval(secs => :seconds)"
)
"""By one clock, the server's; a role may end nobody's sessions but its own."""


class Presence:
    """The locks of one process, on a connection of their own."""

    def __init__(self, database: Database) -> None:
        """Hold nothing yet."""
        self._database = database
        self._door = threading.Lock()
        self._connection: Connection | None = None
        self._held: set[str] = set()

    def hold(self, name: str) -> bool:
        """Take the lock of a name, or see that it is still ours; False while another has it.

        Raises `StoreBusy` when the database cannot be reached: then it may be another's by now.
        """
        if self._database.is_sqlite:
            return True
        with self._door, translated():
            try:
                return self._taken(name)
            except SQLAlchemyError:
                self._forget()
                raise

    def insist(self, name: str, seconds: float) -> bool:
        """Take a lock whose holder may be dead already; False when it is still held after so long.

        The server hears of a machine that went dark within half a minute.
        """
        end = time.monotonic() + seconds
        while not self.hold(name):
            if time.monotonic() >= end:
                return False
            time.sleep(AGAIN_SECONDS)
        return True

    def let_go(self, name: str) -> None:
        """Give a lock away, if it is held; without a connection it is free anyhow."""
        with self._door:
            if self._connection is None or name not in self._held:
                return
            self._held.discard(name)
            try:
                self._connection.execute(_LEAVE, {"name": name})
            except SQLAlchemyError:
                self._forget()

    def close(self) -> None:
        """Give all of them away."""
        with self._door:
            self._forget()

    def _taken(self, name: str) -> bool:
        if self._connection is None:
            self._connection = _opened(self._database)
        if name in self._held:
            self._connection.execute(text("SELECT 1"))
            return True
        if not self._connection.execute(_TAKE, {"name": name}).scalar_one():
            return False
        self._held.add(name)
        return True

    def _forget(self) -> None:
        self._held.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def is_free(connection: Connection, name: str) -> bool:
    """Tell whether nobody holds a lock; then nobody takes it before the transaction ends."""
    return bool(connection.execute(_IS_FREE, {"name": name}).scalar_one())


def end_hung(connection: Connection, own: str) -> int:
    """Take the locks of other nodes that hang, their seats first; return how many hung.

    The kernel of a process that was stopped keeps its connections: the server hears of nothing.
    """
    if connection.dialect.name != "postgresql":
        return 0
    return len(connection.execute(_END_HUNG, {"own": own, "seconds": HUNG_SECONDS}).all())


def _opened(database: Database) -> Connection:
    """Open a connection that no pool lends to others, and that is closed when it is given back."""
    connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    return connection
