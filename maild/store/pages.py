"""Are the pages of an SQLite file whole? Asked before anything is done with it.

A daemon must not take mail into a file that cannot be read: it refuses to start. A small file is
looked at whole. Of a large one the ends of each table and of each index are read, and all pages
but those of raw mail beside the work (`store/inspection.py`), so that a start takes no longer the
more tickets there are. At the end of a table its rows are written next; in an index they go
anywhere. Raw mail is hashed each time it is read, and by `maild verify`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DatabaseError

from maild.errors import ConfigError, Problem, StoreBusy
from maild.store.database import Connection, Database

SMALL_BYTES_MAX = 32 * 1024 * 1024
"""What is looked at in some 0.2 s."""
PROBLEMS_SHOWN = 3
_RAW_MAIL = "blob_chunk"
_WHOLE = "PRAGMA quick_check(10)"
_UNREADABLE = ("SQLITE_IOERR_READ", "SQLITE_IOERR_CORRUPTFS")
"""SQLite's names for a sector that the disk does not give; it may be a passing trouble."""
_NO_DATABASE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
"""Its names for pages that make no sense, or their beginnings."""
Seen = TypeVar("Seen")
READS = 3
_AGAIN_SECONDS = 1.0
_ENDS = """
    SELECT t.name, i.name, x.name, i.partial, m.sql
    FROM sqlite_master t
    JOIN pragma_index_list(t.name) i
    JOIN pragma_index_xinfo(i.name) x ON x.seqno = 0
    LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = i.name
    WHERE t.type = 'table'
"""
"""Of each index: its table, its name, its first column, whether it has a WHERE, how it is made."""


