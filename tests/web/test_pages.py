"""Pages: one style, by its digest, and nothing else."""

from __future__ import annotations

import base64
import hashlib

from starlette.requests import Request

from maild.web.guard import HEADERS
from maild.web.pages import page, wished_language


def test_a_page_allows_its_own_style_and_no_other() -> None:
    html = "<style>p { color: red }</style><p>x<style>evil</style></p>"

    policy = page(html, 200).headers["content-security-policy"]

    digest = base64.b64encode(hashlib.sha256(b"p { color: red }").digest()).decode()
    assert policy == f"{HEADERS['Content-Security-Policy']}; style-src 'sha256-{digest}'"


def test_a_page_without_a_style_allows_none() -> None:
    assert "style-src" not in page("<p>x</p>", 404).headers["content-security-policy"]


def test_the_first_language_of_the_client_is_taken() -> None:
    def asked(value: str) -> str:
        scope = {"type": "http", "headers": [(b"accept-language", value.encode())]}
        return wished_language(Request(scope))

    assert asked("de-CH;q=0.9, en") == "de-CH"
    assert asked("") == ""
    assert len(asked("x" * 10_000)) == 200
