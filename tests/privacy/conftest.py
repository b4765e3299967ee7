"""Fixtures of the tests about privacy: each runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.privacy.house import OnDisk
from tests.store.conftest import postgresql, url

__all__ = ["house", "postgresql", "url"]


@pytest.fixture
def house(url: str) -> Iterator[OnDisk]:
    """A house on a database of its own."""
    made = OnDisk(url)
    yield made
    made.close()
