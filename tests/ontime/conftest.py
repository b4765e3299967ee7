"""Fixtures of the tests about time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ontime.office import Desk, desk_in


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office with a policy, its clocks on a Monday at nine."""
    with desk_in(tmp_path) as opened:
        yield opened
