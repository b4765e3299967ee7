"""Survey: the page on which a customer gives a mark [starlette].

GET shows the page with the mark of the link chosen already, and HEAD the same without a word;
neither changes anything, whoever follows the link. Only a form that is sent votes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maild import survey
from maild.survey import Page, Result
from maild.web.pages import Offices, fields, page, told, wished_language

STATUS: Mapping[StrEnum, int] = {
    Result.ASKED: 200,
    Result.VOTED: 200,
    Result.LEFT: 200,
    Result.ENDED: 410,
    Result.UNKNOWN: 404,
    Result.BUSY: 503,
}
_DIGITS_MAX = 2


def routes(offices: Offices, on_vote: Callable[[], None]) -> list[Route]:
    """Return the routes; `on_vote` is called when mails may have been written."""

    async def shown(request: Request) -> Response:
        token, language = request.path_params["token"], wished_language(request)
        chosen = _mark(request.query_params)
        return await _told(
            offices, language, lambda: survey.show(offices(), token, language, chosen)
        )

    async def voted(request: Request) -> Response:
        token, language = request.path_params["token"], wished_language(request)
        sent = await fields(request)
        score, comment = _mark(sent), sent.get("comment", "")
        if score is None:
            return page(survey.notice(offices(), Result.UNKNOWN, language).html, 400)
        response = await _told(
            offices, language, lambda: survey.vote(offices(), token, score, comment, language)
        )
        on_vote()
        return response

    path = "/survey/{token:str}"
    return [Route(path, shown, methods=["GET"]), Route(path, voted, methods=["POST"])]


def _mark(sent: Mapping[str, str]) -> int | None:
    """The mark that a link or a form names; None for anything that is none of ours."""
    text = sent.get("score", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    return int(text) if is_number else None


async def _told(offices: Offices, language: str, ask: Callable[[], Page]) -> Response:
    return await told(ask, lambda: survey.notice(offices(), Result.BUSY, language), STATUS)
