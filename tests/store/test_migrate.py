"""The schema: as the tables say, once, and never a newer one."""

from __future__ import annotations

import datetime as dt
import multiprocessing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from maild.errors import ConfigError
from maild.store.database import Database, open_database
from maild.store.migrate import migrate, revision
from maild.store.tables import metadata


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        opts = {"compare_type": True, "include_name": _is_compared}
        context = MigrationContext.configure(connection, opts=opts)

        assert compare_metadata(context, metadata) == []


def _is_compared(name: str | None, kind: str, _parents: object) -> bool:
    """The words of the full text search lie in tables of each database's own kind."""
    return kind != "table" or not (name or "").startswith("search_words")


def test_an_empty_database_has_no_revision_and_then_the_newest(url: str) -> None:
    opened = open_database(url)

    assert revision(opened) == ""
    assert migrate(opened) == revision(opened) == migrate(opened)
    opened.close()


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigError, match="9999"):
        migrate(database)
    assert revision(database) == "9999"


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