class Halt:
    """Ends a look from another thread: SQLite asks nobody while it walks through a tree."""

    def __init__(self) -> None:
        """Nothing is asked for yet."""
        self.asked = threading.Event()
        self._lock = threading.Lock()
        self._driver: sqlite3.Connection | None = None

    def ask(self) -> None:
        """End what is looked at, and look at nothing more.

        A question that is just about to be asked may be missed: ask again until all is over.
        """
        self.asked.set()
        with self._lock:
            if self._driver is not None:
                self._driver.interrupt()

    @contextmanager
    def over(self, connection: Connection) -> Iterator[None]:
        """Let this connection be interrupted meanwhile, and not what it is lent to next."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection), "only files are looked at"
        self._driver = driver
        try:
            yield
        finally:
            with self._lock:
                self._driver = None


def check(database: Database, *, is_whole: bool = False) -> bool:
    """Raise `ConfigError` that names `maild restore` when pages of the file are damaged.

    A file beside it says so from then on to those who look at no pages (`refuse_marked`). A large
    file that has it is looked at as if it `is_whole`: all but raw mail. Returns whether all that
    can be looked at was.
    """
    if database.file is None:
        return True
    is_whole = is_whole or is_small(database) or _mark(database.file).exists()
    found = read_thrice(
        database, lambda: _found(database, is_whole=is_whole), lambda: time.sleep(_AGAIN_SECONDS)
    )
    _refuse(database, found)
    if is_whole:
        with suppress(OSError):
            _mark(database.file).unlink(missing_ok=True)
    return is_whole


def read_thrice(database: Database, read: Callable[[], Seen], wait: Callable[[], object]) -> Seen:
    """Give what `read` gives; what the disk does not give `READS` times is damaged."""
    for n in range(1, READS + 1):
        try:
            return read()
        except StoreBusy as error:
            if not _is_unreadable(error):
                raise
            if n == READS:
                _refuse(database, [str(error)])
                raise
        wait()
    raise AssertionError("each turn returns, raises or waits")


def is_small(database: Database) -> bool:
    """Whether `check` looks at everything; where no file is yet, there is nothing to look at."""
    file = database.file
    return file is None or not file.exists() or file.stat().st_size <= SMALL_BYTES_MAX


def check_beside(database: Database, halt: Halt) -> None:
    """Look at all pages of a large file but raw mail's, until it is to `halt`.

    Raises as `check` does, and `StoreBusy`, also when it is ended in the middle of a table. Each
    table is a view of its own: the write-ahead log is folded in between.
    """
    with _reading(database) as connection:
        questions = _questions(connection)
    for question in questions:
        if halt.asked.is_set():
            return
        with _reading(database) as connection, halt.over(connection):
            found = _said(connection, question)
        _refuse(database, found)


def refuse_marked(database: Database) -> None:
    """Raise `ConfigError` when a daemon found the file damaged: nothing may come into it."""
    if database.file is not None and _mark(database.file).exists():
        raise damaged("a daemon found it")


@contextmanager
def legible() -> Iterator[None]:
    """Raise `ConfigError` where what was asked for meanwhile cannot be read: for commands.

    They look at no pages before. A text that is no UTF-8 is refused by Python, not by SQLite: it
    has no code, and the pages around it are whole.
    """
    try:
        yield
    except DatabaseError as error:
        words = str(error.orig)
        if getattr(error.orig, "sqlite_errorname", "").startswith(_NO_DATABASE):
            raise damaged(words) from error
        if isinstance(error.orig, sqlite3.Error) and "UTF-8" in words:
            said = words.partition(" with text ")[0]  # the rest is a customer's, or no text at all
            raise damaged(f"{said}; maild verify tells what else") from error
        raise


def damaged(words: str) -> ConfigError:
    """Say that the file is damaged, and what to do about it."""
    text = (
        f"the database is damaged ({words}): put the file aside, then maild restore FILE from "
        "your newest backup"
    )
    return ConfigError((Problem(file="[database] url", line=0, text=text),))


def _is_unreadable(error: StoreBusy) -> bool:
    cause = error.__cause__
    return isinstance(cause, DatabaseError) and (
        getattr(cause.orig, "sqlite_errorname", "") in _UNREADABLE
    )


def _mark(file: Path) -> Path:
    return file.with_name(f"{file.name}.damaged")


@contextmanager
def _reading(database: Database) -> Iterator[Connection]:
    """Give a connection; what cannot be read is damaged."""
    try:
        with database.read() as connection:
            yield connection
    except DatabaseError as error:
        _refuse(database, [str(error.orig)])


def _found(database: Database, *, is_whole: bool) -> list[str]:
    with _reading(database) as connection:
        if is_small(database):
            return _said(connection, _WHOLE)
        if is_whole:
            return [line for one in _questions(connection) for line in _said(connection, one)]
        _read_ends(connection)
        return []


def _refuse(database: Database, found: Sequence[str]) -> None:
    """Write down that there are problems, and raise; do nothing where there are none."""
    if not found or database.file is None:
        return
    shown = "; ".join(found[:PROBLEMS_SHOWN])
    with suppress(OSError):
        _mark(database.file).write_text(f"{shown}\n", encoding="utf-8")
    raise damaged(shown)


def _tables(connection: Connection) -> dict[str, str]:
    """Return how each table is made, by its name."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence')"
    )
    return {row.name: row.sql for row in rows}


def _questions(connection: Connection) -> list[str]:
    """Return what asks for all pages but those of raw mail."""
    names = (name for name in _tables(connection) if name != _RAW_MAIL)
    return [f"PRAGMA quick_check('{name}')" for name in names]


def _said(connection: Connection, question: str) -> list[str]:
    lines = connection.exec_driver_sql(question).scalars().all()
    return [line.replace("\n", " ") for line in lines if line != "ok"]


def _read_ends(connection: Connection) -> None:
    """Go to the first and to the last row of each table and of each index."""
    for name, sql in _tables(connection).items():
        if "WITHOUT ROWID" not in sql:
            _read_first_and_last(connection, f'rowid FROM "{name}"', "rowid")
    for table, index, column, is_partial, sql in connection.exec_driver_sql(_ENDS).all():
        chosen = f"WHERE {sql.partition(' WHERE ')[2]}" if is_partial else ""
        rows = f'"{column}" FROM "{table}" INDEXED BY "{index}" {chosen}'
        _read_first_and_last(connection, rows, f'"{column}"')


def _read_first_and_last(connection: Connection, rows: str, order: str) -> None:
    for way in ("ASC", "DESC"):
        connection.exec_driver_sql(f"SELECT {rows} ORDER BY {order} {way} LIMIT 1").all()
