"""A backup while the daemon works: every row of one consistent moment, in one file.

Strategy: one way for SQLite and PostgreSQL. One read transaction sees the database as it was at
its beginning; its rows go into a new SQLite file with the tables of this version, which restores
on either (`store/rows.py`). Writers are not held up.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Table, event, text
from sqlalchemy.exc import DatabaseError

from maild import __version__
from maild.core.token import Keys
from maild.errors import DiskFull, NotReady
from maild.store import archive, pages, rows
from maild.store.archive import Manifest
from maild.store.database import Database, open_database
from maild.store.migrate import migrate, newest, revision
from maild.store.rows import Tell, Values
from maild.store.secret import fingerprints
from maild.store.silence import unhurried


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What goes into the manifest besides the rows."""

    house: str
    keys: Keys
    secret: bytes = b""
    """The secret file, where it shall be in the backup."""


def make(database: Database, file: Path, about: About, now: datetime, tell: Tell) -> Manifest:
    """Write a backup to `file` (mode 0600), which is replaced only by a whole one.

    `now` is aware UTC. Raises `NotReady` when the tables are not this version's, `DiskFull`,
    `InUse`, `NotAllowed` when nothing can be written there, `ConfigError` on damaged pages.
    """
    if revision(database) != newest():
        raise NotReady("the tables are those of another version: make the backup with it")
    with archive.drafting(file) as drafts:
        counts = _rows(database, drafts.rows, tell)
        sha256, size = archive.digest(drafts.rows)
        manifest = Manifest(
            version=__version__,
            schema=newest(),
            made_at=now.isoformat(timespec="seconds"),
            house=about.house,
            sha256=sha256,
            size=size,
            counts=counts,
            keys=fingerprints(about.keys),
            secret_sha256=archive.digest_of(about.secret) if about.secret else "",
        )
        archive.write(drafts, file, manifest, about.secret)
    return manifest


def _rows(database: Database, place: Path, tell: Tell) -> dict[str, int]:
    """Copy every row into a new file of its own."""
    place.touch(mode=0o600)
    copy = open_database(f"sqlite:///{place}")
    try:
        migrate(copy)
        _loosen(copy)
        with copy.write() as connection:
            connection.execute(text("DELETE FROM meta"))

        def keep(table: Table, found: list[Values]) -> None:
            with copy.write() as connection:
                connection.execute(table.insert(), found)

        counts = _copied(database, keep, tell)
        _settle(copy)
    finally:
        copy.engine.dispose()
    with place.open("rb") as stream:
        os.fsync(stream.fileno())
    return counts


def _copied(database: Database, keep: rows.Sink, tell: Tell) -> dict[str, int]:
    try:
        with database.read() as connection:
            unhurried(connection)
            return rows.copy(connection, keep, tell)
    except DatabaseError as error:
        if database.is_sqlite:
            raise pages.damaged(str(error.orig)) from error
        raise DiskFull(f"the backup could not be written: {error.orig}") from error


def _loosen(copy: Database) -> None:
    """Let the copy take what is there, right or wrong, and save its fsync for the end."""

    def loose(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()

    copy.engine.dispose()
    event.listen(copy.engine, "connect", loose)


def _settle(copy: Database) -> None:
    """Fold everything into the one file."""
    copy.engine.dispose()
    with copy.engine.connect() as connection:
        _outside(connection, "PRAGMA journal_mode=DELETE")


def _outside(connection: Connection, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statement)
