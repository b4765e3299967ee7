"""Fixtures for the ways in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.listener import Listener, Setup, Store, store


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A journal of the test's own."""
    with store(tmp_path) as opened:
        yield opened


@pytest.fixture
def listener(kept: Store) -> Iterator[Listener]:
    """A listener with the default settings."""
    with Listener(Setup(journal=kept.journal)) as running:
        yield running
