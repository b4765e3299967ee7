"""Requests to an application without a socket: as many as a test wants, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message, Scope

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str = "GET"
    path: str
    form: Mapping[str, str] | bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = FORM
    client: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]


def ask_all(app: ASGIApp, asked: Sequence[Asked]) -> list[Answer]:
    """Ask one after the other, in one event loop."""

    async def every() -> list[Answer]:
        return [await _ask(app, one) for one in asked]

    return asyncio.run(every())


async def _ask(app: ASGIApp, asked: Asked) -> Answer:
    body = asked.form if isinstance(asked.form, bytes) else urlencode(asked.form).encode()
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(asked, len(body)), receive, send)
    text = b"".join(part.get("body", b"") for part in sent[1:]).decode()
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(status=sent[0]["status"], text=text, headers=found)


def _scope(asked: Asked, length: int) -> Scope:
    where, _, query = asked.path.partition("?")
    lines = (("host", "x"), ("content-type", asked.kind), ("content-length", str(length)))
    return {
        "type": "http",
        "method": asked.method,
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("x", 80),
        "client": (asked.client, 1),
        "headers": [(name.encode(), value.encode()) for name, value in (*lines, *asked.headers)],
    }
