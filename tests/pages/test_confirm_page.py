"""The page on which an agent says yes or no: everybody can use it, and what it shows is text."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from maild.core.question import QuestionState
from tests.needs import needs
from tests.pages.browser import Canary, Looks, open_page, site
from tests.pages.payloads import bundles
from tests.pages.places import LANGUAGES, LONG, asked, full, opened, pages_of, states

pytestmark = [needs("chromium"), pytest.mark.servers]

SEND = {"en": "Send it", "fr": "Envoyer", "es": "Enviar", "de": "Senden"}
DROP = {"en": "Discard", "fr": "Abandonner", "es": "Descartar", "de": "Verwerfen"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_answered_with_the_keyboard_alone(browser: Browser, language: str) -> None:
    with opened() as house, site(pages_of(house)) as url:
        sent, dropped = asked(house, [full("Switch it off.")] * 2, language)
        with open_page(browser, Looks(language=language)) as seen:
            for path, word in ((sent, SEND[language]), (dropped, DROP[language])):
                assert seen.go(url + path) == 200
                seen.tab_to(word)
                with seen.page.expect_navigation():
                    seen.page.keyboard.press("Enter")
                seen.settle()
                assert seen.page.locator("form").count() == 0
                assert seen.page.locator("h1").inner_text()

        assert states(house) == [QuestionState.APPROVED, QuestionState.DROPPED]
        assert seen.trouble == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_read_everywhere(browser: Browser, language: str) -> None:
    with opened() as house, site(pages_of(house)) as url:
        (path,) = asked(house, [full(LONG)], language)
        for width, dark in product((320, 1440), (False, True)):
            with open_page(browser, Looks(width=width, dark=dark, language=language)) as seen:
                for where, status in ((path, 200), (f"/confirm/{'a' * 45}", 404)):
                    assert seen.go(url + where) == status
                    assert seen.page.locator("html").get_attribute("lang") == language
                    assert not seen.is_too_wide()
                    assert seen.small_targets() == []
                    assert seen.inaccessible() == []


def test_without_scripts_and_without_a_mouse_it_is_the_same(browser: Browser) -> None:
    with opened() as house, site(pages_of(house)) as url:
        (path,) = asked(house, [full("Switch it off.")])
        with open_page(browser, Looks(scripts=False)) as seen:
            seen.page.goto(url + path)
            with seen.page.expect_navigation():
                seen.page.get_by_role("button", name="Send it").press("Enter")

        assert states(house) == [QuestionState.APPROVED]


def test_whatever_a_mail_says_is_text(browser: Browser, bird: Canary) -> None:
    texts = bundles(bird.url, 5)
    with opened() as house, site(pages_of(house)) as url:
        plain, *hostile = asked(house, [full(text) for text in ("words", *texts)])
        with open_page(browser, Looks()) as seen:
            seen.go(url + plain)
            harmless = seen.skeleton()
            for path, text in zip(hostile, texts, strict=True):
                seen.go(url + path)
                assert seen.skeleton() == harmless, text
                assert text in seen.text()

            assert seen.trouble == []
            assert {urlsplit(asked_for).netloc for asked_for in seen.requests} == {
                urlsplit(url).netloc
            }

    assert bird.visits == 0
