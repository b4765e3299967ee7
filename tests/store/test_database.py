"""The one door to the database: durable, consistent, and with errors of ours only."""

from __future__ import annotations

import ctypes
import random
import threading
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest
from sqlalchemy import JSON, text
from sqlalchemy.exc import OperationalError

from maild.errors import ConfigError, DiskFull, LostRace, StoreBusy
from maild.store import database as database_module
from maild.store.database import Database, open_database
from tests.needs import needs
from tests.servers.pgbouncer import in_between
from tests.servers.postgresql import PostgreSQL, running

THREADS = 4
ROUNDS = 25


@pytest.fixture
def counter(database: Database) -> Database:
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (1, 0)"))
    return database


def value(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT value FROM counter")).scalar_one())


@pytest.mark.parametrize(
    ("written", "read"),
    [('{"a":[1]}', {"a": [1]}), (' {"a": 1}\n', {"a": 1}), ("null", None), ('{"a":1}x', None)],
)
def test_json_is_read_as_it_was_written_and_damage_is_seen(
    tmp_path: Path, written: str, read: object
) -> None:
    opened = open_database(f"sqlite:///{tmp_path}/x.db")
    is_damaged = written.endswith("x")
    says_json = text("SELECT :written AS value").columns(value=JSON())

    with opened.read() as connection:
        found = connection.execute(says_json, {"written": written})
        with pytest.raises(ValueError, match="Extra data") if is_damaged else nullcontext():
            assert found.scalar_one() == read

    opened.close()


def test_the_recipe_of_sqlite_is_set_on_every_connection(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path}/new/folder/x.db")
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}

    for _ in range(3):
        with opened.read() as one, opened.read() as other:
            for connection in (one, other):
                found = {
                    name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                    for name in expected
                }
                assert found == expected
    opened.close()


def test_sqlite_takes_the_write_lock_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 0)
    one, other = (open_database(f"sqlite:///{tmp_path}/x.db") for _ in range(2))

    with one.write(), pytest.raises(StoreBusy, match="locked"), other.write():
        pass

    for opened in (one, other):
        opened.close()


def test_a_thread_that_waits_too_long_for_its_turn_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 0)
    opened = open_database(f"sqlite:///{tmp_path}/x.db")
    found: list[BaseException] = []

    def write() -> None:
        with pytest.raises(StoreBusy) as caught, opened.write():
            pass
        found.append(caught.value)

    with opened.write():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(10)

    assert "another thread" in str(found[0])
    opened.close()


