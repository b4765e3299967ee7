"""One browser a file: Playwright keeps an event loop in this thread as long as it is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import Canary, canary, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def bird() -> Iterator[Canary]:
    with canary() as waiting:
        yield waiting
