"""Databases with all their tables: copies of one that was migrated, since a migration takes longer.

What a migration does is tried by `tests/store/test_migrate.py`, and by every daemon that a test
starts in an empty folder.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from maild.store.database import Database, open_database
from maild.store.migrate import migrate

_MEMORY = "sqlite://"


def opened(url: str) -> Database:
    """Open a database as `open_database` does, and give it tables where it has none."""
    if url == _MEMORY:
        return _in_memory()
    address = make_url(url)
    file = Path(address.database or "")
    if address.get_backend_name() == "sqlite" and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_file(), file)
    database = open_database(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def ready() -> None:
    """Make what is copied, in a process that will be forked again and again."""
    _file()


def _in_memory() -> Database:
    database = open_database(_MEMORY)
    _model().backup(_wire(database))
    return database


@cache
def _file() -> Path:
    """A file with all tables and no row of a test's."""
    folder = tempfile.mkdtemp(prefix="maild-schema-")
    atexit.register(_remove, folder, os.getpid())
    file = Path(folder, "maild.db")
    with closing(open_database(f"sqlite:///{file}")) as database:
        migrate(database)
    return file


def _remove(folder: str, owner: int) -> None:
    """Remove what a process made, in that process: those forked from it end in the same way."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _model() -> sqlite3.Connection:
    """The same in memory."""
    database = open_database(_MEMORY)
    atexit.register(database.close)
    migrate(database)
    return _wire(database)


def _wire(database: Database) -> sqlite3.Connection:
    """Return the one connection of a database in memory."""
    with database.engine.connect() as connection:
        found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found
