"""Pages: how a page of ours is answered, whichever it is [starlette].

A page is whole: no script, no cookie, nothing from elsewhere. Its one style sheet stands in it and
is allowed by its digest, so that nothing else in the page can bring a style.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from maild.carry import Office
from maild.errors import TemporaryError
from maild.log import Event, event
from maild.web.guard import HEADERS

Offices = Callable[[], Office]
"""Returns the office of now: a reload replaces it."""
_LANGUAGES_MAX = 200


class Told(Protocol):
    """What a page says, and what became of the request."""

    @property
    def result(self) -> StrEnum:
        """A key of the table of statuses."""

    @property
    def html(self) -> str:
        """The page."""


async def told(
    ask: Callable[[], Told], busy: Callable[[], Told], status: Mapping[StrEnum, int]
) -> Response:
    """Ask the database in a thread of its own, so that nobody else waits for it.

    `busy` says what is told instead when it cannot be asked just now.
    """
    try:
        found = await run_in_threadpool(ask)
    except TemporaryError as error:
        event(Event.STORE_DELAYED, error=error)
        found = busy()
    return page(found.html, status[found.result])


async def fields(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, urlencoded or multipart; the last of a name counts, no files.

    Raises starlette's HTTPException (400) for what is no form.
    """
    async with request.form(max_files=1, max_fields=20) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def page(html: str, status: int) -> Response:
    """Return a page with a policy that lets in its own style and nothing more."""
    _, opened, rest = html.partition("<style>")
    style, closed, _ = rest.partition("</style>")
    policy = HEADERS["Content-Security-Policy"]
    if opened and closed:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = f"{policy}; style-src 'sha256-{digest}'"
    return HTMLResponse(html, status_code=status, headers={"Content-Security-Policy": policy})


def wished_language(request: Request) -> str:
    """Return the language that the client names first; empty for none."""
    named = request.headers.get("accept-language", "")[:_LANGUAGES_MAX]
    return named.partition(",")[0].partition(";")[0].strip()
