"""Are the pages of an SQLite file whole? Asked before anything is done with it.

A daemon must not take mail into a file that cannot be read: it refuses to start. A small file is
looked at whole. Of a large one the ends of each table are read, where rows are written next, and
all pages but those of raw mail beside the work (`store/inspection.py`), so that a start takes no
longer the more tickets there are. Raw mail is hashed each time it is read, and by `maild verify`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from maild.errors import ConfigError, Problem
from maild.store.database import Connection, Database

SMALL_BYTES_MAX = 32 * 1024 * 1024
"""What is looked at in some 0.2 s."""
PROBLEMS_SHOWN = 3
_RAW_MAIL = "blob_chunk"
_WHOLE = "PRAGMA quick_check(10)"
_STEPS = 100_000
"""SQLite's own, between two looks whether it is to stop."""


def check(database: Database, *, is_whole: bool = False) -> None:
    """Raise `ConfigError` that names `maild restore` when pages of the file are damaged.

    A file beside it says so from then on to those who look at no pages (`refuse_marked`). A large
    file that has it is looked at as if it `is_whole`: all but raw mail.
    """
    if database.file is None:
        return
    is_whole = is_whole or _mark(database.file).exists()
    with _reading(database) as connection:
        if is_small(database):
            found = _said(connection, _WHOLE)
        elif is_whole:
            found = [line for one in _questions(connection) for line in _said(connection, one)]
        else:
            _read_ends(connection)
            return
    _refuse(database, found)
    with suppress(OSError):
        _mark(database.file).unlink(missing_ok=True)


def is_small(database: Database) -> bool:
    """Whether `check` looks at everything; what is no file has nothing to be looked at."""
    return database.file is None or database.file.stat().st_size <= SMALL_BYTES_MAX


def check_beside(database: Database, stopped: threading.Event) -> None:
    """Look at all pages of a large file but raw mail's, until it is `stopped`.

    Raises as `check` does, and `StoreBusy`, also when it is stopped in the middle of a table. Each
    table is a view of its own: the write-ahead log is folded in between.
    """
    with _reading(database) as connection:
        questions = _questions(connection)
    for question in questions:
        with _reading(database) as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection), "only files are looked at"
            driver.set_progress_handler(stopped.is_set, _STEPS)
            try:
                found = _said(connection, question)
            finally:
                driver.set_progress_handler(None, 0)
        _refuse(database, found)


def refuse_marked(database: Database) -> None:
    """Raise `ConfigError` when a daemon found the file damaged: nothing may come into it."""
    if database.file is not None and _mark(database.file).exists():
        raise damaged("a daemon found it")


def damaged(words: str) -> ConfigError:
    """Say that the file is damaged, and what to do about it."""
    text = (
        f"the database is damaged ({words}): put the file aside, then maild restore FILE from "
        "your newest backup"
    )
    return ConfigError((Problem(file="[database] url", line=0, text=text),))


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
    """Go to the first and to the last row of each table."""
    for name, sql in _tables(connection).items():
        if "WITHOUT ROWID" not in sql:
            for end in ("min", "max"):
                connection.exec_driver_sql(f'SELECT {end}(rowid) FROM "{name}"').all()  # noqa: S608 - a name of ours
