"""The pages on which customers vote and unsubscribe: for everybody, and by nobody's accident."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from maild.core.survey import Kind
from tests.core.scenes import ANNA
from tests.needs import needs
from tests.pages.browser import Canary, Looks, Seen, open_page, site
from tests.pages.payloads import bundles
from tests.pages.places import (
    LANGUAGES,
    gone,
    leaving,
    opened,
    pages_of,
    rename,
    surveyed,
    votes,
)

pytestmark = [needs("chromium"), pytest.mark.servers]


def send(seen: Seen) -> None:
    """Press the button that has the focus."""
    with seen.page.expect_navigation():
        seen.page.keyboard.press("Enter")
    seen.settle()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_a_vote_needs_no_mouse(browser: Browser, kind: Kind, language: str) -> None:
    mark = "4" if kind is Kind.CSAT else "9"
    with opened() as house, site(pages_of(house)) as url:
        path = surveyed(house, kind, language)
        with open_page(browser, Looks(language=language)) as seen:
            assert seen.go(f"{url}{path}?score={mark}") == 200
            chosen = seen.page.locator("input:checked")
            assert chosen.get_attribute("value") == mark
            seen.page.keyboard.press("Tab")
            assert seen.focus().endswith(", seen")
            seen.page.keyboard.press("ArrowLeft")
            assert chosen.get_attribute("value") == str(int(mark) - 1)
            seen.page.keyboard.press("Tab")
            assert seen.focus().startswith("TEXTAREA")
            assert seen.focus().endswith(", seen")
            seen.page.keyboard.type("Gut, mais… ¡ojo!")
            seen.page.keyboard.press("Tab")
            assert seen.focus().startswith("BUTTON")
            assert seen.focus().endswith(", seen")
            assert votes(house) == []
            send(seen)
            assert seen.page.locator("form").count() == 0
            assert seen.page.locator("html").get_attribute("lang") == language

        assert votes(house) == [(int(mark) - 1, "Gut, mais… ¡ojo!")]
        assert seen.trouble == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_can_be_read_everywhere(browser: Browser, language: str) -> None:
    with opened() as house, site(pages_of(house)) as url:
        paths = [surveyed(house, kind, language) for kind in Kind] + [leaving(house)]
        for width, dark in product((320, 1440), (False, True)):
            with open_page(browser, Looks(width=width, dark=dark, language=language)) as seen:
                for path in (paths[0] + "?score=3", paths[1] + "?score=10", paths[2]):
                    assert seen.go(url + path) == 200
                    assert seen.page.locator("html").get_attribute("lang") == language
                    assert not seen.is_too_wide()
                    assert seen.small_targets() == []
                    assert seen.inaccessible() == []


def test_one_click_unsubscribes_without_scripts_or_a_mouse(browser: Browser) -> None:
    with opened() as house, site(pages_of(house)) as url:
        with open_page(browser, Looks(scripts=False)) as seen:
            seen.page.goto(url + leaving(house))
            assert gone(house) == []
            with seen.page.expect_navigation():
                seen.page.get_by_role("button").press("Enter")
            assert seen.page.locator("form").count() == 0

        assert gone(house) == [(ANNA, "page")]


def test_whatever_a_subject_says_is_text(browser: Browser, bird: Canary) -> None:
    texts = [text[:900] for text in bundles(bird.url, 5)]
    with opened() as house, site(pages_of(house)) as url:
        path = surveyed(house)
        with open_page(browser, Looks()) as seen:
            seen.go(url + path)
            harmless = seen.skeleton()
            for text in texts:
                rename(house, text)
                seen.go(url + path)
                assert seen.skeleton() == harmless, text

            assert seen.trouble == []

    assert bird.visits == 0


def test_whatever_a_comment_says_is_text(browser: Browser, bird: Canary) -> None:
    texts = bundles(bird.url, 5)
    with opened(votes_per_survey=100) as house, site(pages_of(house)) as url:
        path = surveyed(house)
        with open_page(browser, Looks()) as seen:
            for n, text in enumerate(texts):
                seen.go(f"{url}{path}?score={1 + n % 2}")
                seen.page.locator("textarea").fill(text)
                with seen.page.expect_navigation():
                    seen.page.get_by_role("button").click()
                seen.go(url + path)
                assert seen.page.locator("textarea").input_value() == text
                assert seen.page.locator("body *").count() < 60

            assert [said for _, said in votes(house)] == texts
            assert seen.trouble == []
            assert {urlsplit(one).netloc for one in seen.requests} == {urlsplit(url).netloc}

    assert bird.visits == 0
