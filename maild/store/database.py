"""One door to the database: how it is opened, read and written.

Strategy: SQLite and PostgreSQL see the same statements. On SQLite a write transaction begins
with BEGIN IMMEDIATE (the default loses updates without an error), in WAL mode with
`synchronous=FULL` (NORMAL loses acknowledged mail at a power cut), and one process-wide lock lets
the writers of this process queue up instead of polling the file lock. PostgreSQL refuses to be
used with `fsync=off`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from json import JSONDecodeError, JSONDecoder, loads
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    IntegrityError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.dml import ReturningInsert

from maild.errors import ConfigError, DiskFull, LostRace, MaildError, Problem, StoreBusy
from maild.store import pooler, silence
from maild.store.prepared import Prepared
from maild.store.turns import Turns

__all__ = ["Connection", "Database", "inserted_ids", "open_database", "translated"]

BUSY_TIMEOUT_SECONDS = 30
STATEMENTS_KEPT = 256
"""Texts that SQLite keeps ready on a connection: lists of other lengths make other texts."""
ALL_CACHES_BYTES = 16 * 1024 * 1024
_DECODER = JSONDecoder()
_BEGIN = Prepared(text("BEGIN"))
_BEGIN_IMMEDIATE = Prepared(text("BEGIN IMMEDIATE"))
_SETTLED = "maild.settled"
_STATES_OF_TROUBLE = ("08", "25006", "25P03", "40", "53", "55", "57")
"""SQLSTATEs: no connection, read-only, hung, undone, no resources, unfit state, an operator."""


class Database:
    """An open database: `read()` and `write()` are the only two ways in."""

    def __init__(self, engine: Engine) -> None:
        """Wrap an engine made by `open_database`."""
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._for_reading = (
            engine
            if self.is_sqlite
            else engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        )
        self._turns = Turns(BUSY_TIMEOUT_SECONDS)
        self.settle: Callable[[Connection], bool] = _ask_nothing
        """Is asked once on each connection to a server, before its first write."""

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None in memory and on PostgreSQL."""
        place = self.engine.url.database if self.is_sqlite else None
        return Path(place) if place and place != ":memory:" else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection with one consistent view; nothing is written."""
        with translated(), self._for_reading.connect() as connection, connection.begin():
            if self.is_sqlite:
                _BEGIN.rows(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection inside one transaction; it is durable when the block ends.

        Raises `StoreBusy`, `DiskFull`, or `LostRace` when a unique key says that somebody else
        wrote it meanwhile; then nothing at all was written.
        """
        with translated(), self._turn(), self.engine.connect() as connection:
            if not self.is_sqlite and _SETTLED not in connection.info:
                with connection.begin():
                    is_settled = self.settle(connection)
                connection.info.update({_SETTLED: True} if is_settled else {})
            with connection.begin():
                if self.is_sqlite:
                    _BEGIN_IMMEDIATE.rows(connection)
                yield connection

    def _turn(self) -> AbstractContextManager[None]:
        return self._turns.turn() if self.is_sqlite else nullcontext()

    def close(self) -> None:
        """Close every connection; on SQLite the write-ahead log is folded in first."""
        if self.file is not None:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
        self.engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into ours (STYLE: library types never cross a file boundary)."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy("no connection came free in time") from error
    except IntegrityError as error:
        if _is_taken(error):
            raise LostRace(str(error.orig)) from error
        raise
    except DBAPIError as error:
        if _is_full(error):
            raise DiskFull(str(error.orig)) from error
        if error.connection_invalidated or _may_work_later(error):
            raise StoreBusy(str(error.orig)) from error
        raise


def _ask_nothing(_connection: Connection) -> bool:
    """Settle nothing: for who only asks, and before the tables are looked at (`migrate`)."""
    return False


def _is_taken(error: IntegrityError) -> bool:
    """Whether a unique key refused a row: 23505 is PostgreSQL's unique_violation."""
    state = getattr(error.orig, "sqlstate", "")
    return state == "23505" or str(error.orig).startswith("UNIQUE constraint failed")


def _is_full(error: DBAPIError) -> bool:
    """Whether there is no room: 53100 is PostgreSQL's disk_full."""
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code == sqlite3.SQLITE_FULL or "No space" in str(error.orig)
    return getattr(error.orig, "sqlstate", None) == "53100"


def _may_work_later(error: DBAPIError) -> bool:
    """Whether the database is in trouble, and not the statement.

    SQLite tells it by the code of its error, which what Python raises itself (a text that is no
    UTF-8) has not, PostgreSQL by SQLSTATE; without one no connection came about. A value that fits
    into no index (54000) fits into none later.
    """
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)
    return str(state).startswith(_STATES_OF_TROUBLE)


