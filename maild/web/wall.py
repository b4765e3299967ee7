"""Wall: the status wall, for who holds a signed link or knows the password [starlette].

It refreshes itself by a header, without a script; `?refresh=off` leaves it alone, for who reads it
with a screen reader (WCAG 2.2.2). No cookie: a browser keeps the password by itself (RFC 7617).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maild import confirm
from maild.confirm import Result
from maild.errors import TemporaryError
from maild.log import Event, event
from maild.wall import Board
from maild.web.pages import Offices, page, wished_language
from maild.web.tries import SECONDS, Tries

REFRESH_SECONDS: Final = 30
_LANGUAGE_MAX = 20
_ASK: Mapping[str, str] = {"WWW-Authenticate": 'Basic realm="maild", charset="UTF-8"'}
_LATER: Mapping[str, str] = {"Retry-After": str(int(SECONDS))}


def routes(
    offices: Offices,
    board: Board,
    password: str = "",
    *,
    clock: Callable[[], float] = time.monotonic,
) -> list[Route]:
    """Return the routes; without a password only links open it. `clock` as `Tries` wants it."""
    door = _Door(offices, board, password, Tries(clock=clock))
    return [
        Route("/wall", door.by_password, methods=["GET"]),
        Route("/wall/{token:str}", door.by_link, methods=["GET"]),
    ]


class _Door:
    """Who may look, and what the others are told; a link of ours is let in at any time."""

    def __init__(self, offices: Offices, board: Board, password: str, tries: Tries) -> None:
        self._offices = offices
        self._board = board
        self._password = password.encode()
        self._tries = tries

    async def by_link(self, request: Request) -> Response:
        if self._board.lets_in(request.path_params["token"]):
            return await _shown(self._offices, self._board, request)
        return self._refused(request, 404, {})

    async def by_password(self, request: Request) -> Response:
        given = _given(request)
        if not self._password:
            return self._refused(request, 404, {})
        if given is None:
            return _notice(self._offices, request, Result.UNKNOWN, 401, _ASK)
        is_right = hmac.compare_digest(given, self._password)
        if is_right and not self._tries.is_over(_address(request)):
            return await _shown(self._offices, self._board, request)
        return self._refused(request, 401, _ASK)

    def _refused(self, request: Request, status: int, headers: Mapping[str, str]) -> Response:
        if self._tries.is_over(_address(request)):
            return _notice(self._offices, request, Result.BUSY, 429, _LATER)
        self._tries.failed(_address(request))
        return _notice(self._offices, request, Result.UNKNOWN, status, headers)


async def _shown(offices: Offices, board: Board, request: Request) -> Response:
    """Show it; where it cannot be read just now, the next try comes by itself as well."""
    refreshes = request.query_params.get("refresh") != "off"
    language = _language(request)
    try:
        html = await run_in_threadpool(lambda: board.show(language, refreshes=refreshes))
    except TemporaryError as error:
        event(Event.STORE_DELAYED, error=error)
        response = _notice(offices, request, Result.BUSY, 503, {})
    else:
        response = page(html, 200)
    if refreshes:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def _notice(
    offices: Offices, request: Request, result: Result, status: int, headers: Mapping[str, str]
) -> Response:
    response = page(confirm.notice(offices(), result, _language(request)).html, status)
    response.headers.update(headers)
    return response


def _language(request: Request) -> str:
    """The language of the link, else the client's."""
    wanted = request.query_params.get("language", "")[:_LANGUAGE_MAX]
    return wanted or wished_language(request)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _given(request: Request) -> bytes | None:
    """The password that comes with a request (RFC 7617 §2), whoever's; None for none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, colon, password = base64.b64decode(value.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b""
    return password if colon else b""
