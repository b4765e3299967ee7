"""Public: what stands behind `[web] listen`; each kind of page brings its routes [starlette]."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from maild.web.guard import Guard

_NOTHING_FOR_ROBOTS = "User-agent: *\nDisallow: /\n"


def public_app(pages: Iterable[Route] = ()) -> ASGIApp:
    """Return the application that shows these pages; there is nothing else but `/robots.txt`."""
    return Guard(
        Starlette(
            routes=[Route("/robots.txt", _robots), *pages],
            exception_handlers={404: _no_page, 405: _no_page},
        )
    )


async def _robots(_request: Request) -> Response:
    return PlainTextResponse(_NOTHING_FOR_ROBOTS)


async def _no_page(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("There is no such page.\n", status_code=404)
