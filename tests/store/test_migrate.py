"""The schema: as the tables say, once, and never a newer one."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import UniqueConstraint, event, inspect, text
from sqlalchemy.exc import StatementError

from maild.errors import ConfigError, DiskFull, NotReady, StoreBusy
from maild.store import hold, precaution, upgrade, whereabouts
from maild.store import migrate as migration
from maild.store.database import Database, open_database
from maild.store.migrate import migrate, newest, ready, revision
from maild.store.tables import metadata
from tests.servers.postgresql import PostgreSQL
from tests.store.rows import apply, opening, outgoing, queued


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        opts = {"compare_type": True, "include_name": _is_compared}
        context = MigrationContext.configure(connection, opts=opts)

        assert compare_metadata(context, metadata) == []


ASKED_WITH_ITS_STATE = "ix_deadline_ticket_id"
"""Without it SQLite goes through all deadlines that wait, to find those of one ticket."""


def test_no_index_repeats_the_beginning_of_another() -> None:
    repeated = []

    for table in metadata.tables.values():
        keys = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
        whole = [one for one in table.indexes if not one.dialect_kwargs]
        long = [one.columns.keys() for one in keys] + [one.columns.keys() for one in whole]
        for index in whole:
            names = index.columns.keys()
            if any(names == one[: len(names)] and names != one for one in long):
                repeated.append(index.name)

    assert repeated == [ASKED_WITH_ITS_STATE]


OLDER, BEFORE_INDEXES = "0001", "0009"
STEPS_MAX = 400


def older(url: str, schema: str = OLDER) -> Database:
    """Open a new database with the tables of an older schema, the first one."""
    opened = open_database(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migration.__file__).parent / "migrations"))
    with opened.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)
    return opened


def _is_compared(name: str | None, kind: str, _parents: object) -> bool:
    """The words of the full text search lie in tables of each database's own kind."""
    return kind != "table" or not (name or "").startswith("search_words")


def test_an_empty_database_has_no_revision_and_then_the_newest(url: str) -> None:
    opened = open_database(url)

    assert revision(opened) == ""
    assert migrate(opened) == revision(opened) == migrate(opened)
    opened.close()


def _newer(database: Database, oldest: str = "") -> None:
    """Make a database as a later maild would: a revision that nobody here knows."""
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(
            text("UPDATE meta SET value = :oldest WHERE name = 'schema.oldest'"),
            {"oldest": oldest},
        )


def test_a_newer_schema_that_needs_a_newer_maild_is_refused_and_left_alone(
    database: Database,
) -> None:
    _newer(database, "99.1")

    for use in (migrate, ready):
        with pytest.raises(ConfigError, match=r"9999.*needs maild 99\.1 or later"):
            use(database)
    assert revision(database) == "9999"


def test_a_newer_schema_that_names_no_version_is_refused(database: Database) -> None:
    _newer(database)
    with database.write() as connection:
        connection.execute(text("DELETE FROM meta"))

    with pytest.raises(ConfigError, match="the maild that wrote it"):
        migrate(database)


def test_a_newer_schema_that_only_added_things_is_used_as_it_is(database: Database) -> None:
    _newer(database, "0.1.0")

    assert migrate(database, "0.1.0") == "9999"
    ready(database, "0.1.0")
    assert revision(database) == "9999"


def test_versions_are_compared_as_numbers(database: Database) -> None:
    _newer(database, "0.9.0")

    assert migrate(database, "0.10.0") == "9999"
    with pytest.raises(ConfigError, match=r"0\.9\.0"):
        migrate(database, "0.8.12")


def test_the_files_of_the_migrations_are_named_by_their_schemas() -> None:
    folder = Path(migration.__file__).parent / "migrations"

    schemas = sorted(upgrade.named_by(folder, "revision"))

    files = sorted(file.name for file in (folder / "versions").glob("*.py"))
    assert [file.partition("_")[0] for file in files] == schemas
    assert newest() == schemas[-1]


def test_tables_as_they_should_be_load_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'maild.db'}"
    migrate(opened := open_database(url))
    opened.close()
    asked = (
        "import sys; from maild.store.database import open_database;"
        "from maild.store.migrate import migrate;"
        f"print(migrate(open_database({url!r})), 'alembic' in sys.modules)"
    )

    said = subprocess.run(
        [sys.executable, "-c", asked], check=True, capture_output=True, text=True
    ).stdout

    assert said.split() == [newest(), "False"]


def test_a_schema_names_the_oldest_version_that_may_use_it(database: Database) -> None:
    with database.read() as connection:
        named = connection.execute(
            text("SELECT value FROM meta WHERE name = 'schema.oldest'")
        ).scalar_one()

    assert named == "0.1.0"