def inserted_ids(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert rows; return the numbers that the database gave them, in the order of the rows.

    A server is asked once for all of them; SQLite is near, and tells the order of no two rows.
    """
    if not rows:
        return []
    if connection.dialect.name == "sqlite":
        one = _numbering_one(table)
        return [number for row in rows for number in one.scalars(connection, row)]
    return list(connection.execute(_numbering(table), rows).scalars())


def open_database(url: str) -> Database:
    """Open `sqlite:///PATH`, `sqlite://` (in memory, for one thread's tests) or `postgresql://`.

    Raises `ConfigError` when the address cannot be used or the server is not durable.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _refused("this is no address of a database") from error
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, parsed.database)
    if parsed.get_backend_name() != "postgresql":
        raise _refused(f"unknown kind of database: {parsed.get_backend_name()}")
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=silence.client_side(parsed),
    )
    silence.tell_server(engine)
    return _checked(Database(engine), _assert_fit)


def _open_sqlite(url: str, path: str | None) -> Database:
    if path and path != ":memory:":
        _make_folder(Path(path).parent)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        # Each connection has a cache of its own: the one used last is used next, and is warm.
        pool_use_lifo=True,
        hide_parameters=True,
        json_deserializer=_json,
        pool_size=8 if path and path != ":memory:" else 1,
        max_overflow=8 if path and path != ":memory:" else 0,
        connect_args={
            "check_same_thread": False,
            "timeout": BUSY_TIMEOUT_SECONDS,
            "cached_statements": STATEMENTS_KEPT,
        },
    )
    event.listen(engine, "connect", _prepare)
    is_file = bool(path) and path != ":memory:"
    return _checked(Database(engine), _assert_durable_file if is_file else _assert_durable)


def _json(text: str) -> Any:
    """Read what `json.dumps` wrote; `json.loads` looks for blanks, and takes thrice as long.

    What looks otherwise, written by hand or damaged, is left to it.
    """
    try:
        value, end = _DECODER.raw_decode(text)
    except JSONDecodeError:
        end = -1
    return value if end == len(text) else loads(text)


def _checked(database: Database, check: Callable[[Database], None]) -> Database:
    """Let a database be used only when it proved durable; else no connection stays open."""
    try:
        check(database)
    except DatabaseError as error:
        database.engine.dispose()
        words = str(error.orig)
        if database.is_sqlite:
            words += ": it is damaged, or no database; maild restore FILE makes it anew elsewhere"
        raise _refused(words) from error
    except MaildError:
        database.engine.dispose()
        raise
    return database


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(f"{folder}: {error.strerror}") from error


def _prepare(connection: object, _record: object) -> None:
    """Set the recipe on each new connection; `isolation_level=None` gives BEGIN into our hands.

    `Database.read` and `write` say it: a listener would cost every statement, not only the first.
    """
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        # In KiB, of each connection. Pages are in the system's cache as well: with a million
        # tickets four times as much made a mail no cheaper.
        "cache_size=-4096",
        # In bytes, of all connections of this process together: those that are seldom used would
        # fill theirs as well, over hours.
        f"soft_heap_limit={ALL_CACHES_BYTES}",
        "mmap_size=0",
        "journal_size_limit=67108864",
        # What is deleted is overwritten: see `store/residue.py`.
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _assert_durable_file(database: Database) -> None:
    _assert_durable(database, journal_mode="wal")


def _assert_durable(database: Database, journal_mode: str = "memory") -> None:
    """Ask back what the recipe set: a file system may have refused a part of it."""
    expected = {"synchronous": 2, "foreign_keys": 1, "journal_mode": journal_mode}
    with database.read() as connection:
        for name, wanted in expected.items():
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            if found != wanted:
                raise _refused(f"SQLite says {name}={found}, but {wanted} is needed here")


def _assert_fit(database: Database) -> None:
    with translated():
        is_pooled = pooler.hands_on_sessions(database.engine)
    if is_pooled:
        raise _refused("a pooler hands sessions on: it has to be in session mode (pool_mode)")
    with database.read() as connection:
        if connection.execute(text("SHOW fsync")).scalar_one() != "on":
            raise _refused("PostgreSQL runs with fsync=off: acknowledged mail could be lost")


def _refused(words: str) -> ConfigError:
    return ConfigError((Problem(file="[database] url", line=0, text=words),))


@cache
def _numbering_one(table: Table) -> Prepared:
    return Prepared(insert(table).returning(table.c.id))


@cache
def _numbering(table: Table) -> ReturningInsert[int]:
    return insert(table).returning(table.c.id, sort_by_parameter_order=True)
