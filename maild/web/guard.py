"""Guard: what holds for every request and every page, whichever it is [starlette].

No cookies, no scripts, nothing from elsewhere, no framing, no sniffing, no caching; a request
body has a limit that is counted, not believed.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX: Final = 64 * 1024
"""A larger request body is answered with 413."""

HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "interest-cohort=()",
        "Cache-Control": "no-store",
    }
)
"""On every answer; a page that needs another value sets it by itself."""


class Guard:
    """ASGI middleware around a whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it, and put the headers on the answer."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or len(announced) > len(str(BODY_BYTES_MAX)) + 1:
            await _too_large(scope, receive, send_with_headers)
            return
        body = await _whole_body(receive)
        if body is None or int(announced) > BODY_BYTES_MAX:
            await _too_large(scope, receive, send_with_headers)
            return
        await self._app(scope, _Replay(body, receive), send_with_headers)


class _Replay:
    """Hand out a body that was read already, then whatever the server says next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _whole_body(receive: Receive) -> bytes | None:
    """Return the body, or None as soon as it is over the limit or the client is gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    answer = PlainTextResponse("Too large.\n", status_code=413, headers={"Connection": "close"})
    await answer(scope, receive, send)
