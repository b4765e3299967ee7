"""Hints: a node that has something to do for others says so, and who waits looks at once.

PostgreSQL's NOTIFY carries them. Nothing rests on it: whoever hears nothing looks every second all
the same. Words are said after the commit that they are about, and a few times a second at most,
since the server lets those who say something commit one after the other.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from maild.store.database import Database

CHANNEL = "maild"
QUIET_SECONDS = 0.1
AGAIN_SECONDS = 5.0
LOOK_SECONDS = 30.0
CLOSE_SECONDS = 5.0


class Hint(StrEnum):
    """What there is to do."""

    MAIL = "mail"
    REPLIES = "replies"


class Hints:
    """One node's ear and mouth; on SQLite it says and hears nothing."""

    def __init__(self, database: Database, node: str, heard: Callable[[Hint], None]) -> None:
        """Hold no resource yet; `heard` is called in a thread of its own for what others say."""
        self._database = database
        self._node = node
        self._heard = heard
        self._stop = threading.Event()
        self._door = threading.Lock()
        self._unsaid: set[Hint] = set()
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._thread = threading.Thread(target=self._run, name="hints", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        if not self._database.is_sqlite:
            self._pair = socket.socketpair()
            self._thread.start()

    def say(self, hint: Hint) -> None:
        """Let the others know; returns at once."""
        if self._pair is None:
            return
        with self._door:
            is_new = not self._unsaid
            self._unsaid.add(hint)
        if is_new:
            self._wake()

    def close(self) -> None:
        """Listen no more; a server that does not answer is not waited for long."""
        self._stop.set()
        if self._pair is None:
            return
        self._wake()
        self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            for end in self._pair:
                end.close()

    def _wake(self) -> None:
        if self._pair is not None:
            self._pair[1].send(b"!")

    def _run(self) -> None:
        """Listen until told to stop; a lost connection is made anew."""
        broken = (SQLAlchemyError, self._database.engine.dialect.loaded_dbapi.Error, OSError)
        while not self._stop.is_set():
            try:
                with self._database.engine.connect() as connection:
                    connection.detach()
                    wire: Any = connection.connection.dbapi_connection
                    wire.autocommit = True
                    wire.execute(f"LISTEN {CHANNEL}")
                    while not self._stop.is_set():
                        self._turn(wire)
            except broken:
                self._stop.wait(AGAIN_SECONDS)

    def _turn(self, wire: Any) -> None:
        """Wait for words of others or ours, and pass them on."""
        assert self._pair is not None
        inner = self._pair[0]
        ready, _, _ = select.select([wire, inner], [], [], LOOK_SECONDS)
        if inner in ready:
            inner.recv(4096)
            self._say_all(wire)
            self._stop.wait(QUIET_SECONDS)
        if not ready:
            wire.execute("SELECT 1")
        for note in wire.notifies(timeout=0):
            self._pass_on(note.payload)

    def _say_all(self, wire: Any) -> None:
        with self._door:
            words, self._unsaid = self._unsaid, set()
        for hint in words:
            wire.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{hint.value} {self._node}"))

    def _pass_on(self, payload: str) -> None:
        word, _, node = payload.partition(" ")
        if node != self._node and word in {hint.value for hint in Hint}:
            self._heard(Hint(word))
