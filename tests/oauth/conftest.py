"""Fixtures: a provider, and a house that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.store.database import Database
from tests import schema
from tests.oauth.provider import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = schema.opened(f"sqlite:///{tmp_path}/maild.db")
    yield opened
    opened.close()
