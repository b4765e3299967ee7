"""Are the pages of an SQLite file whole? Asked before anything is done with it.

A daemon must not take mail into a file that cannot be read: it refuses to start. Up to a size
the whole file is looked at; of a larger one everything but raw mail, which is hashed each time
it is read (and by `maild verify`).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from maild.errors import ConfigError, Problem
from maild.store.database import Connection, Database

WHOLE_BYTES_MAX = 512 * 1024 * 1024
PROBLEMS_SHOWN = 3
_RAW_MAIL = "blob_chunk"


def check(database: Database) -> None:
    """Raise `ConfigError` that names `maild restore` when pages of the file are damaged.

    A file beside it says so from then on to those who look at no pages (`refuse_marked`).
    """
    if database.file is None:
        return
    found = _problems(database)
    mark = _mark(database.file)
    if found:
        shown = "; ".join(found[:PROBLEMS_SHOWN])
        with suppress(OSError):
            mark.write_text(f"{shown}\n", encoding="utf-8")
        raise damaged(shown)
    with suppress(OSError):
        mark.unlink(missing_ok=True)


def refuse_marked(database: Database) -> None:
    """Raise `ConfigError` when a daemon found the file damaged: nothing may come into it."""
    if database.file is not None and _mark(database.file).exists():
        raise damaged("found when the daemon started")


def damaged(words: str) -> ConfigError:
    """Say that the file is damaged, and what to do about it."""
    text = (
        f"the database is damaged ({words}): put the file aside, then maild restore FILE from "
        "your newest backup"
    )
    return ConfigError((Problem(file="[database] url", line=0, text=text),))


def _mark(file: Path) -> Path:
    return file.with_name(f"{file.name}.damaged")


def _problems(database: Database) -> list[str]:
    try:
        with database.read() as connection:
            return _asked(connection, is_whole=_is_small(connection))
    except DatabaseError as error:
        return [str(error.orig)]


def _is_small(connection: Connection) -> bool:
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return bool(pages * size <= WHOLE_BYTES_MAX)


def _asked(connection: Connection, *, is_whole: bool) -> list[str]:
    if is_whole:
        return _said(connection, "PRAGMA quick_check(10)")
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence')"
    ).scalars()
    tables = [name for name in names.all() if name != _RAW_MAIL]
    return [line for name in tables for line in _said(connection, f"PRAGMA quick_check('{name}')")]


def _said(connection: Connection, question: str) -> list[str]:
    lines = connection.exec_driver_sql(question).scalars().all()
    return [line.replace("\n", " ") for line in lines if line != "ok"]
