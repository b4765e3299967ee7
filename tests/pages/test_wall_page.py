"""The status wall in a browser: on a phone, on a desk, on a television, and with hostile subjects."""

from __future__ import annotations

from itertools import product

import pytest
from playwright.sync_api import Browser

from maild.outbox.headers import clean
from tests.needs import needs
from tests.pages.browser import Canary, Looks, open_page, site
from tests.pages.payloads import bundles
from tests.pages.places import LANGUAGES, LONG, busy, opened, rename, wall_of, wall_path

pytestmark = [needs("chromium"), pytest.mark.servers]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_read_everywhere(browser: Browser, language: str) -> None:
    with opened() as house:
        busy(house, [f"Nobody answers {n}" for n in range(20)] + [LONG] * 4)
        with site(wall_of(house)) as url:
            for width, dark in product((320, 1440), (False, True)):
                with open_page(browser, Looks(width=width, dark=dark, language=language)) as seen:
                    assert seen.go(url + wall_path(house)) == 200
                    assert seen.page.locator("html").get_attribute("lang") == language
                    assert not seen.is_too_wide()
                    assert seen.inaccessible() == []
                    assert seen.trouble == []


def test_on_a_television_nobody_has_to_scroll(browser: Browser) -> None:
    with opened() as house:
        busy(house, ["Nobody answers " * 20] * 24)
        with site(wall_of(house)) as url:
            for width, height in ((1920, 1080), (3840, 2160)):
                with open_page(browser, Looks(width=width, height=height, dark=True)) as seen:
                    seen.go(url + wall_path(house))
                    needed = seen.page.evaluate("() => document.documentElement.scrollHeight")
                    assert needed <= height


def test_its_links_work_with_the_keyboard(browser: Browser) -> None:
    with opened() as house, site(wall_of(house)) as url, open_page(browser, Looks()) as seen:
        seen.go(url + wall_path(house))
        for words, lang in (("Deutsch", "de"), ("Nicht mehr aktualisieren", "de")):
            seen.tab_to(words)
            with seen.page.expect_navigation() as found:
                seen.page.keyboard.press("Enter")
            seen.settle()
            assert seen.page.locator("html").get_attribute("lang") == lang
        assert "refresh" not in found.value.headers


def test_the_password_is_asked_by_the_browser_itself(browser: Browser) -> None:
    with opened() as house, site(wall_of(house, "secret words")) as url:
        context = browser.new_context(
            http_credentials={"username": "team", "password": "secret words"}
        )
        page = context.new_page()
        answer = page.goto(f"{url}/wall")
        assert answer is not None
        assert answer.status == 200
        assert page.locator("h1").inner_text().startswith("Co")
        assert context.cookies() == []
        context.close()


def test_whatever_a_subject_says_is_text(browser: Browser, bird: Canary) -> None:
    texts = bundles(bird.url, 5)
    with opened() as house:
        busy(house, ["words"] * 24)
        with open_page(browser, Looks()) as seen:
            harmless = ""
            for text in ("words", *texts):
                rename(house, text)
                with site(wall_of(house)) as url:
                    seen.go(url + wall_path(house))
                harmless = harmless or seen.skeleton()
                assert seen.skeleton() == harmless, text
                assert clean(text) in seen.text()

            assert seen.trouble == []

    assert bird.visits == 0