def test_no_update_is_lost(counter: Database) -> None:
    """Each writer reads, then writes what it computed: a deferred BEGIN loses such updates."""
    lock = "" if counter.is_sqlite else " FOR UPDATE"

    def add() -> None:
        for _ in range(ROUNDS):
            with counter.write() as connection:
                old = connection.execute(text(f"SELECT value FROM counter{lock}")).scalar_one()
                connection.execute(text("UPDATE counter SET value = :new"), {"new": old + 1})

    threads = [threading.Thread(target=add) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert value(counter) == THREADS * ROUNDS


def test_a_failed_block_leaves_nothing(counter: Database) -> None:
    def fail() -> None:
        with counter.write() as connection:
            connection.execute(text("UPDATE counter SET value = 5"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert value(counter) == 0


def test_a_reader_sees_one_moment(counter: Database) -> None:
    seen = []

    with counter.read() as reading:
        seen.append(reading.execute(text("SELECT value FROM counter")).scalar_one())
        with counter.write() as writing:
            writing.execute(text("UPDATE counter SET value = 5"))
        seen.append(reading.execute(text("SELECT value FROM counter")).scalar_one())

    assert seen == [0, 0]
    assert value(counter) == 5


def test_a_taken_key_is_a_lost_race_and_a_hole_is_a_bug(counter: Database) -> None:
    with pytest.raises(LostRace), counter.write() as connection:
        connection.execute(text("INSERT INTO counter VALUES (1, 9)"))
    with pytest.raises(Exception, match=r"(?i)null") as caught, counter.write() as connection:
        connection.execute(text("INSERT INTO meta VALUES ('a', NULL)"))

    assert not isinstance(caught.value, LostRace)


def test_a_value_that_fits_into_no_index_is_a_bug_and_never_a_busy_database(
    postgresql: PostgreSQL,
) -> None:
    opened = open_database(postgresql.database())
    with opened.write() as connection:
        connection.execute(text("CREATE TABLE long (value TEXT UNIQUE)"))

    with pytest.raises(OperationalError, match="index row"), opened.write() as connection:
        connection.execute(
            text("INSERT INTO long VALUES (:full)"),
            {"full": random.Random(1).randbytes(9000).hex()},
        )

    opened.close()


def test_a_postgresql_that_only_reads_is_busy(postgresql: PostgreSQL) -> None:
    opened = open_database(postgresql.database())

    with pytest.raises(StoreBusy, match="read-only"), opened.read() as connection:
        connection.execute(text("CREATE TABLE never (value TEXT)"))

    opened.close()


def test_a_full_sqlite_is_a_full_disk_and_a_wrong_statement_is_no_trouble_of_its(
    tmp_path: Path,
) -> None:
    opened = open_database(f"sqlite:///{tmp_path}/x.db")

    with pytest.raises(OperationalError, match="full_house"), opened.write() as connection:
        connection.execute(text("SELECT * FROM full_house"))
    with opened.write() as connection:
        connection.execute(text("CREATE TABLE one (value TEXT)"))
        connection.execute(text("PRAGMA max_page_count = 2"))
    with pytest.raises(DiskFull), opened.write() as connection:
        connection.execute(text("INSERT INTO one VALUES (zeroblob(100000))"))

    opened.close()


BAD = ["mysql://x/y", "nonsense", "", "sqlite:////proc/none/x.db"]


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        open_database(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all " * 100)

    with pytest.raises(ConfigError):
        open_database(f"sqlite:///{tmp_path}/x.db")


def test_the_caches_of_all_connections_share_one_limit(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path}/x.db")
    with opened.write() as connection:
        connection.execute(text("CREATE TABLE page (id INTEGER PRIMARY KEY, body BLOB)"))
        connection.execute(
            text(
                "WITH RECURSIVE one(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < 4000)"
                " INSERT INTO page SELECT n, randomblob(3000) FROM one"
            )
        )
    before = of_sqlite()

    with ExitStack() as open_things:
        for _ in range(8):
            connection = open_things.enter_context(opened.read())
            connection.execute(text("SELECT sum(length(body)) FROM page")).scalar_one()
        together = of_sqlite() - before
    opened.close()

    assert together < 1.1 * database_module.ALL_CACHES_BYTES


def of_sqlite() -> int:
    """The bytes that SQLite has in use in this process."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").split()
    library = ctypes.CDLL(next(word for word in maps if "libsqlite3" in word))
    library.sqlite3_memory_used.restype = ctypes.c_longlong
    return int(library.sqlite3_memory_used())


def test_a_memory_database_works() -> None:
    opened = open_database("sqlite://")

    with opened.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    opened.close()


@needs("postgresql")
def test_a_postgresql_that_is_not_durable_is_refused() -> None:
    with running() as server:
        url = server.database()
        server.stop()
        server.start(fsync="off")

        with pytest.raises(ConfigError, match="fsync"):
            open_database(url)


@needs("postgresql", "pgbouncer", "root")
def test_a_pooler_that_hands_sessions_on_is_refused() -> None:
    with (
        running() as server,
        in_between(server.database(), "transaction") as url,
        pytest.raises(ConfigError, match="session mode"),
    ):
        open_database(url)


@needs("postgresql", "pgbouncer", "root")
def test_a_pooler_that_leaves_each_its_session_is_no_hindrance() -> None:
    with running() as server, in_between(server.database(), "session") as url:
        opened = open_database(url)

        with opened.write() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        opened.close()


@needs("postgresql")
def test_a_server_that_is_away_is_busy() -> None:
    with pytest.raises(StoreBusy):
        open_database("postgresql://maild@127.0.0.1:1/none")
