"""Unsubscribe: no surveys and no announcements any more, by one click (RFC 8058) [starlette].

GET and HEAD ask and change nothing. A POST that says `List-Unsubscribe=One-Click` does it, without
a further question: a mail program sends it by itself (RFC 8058 §3.2), and so does the button.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maild import survey
from maild.core.survey import Via
from maild.survey import Page, Result
from maild.web.pages import Offices, fields, page, told, wished_language
from maild.web.survey import STATUS

_FIELD, _VALUE = "List-Unsubscribe", "One-Click"


def routes(offices: Offices) -> list[Route]:
    """Return the routes."""

    async def shown(request: Request) -> Response:
        token, language = request.path_params["token"], wished_language(request)
        return await _told(
            offices, language, lambda: survey.show_unsubscribe(offices(), token, language)
        )

    async def left(request: Request) -> Response:
        token, language = request.path_params["token"], wished_language(request)
        sent = await fields(request)
        if sent.get(_FIELD) != _VALUE:
            return page(survey.notice(offices(), Result.UNKNOWN, language).html, 400)
        via = _via(request)
        return await _told(
            offices, language, lambda: survey.unsubscribe(offices(), token, language, via=via)
        )

    path = "/unsubscribe/{token:str}"
    return [Route(path, shown, methods=["GET"]), Route(path, left, methods=["POST"])]


def _via(request: Request) -> Via:
    """A browser names where a form stands (RFC 6454 §7.3), a mail program has no such place."""
    return Via.PAGE if "origin" in request.headers else Via.LINK


async def _told(offices: Offices, language: str, ask: Callable[[], Page]) -> Response:
    return await told(ask, lambda: survey.notice(offices(), Result.BUSY, language), STATUS)
