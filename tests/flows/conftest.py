"""One daemon for all stories that need nothing special: stories differ by their customers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.stage import Script, Stage, running


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The running house of `house.toml`."""
    config = (Path(__file__).parent / "house.toml").read_text(encoding="utf-8")
    with running(tmp_path_factory.mktemp("house"), config) as stage:
        yield stage


@pytest.fixture
def script(request: pytest.FixtureRequest, house: Stage) -> Script:
    """The mails beside the test."""
    return Script(request.path.parent, house)
