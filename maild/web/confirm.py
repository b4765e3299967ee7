"""Confirm: the page on which an agent says yes or no to a mail that waits for it [starlette].

GET shows and changes nothing, whoever follows the link; POST answers, once. A token that does not
count is told apart from one that is used up, and that is all a stranger learns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maild import confirm
from maild.confirm import Page, Result
from maild.core.question import Wish
from maild.web.pages import Offices, page, told, wished_language

STATUS: Mapping[StrEnum, int] = {
    Result.ASKED: 200,
    Result.SENT: 200,
    Result.DROPPED: 200,
    Result.OVER: 410,
    Result.UNKNOWN: 404,
    Result.BUSY: 503,
}


def routes(offices: Offices, on_answer: Callable[[], None]) -> list[Route]:
    """Return the routes; `on_answer` is called when a held mail may go on."""

    async def shown(request: Request) -> Response:
        token, language = request.path_params["token"], wished_language(request)
        return await _told(offices, language, lambda: confirm.show(offices(), token, language))

    async def answered(request: Request) -> Response:
        token, language = request.path_params["token"], wished_language(request)
        wish = _wish(await request.body())
        if wish is None:
            return page(confirm.notice(offices(), Result.UNKNOWN, language).html, 400)
        response = await _told(
            offices, language, lambda: confirm.answer(offices(), token, wish, language)
        )
        on_answer()
        return response

    path = "/confirm/{token:str}"
    return [Route(path, shown, methods=["GET"]), Route(path, answered, methods=["POST"])]


def _wish(body: bytes) -> Wish | None:
    """What the form says; None for anything that the page does not send."""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=10)
        return Wish(fields["answer"][0])
    except (ValueError, KeyError):
        return None


async def _told(offices: Offices, language: str, ask: Callable[[], Page]) -> Response:
    return await told(ask, lambda: confirm.notice(offices(), Result.BUSY, language), STATUS)
