"""The browser sees what a page does: what is let runs, and is told; what is refused is told too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from maild.web.guard import Guard
from tests.needs import needs
from tests.pages.browser import Canary, Looks, open_page, site
from tests.pages.payloads import COUNT, DEEDS, payloads

pytestmark = [needs("chromium"), pytest.mark.servers]


def careless(texts: list[str]) -> Starlette:
    """An application that prints what it was told, as it stands."""

    async def show(request: Request) -> Response:
        return HTMLResponse(f"<title>x</title><p>{texts[int(request.path_params['n'])]}</p>")

    return Starlette(routes=[Route("/{n:int}", show)])


def test_where_nothing_is_escaped_the_payloads_run_and_visit(
    browser: Browser, bird: Canary
) -> None:
    texts = [one for one in payloads(bird.url)[:DEEDS] if "http-equiv" not in one]
    ran = visited = 0

    with site(careless(texts)) as url, open_page(browser, Looks()) as seen:
        for n in range(len(texts)):
            before = (len(seen.trouble), bird.visits)
            seen.page.goto(f"{url}/{n}", wait_until="load")
            seen.settle()
            ran += any(line.startswith("ran ") for line in seen.trouble[before[0] :])
            visited += bird.visits > before[1]

    print(f"{len(texts)} payloads: {ran} ran, {visited} visited where nothing is escaped")
    assert COUNT == 300
    assert ran >= 12
    assert visited >= 12


def test_what_the_policy_refuses_is_told(browser: Browser, bird: Canary) -> None:
    texts = payloads(bird.url)[:12]

    with site(Guard(careless(texts))) as url, open_page(browser, Looks()) as seen:
        for n in range(len(texts)):
            seen.go(f"{url}/{n}")

    assert not [line for line in seen.trouble if line.startswith("ran ")]
    assert len([line for line in seen.trouble if line.startswith("policy ")]) >= len(texts)
    assert bird.visits == 0
