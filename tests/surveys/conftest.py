"""Fixtures of the tests about surveys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ontime.office import Desk, desk_in
from tests.surveys.house import PUBLIC, RULES


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office with the shipped rules about surveys, and pages; a Monday at nine."""
    with desk_in(tmp_path, PUBLIC) as opened:
        opened.use(PUBLIC, RULES)
        yield opened
