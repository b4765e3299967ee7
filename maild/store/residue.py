"""Residue: what deleted rows leave behind in the files of a database, and how it goes.

SQLite keeps deleted bytes in free pages, in the gaps of pages, in the write-ahead log and in the
segments of the full text index. So the index is merged, the file is written anew (`VACUUM`) and
the log cut to nothing. PostgreSQL hides a deleted row at commit; `VACUUM` gives its room back, to
be overwritten by and by, and its write-ahead log and standbys keep it as long as they are set to.

What is owed is a row of `meta`, written in the transaction that deletes: a kill in between is
made good by the next erasure, or by the daily ring of the clock.
"""

from __future__ import annotations

from contextlib import closing

from sqlalchemy import Connection, delete, select

from maild.errors import StoreBusy
from maild.store import tables
from maild.store.conflict import replacing
from maild.store.database import Database, translated
from maild.store.tables import metadata

_META = metadata.tables[tables.Meta.__tablename__]
_OWED = "residue"
_MERGE_PAGES = 500
_EMPTY_MERGE = 2
"""A merge that changes less than this many rows had nothing to do (SQLite FTS5, 6.8)."""
_STEPS_MAX = 100_000


def owe(connection: Connection) -> None:
    """Write down that deleted rows are still in the files."""
    row = {"name": _OWED, "value": "yes"}
    connection.execute(replacing(connection, _META, "name"), row)


def overwrite(connection: Connection) -> None:
    """Let SQLite write zeros over what this connection deletes; PostgreSQL has no such way."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def is_owed(connection: Connection) -> bool:
    """Tell whether deleted rows may still be in the files."""
    asked = select(_META.c.value).where(_META.c.name == _OWED)
    return connection.execute(asked).scalar_one_or_none() is not None


def clear(database: Database) -> bool:
    """Take deleted rows out of the files; False where none were owed.

    Nobody can write meanwhile on SQLite, and the file needs its own size again in room. Raises
    `StoreBusy` when somebody reads or writes for too long, `DiskFull` without room; it stays owed.
    """
    with database.read() as connection:
        if not is_owed(connection):
            return False
    if database.is_sqlite:
        _merge(database)
        _rewrite(database)
    else:
        _vacuum(database)
    with database.write() as connection:
        connection.execute(delete(_META).where(_META.c.name == _OWED))
    return True


def tidy(database: Database) -> None:
    """Take words out of the index and bytes out of the write-ahead log, as far as nobody waits.

    What `overwrite` left in gaps of pages goes with the next `clear`.
    """
    if database.is_sqlite:
        _merge(database)
        _cut(database)


def _merge(database: Database) -> None:
    """Merge the index step by step, so that others get their turn between two steps."""
    pages = -_MERGE_PAGES
    for _ in range(_STEPS_MAX):
        with database.write() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            before = raw.total_changes
            connection.exec_driver_sql(
                "INSERT INTO search_words (search_words, rank) VALUES ('merge', ?)", (pages,)
            )
            if raw.total_changes - before < _EMPTY_MERGE:
                return
        pages = _MERGE_PAGES


def _rewrite(database: Database) -> None:
    """Write the file anew, and cut the write-ahead log."""
    with translated(), closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        cursor.close()
    if not _cut(database):
        raise StoreBusy("somebody still reads what was deleted; it goes at the next try")


def _cut(database: Database) -> bool:
    """Cut the write-ahead log to nothing; False when somebody reads in it."""
    with translated(), closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.close()
    return not busy


def _vacuum(database: Database) -> None:
    with translated(), database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
