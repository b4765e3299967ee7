"""Every test of the store that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.store.database import Database
from tests import schema
from tests.servers.postgresql import PostgreSQL, running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for all tests; each test has a database of its own."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database: empty, or with tables where a test takes `database` too."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/maild.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    if "database" in request.fixturenames:
        return server.database(like=request.getfixturevalue("with_tables"))
    return server.database()


@pytest.fixture(scope="session")
def with_tables(postgresql: PostgreSQL) -> str:
    """A database on PostgreSQL with all tables, to be copied."""
    url = postgresql.database()
    schema.opened(url).close()
    return url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A new database with the schema of this version."""
    opened = schema.opened(url)
    yield opened
    opened.close()
