"""Residue: what deleted rows leave behind in the files of a database, and how it goes.

SQLite overwrites with zeros what it deletes (`store/database.py` asks for it), so that little is
left: what it moved between two pages may lie in a gap of the first one (2 of 3,000 rows that had
grown, no key of 3,000), words in the segments of the full text index, pages in the write-ahead
log. So the index is merged, the log is cut to nothing, and the file is written anew (`VACUUM`),
where that is done soon: nobody can write meanwhile. PostgreSQL hides a deleted row at commit;
`VACUUM` gives its room back, to be overwritten by and by, and its write-ahead log and standbys
keep it as long as they are set to.

What is owed is a row of `meta`, written in the transaction that deletes: a kill in between is
made good by the next erasure, or by the daily ring of the clock. Each time it is another value:
who clears the files takes away only what was owed before. A file that cannot be written anew
beside the daemon stays owed until an erasure finds nobody else at work.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, delete, select, update

from maild.errors import DiskFull, StoreBusy
from maild.store import tables
from maild.store.conflict import replacing
from maild.store.database import BUSY_TIMEOUT_SECONDS, Database, translated
from maild.store.tables import metadata

REWRITE_BYTES_MAX = 256 * 1024 * 1024
"""A larger file is not written anew while others wait for it."""
REWRITE_SECONDS_MAX = 5.0
"""Nor is one whose disk is so slow: it stays as it was, and nobody waited for longer."""
OPCODES_PER_LOOK = 1000
"""So often it is asked whether that time is over: some thousand times a second."""
CUT_SECONDS_MAX = 5
"""So long cutting the log waits for readers; writers wait with it."""
_META = metadata.tables[tables.Meta.__tablename__]
_OWED = "residue"
_GAPS = "gaps"
"""Else it is all, under a value that nobody wrote before."""
_MERGE_PAGES = 500
_EMPTY_MERGE = 2
"""A merge that changes less than this many rows had nothing to do (SQLite FTS5, 6.8)."""
_STEPS_MAX = 100_000


def owe(connection: Connection) -> None:
    """Write down that deleted rows are still in the files."""
    value = secrets.token_hex(8)
    connection.execute(replacing(connection, _META, "name"), {"name": _OWED, "value": value})


def is_owed(connection: Connection) -> bool:
    """Tell whether anything of deleted rows may still be in the files."""
    return bool(_owed(connection))


def clear(database: Database, *, is_alone: bool = False) -> bool:
    """Take deleted rows out of the files; False where there was nothing to do.

    A large SQLite file is written anew only where nobody else works, `is_alone`; it needs its own
    size again in room then. Else what may be left in its gaps stays owed. Raises `StoreBusy` when
    somebody reads or writes for too long, `DiskFull` without room; then all of it stays owed.
    """
    with database.read() as connection:
        owed = _owed(connection)
    if not owed or (owed == _GAPS and not is_alone):
        return False
    is_whole = True
    if database.is_sqlite:
        _merge(database)
        is_whole = _rewrite(database, is_alone=is_alone)
        if not _cut(database):
            raise StoreBusy("somebody still reads what was deleted; it goes at the next try")
    else:
        _vacuum(database)
    same = (_META.c.name == _OWED, _META.c.value == owed)
    with database.write() as connection:
        if is_whole:
            connection.execute(delete(_META).where(*same))
        else:
            connection.execute(update(_META).where(*same).values(value=_GAPS))
    return True


def tidy(database: Database) -> None:
    """Take words out of the index and bytes out of the write-ahead log, as far as nobody waits."""
    if database.is_sqlite:
        _merge(database)
        _cut(database)


def _owed(connection: Connection) -> str:
    asked = select(_META.c.value).where(_META.c.name == _OWED)
    return connection.execute(asked).scalar_one_or_none() or ""


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


def _rewrite(database: Database, *, is_alone: bool) -> bool:
    """Write the file anew; False where that would keep others waiting, and nothing changed."""
    seconds = REWRITE_SECONDS_MAX
    if is_alone:
        seconds = float("inf")
    elif database.file is not None and database.file.stat().st_size > REWRITE_BYTES_MAX:
        return False
    with _apart(database) as connection:
        end = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > end, OPCODES_PER_LOOK)
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return False
            raise
        finally:
            connection.set_progress_handler(None, 0)
    return True


def _cut(database: Database) -> bool:
    """Cut the write-ahead log to nothing; False when somebody reads in it."""
    with _apart(database) as connection:
        connection.execute(f"PRAGMA busy_timeout = {CUT_SECONDS_MAX * 1000}")
        try:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    return not busy


@contextmanager
def _apart(database: Database) -> Iterator[sqlite3.Connection]:
    """Give a connection outside of any transaction."""
    with translated(), closing(database.engine.raw_connection()) as borrowed:
        connection = borrowed.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        try:
            yield connection
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise DiskFull(str(error)) from error
            raise StoreBusy(str(error)) from error


def _vacuum(database: Database) -> None:
    with translated(), database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
