"""The page of `maild report --format html`: read without scrolling sideways, however many days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser

from maild.cli.report_page import page
from maild.core.counting import Count
from maild.core.scorecard import By, Span, Step, Wish, spans
from tests.needs import needs
from tests.pages.browser import Looks, open_page

pytestmark = [needs("chromium"), pytest.mark.servers]
START = datetime(2026, 3, 2, tzinfo=UTC)
_SCROLLS = "() => [...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth).length"


@pytest.mark.parametrize(("width", "tables"), [(1000, 0), (320, 3)])
def test_a_page_of_many_days_is_no_wider_than_the_screen(
    browser: Browser, width: int, tables: int
) -> None:
    whole = Span(start=START, end=START + timedelta(days=90))
    wish = Wish(whole=whole, spans=spans(whole, Step.DAY), by=By.QUEUE)
    html = page(Count(wish).report(), Step.DAY, "Desk", "UTC")

    with open_page(browser, Looks(width=width)) as seen:
        seen.page.set_content(html)
        seen.settle()

        assert not seen.is_too_wide()
        assert seen.page.evaluate(_SCROLLS) <= tables
        assert seen.trouble == []
        assert not seen.inaccessible()
