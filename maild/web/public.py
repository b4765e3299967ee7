"""Public: what customers may see. So far no page but the one that says so [starlette]."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from maild.web.guard import Guard

_NOTHING_FOR_ROBOTS = "User-agent: *\nDisallow: /\n"


def public_app() -> ASGIApp:
    """Return the application behind `[web] listen`."""
    return Guard(
        Starlette(
            routes=[Route("/robots.txt", _robots)],
            exception_handlers={404: _no_page, 405: _no_page},
        )
    )


async def _robots(_request: Request) -> Response:
    return PlainTextResponse(_NOTHING_FOR_ROBOTS)


async def _no_page(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("There is no such page.\n", status_code=404)