def test_an_older_node_that_lives_is_not_broken_by_new_tables(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = older(url)
    monkeypatch.setattr(upgrade, "named_by", lambda *_: {OLDER: "0.2.0"})
    _sign_in(opened, dt.datetime.now(dt.UTC))

    with pytest.raises(NotReady, match=r"need maild 0\.2\.0; stop first: old \(0\.1\.0\)"):
        migrate(opened)
    assert revision(opened) == OLDER
    _sign_in(opened, dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2))
    assert migrate(opened) == newest()
    opened.close()


def _sign_in(database: Database, seen_at: dt.datetime) -> None:
    node = metadata.tables["node"]
    with database.write() as connection:
        connection.execute(node.delete())
        row = {"name": "old", "started_at": seen_at, "seen_at": seen_at, "version": "0.1.0"}
        connection.execute(node.insert(), row)


def test_a_command_changes_no_tables_of_a_house_that_lives(url: str) -> None:
    opened = older(url)

    with pytest.raises(NotReady, match=f"schema {OLDER}.*start the daemon"):
        ready(opened)
    assert revision(opened) == OLDER
    opened.close()


def test_a_command_makes_the_tables_of_an_empty_database(url: str) -> None:
    opened = open_database(url)

    ready(opened)

    assert revision(opened) == newest()
    opened.close()


def test_an_sqlite_file_is_copied_before_its_tables_change_and_three_copies_are_kept(
    tmp_path: Path,
) -> None:
    place = tmp_path / "maild.db"
    for n in range(5):
        place.unlink(missing_ok=True)
        opened = older(f"sqlite:///{place}")
        with opened.write() as connection:
            connection.execute(text("INSERT INTO meta VALUES ('turn', :n)"), {"n": str(n)})
        migrate(opened)
        opened.close()

    copies = sorted(tmp_path.glob("maild.db.before-*"))
    assert [copy.name.split("-")[1] for copy in copies] == [OLDER] * 3
    assert {copy.stat().st_mode & 0o777 for copy in copies} == {0o600}
    kept = []
    for copy in copies:
        opened = open_database(f"sqlite:///{copy}")
        assert revision(opened) == OLDER
        with opened.read() as connection:
            turn = text("SELECT value FROM meta WHERE name = 'turn'")
            kept.append(connection.execute(turn).scalar_one())
        opened.close()
    assert kept == ["2", "3", "4"]


def test_a_migration_that_cannot_succeed_is_no_matter_of_time(tmp_path: Path) -> None:
    opened = older(f"sqlite:///{tmp_path / 'maild.db'}")
    with opened.write() as connection:
        connection.execute(text("CREATE TABLE digest (id INTEGER)"))

    with pytest.raises(ConfigError) as told:
        migrate(opened)

    (copy,) = tmp_path.glob("maild.db.before-*")
    words = f"the upgrade from schema {OLDER} to {newest()} failed: table digest already exists"
    assert told.value.problems[0].text == f"{words}; the copy is {copy}; nothing was changed"
    assert revision(opened) == OLDER
    opened.close()


def test_an_upgrade_looks_at_a_small_file_once(tmp_path: Path) -> None:
    database = older(f"sqlite:///{tmp_path / 'maild.db'}")
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    migrate(database, copies=False)

    assert sum("quick_check" in question for question in asked) == 1
    database.engine.dispose()


def test_without_room_for_the_copy_nothing_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = older(f"sqlite:///{tmp_path}/maild.db")

    def no_room(_place: Path, draft: Path) -> None:
        draft.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(precaution, "_write", no_room)
    with pytest.raises(DiskFull, match="no copy"):
        migrate(opened)

    assert revision(opened) == OLDER
    assert not list(tmp_path.glob("*before*"))
    opened.close()


def test_killed_at_any_step_of_a_migration_it_is_whole_or_not_begun(
    url: str, figures: Callable[..., None]
) -> None:
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__])
    older(url).close()
    killed = 0
    for step in range(1, STEPS_MAX, 11):
        process = server.Process(target=_migrate_and_die, args=(url, step))
        process.start()
        process.join(60)
        opened = open_database(url)
        found = revision(opened)
        with opened.read() as connection:
            context = MigrationContext.configure(connection, opts={"include_name": _is_compared})
            missing = compare_metadata(context, metadata)
        opened.close()

        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert found in (OLDER, newest())
        assert bool(missing) == (found == OLDER), f"half of it is there after step {step}"
        killed += 1

    figures(migrations_killed=killed, half_done=0)
    assert process.exitcode == 0
    assert found == newest()
    assert killed >= 5


