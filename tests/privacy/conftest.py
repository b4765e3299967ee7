"""Fixtures of the tests about privacy: most on SQLite, what the database itself does on both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from maild.store.database import open_database
from maild.store.migrate import migrate
from tests.privacy.house import OnDisk
from tests.store.conftest import postgresql, url

__all__ = ["anywhere", "house", "postgresql", "url"]


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("empty") / "maild.db"
    with closing(open_database(f"sqlite:///{file}")) as database:
        migrate(database)
    return file


@pytest.fixture
def house(empty: Path, tmp_path: Path) -> Iterator[OnDisk]:
    """A house on an SQLite file of its own."""
    shutil.copy(empty, tmp_path / "maild.db")
    with closing(OnDisk(f"sqlite:///{tmp_path}/maild.db")) as made:
        yield made


@pytest.fixture
def anywhere(url: str) -> Iterator[OnDisk]:
    """A house on SQLite, then one on PostgreSQL."""
    with closing(OnDisk(url)) as made:
        yield made