def _migrate_and_die(url: str, step: int) -> None:
    """Migrate, and be killed before the statement with this number."""
    opened = open_database(url)
    seen = count(1)

    def die(*_what: object) -> None:
        if next(seen) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(opened.engine, name, die)
    migrate(opened)


def _migrate(url: str, ready: object, found: object) -> None:
    opened = open_database(url)
    ready.wait(30)  # type: ignore[attr-defined]
    found.put(migrate(opened))  # type: ignore[attr-defined]
    opened.close()


def test_two_processes_may_migrate_at_once(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready, found = spawn.Barrier(2), spawn.Queue()
    processes = [spawn.Process(target=_migrate, args=(url, ready, found)) for _ in range(2)]

    for process in processes:
        process.start()
    revisions = {found.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(30)

    assert len(revisions) == 1
    assert [process.exitcode for process in processes] == [0, 0]


def test_rows_stay_where_indexes_go(url: str) -> None:
    opened = older(url, BEFORE_INDEXES)
    ticket = apply(opened, opening(), 0)
    queued(opened, outgoing("k1", ticket.number))
    before = _rows(opened)

    migrate(opened)

    assert {name: _rows(opened)[name] for name in before} == before
    assert min(before[name] for name in ("ticket", "participant", "post", "event", "outbox")) > 0
    opened.close()


def _rows(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in inspect(connection).get_table_names()
            if name != "meta"
        }


def test_an_older_schema_that_moved_is_upgraded_and_the_move_is_seen_to(
    postgresql: PostgreSQL,
) -> None:
    with closing(older(postgresql.database())) as opened:
        with opened.write() as connection:
            there = {"system": "7", "timeline": "00000001", "tables": "1/1"}
            row = {"name": whereabouts.LIVES, "value": json.dumps(there)}
            connection.execute(text("INSERT INTO meta (name, value) VALUES (:name, :value)"), row)

        assert migrate(opened) == newest()

        with opened.read() as connection:
            assert "another server" in whereabouts.moved(connection)
            assert "another server" in hold.held(connection)


def test_a_migration_gives_way_to_a_node_that_works(postgresql: PostgreSQL) -> None:
    """A node takes tables in an order of its own, and stands in the middle of a mail with a file."""
    opened = older(url := postgresql.database(), BEFORE_INDEXES)
    with ThreadPoolExecutor(1) as other:
        with opened.write() as connection:
            connection.execute(text("LOCK TABLE post IN ROW EXCLUSIVE MODE"))
            found = other.submit(_migrated, url)
            _until_somebody_waits(opened)
            connection.execute(text("LOCK TABLE attachment IN ROW EXCLUSIVE MODE"))

        assert found.result(60) == newest()
    opened.close()


def _migrated(url: str) -> str:
    with closing(open_database(url)) as opened:
        return migrate(opened)


def _until_somebody_waits(database: Database) -> None:
    """Wait until a transaction waits for a table that another one has."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with database.read() as connection:
            asked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL"
            if connection.execute(text(asked)).scalar_one():
                return
    raise AssertionError("nobody waits")


def test_who_keeps_a_table_is_not_waited_for_for_ever(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "ALONE_SECONDS_MAX", 0)
    opened = older(url := postgresql.database(), BEFORE_INDEXES)

    with opened.write() as connection:
        connection.execute(text("LOCK TABLE post IN ROW EXCLUSIVE MODE"))
        with pytest.raises(StoreBusy):
            _migrated(url)

    assert revision(opened) == BEFORE_INDEXES
    assert _migrated(url) == newest()
    opened.close()


def test_the_event_log_is_append_only(database: Database) -> None:
    when = "2026-03-02 09:00:00" if database.is_sqlite else "2026-03-02 09:00:00+00"
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO event (at, kind, actor, data) VALUES (:at, 'x', '', '{}')"),
            {"at": when},
        )

    for statement in ("UPDATE event SET kind = 'y'", "DELETE FROM event"):
        with pytest.raises(Exception, match="append-only"), database.write() as connection:
            connection.execute(text(statement))


def test_a_naive_time_is_never_stored(database: Database) -> None:
    node = metadata.tables["node"]
    naive = dt.datetime(2026, 3, 2)  # noqa: DTZ001 - that is the point

    with pytest.raises(StatementError, match="naive"), database.write() as connection:
        connection.execute(node.insert().values(name="a", started_at=naive, seen_at=naive))


def test_a_time_comes_back_in_utc(database: Database) -> None:
    node = metadata.tables["node"]
    there = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone(dt.timedelta(hours=5)))

    with database.write() as connection:
        connection.execute(
            node.insert().values(name="a", started_at=there, seen_at=there, version="")
        )
    with database.read() as connection:
        found = connection.execute(node.select()).one()

    assert found.started_at == there
    assert found.started_at.tzinfo is dt.UTC
