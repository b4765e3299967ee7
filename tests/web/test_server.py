"""Tests of maild/web: real sockets, a client that says exactly what it is told to say."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from maild import __version__
from maild.errors import TemporaryError
from maild.settings.values import Listen
from maild.web.admin import admin_app
from maild.web.guard import BODY_BYTES_MAX, HEADERS, Guard
from maild.web.public import public_app
from maild.web.server import Server, serve

ANYWHERE = Listen(host="127.0.0.1", port=0)


@asynccontextmanager
async def running(app: ASGIApp, **options: object) -> AsyncIterator[Server]:
    server = await serve(app, ANYWHERE, **options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        await server.stop()


async def ask(server: Server, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes, read to the end: status, headers in lower case, body."""
    host, _, port = server.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (s.partition(": ") for s in lines)}
    return int(first.split()[1]), headers, body


def get(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n".encode()


async def answer_of(app: ASGIApp, request: bytes) -> tuple[int, dict[str, str], bytes]:
    async with running(app) as server:
        return await ask(server, request)


def test_health_is_200_with_every_check_when_all_is_well() -> None:
    app = admin_app({"loop": lambda: "", "writer": lambda: ""})

    status, _, body = asyncio.run(answer_of(app, get("/healthz")))

    assert status == 200
    assert json.loads(body) == {
        "status": "ok",
        "version": __version__,
        "checks": {"loop": "ok", "writer": "ok"},
    }


def test_health_is_503_and_names_the_check_that_failed() -> None:
    app = admin_app({"loop": lambda: "", "writer": lambda: "no answer for 40 s"})

    status, _, body = asyncio.run(answer_of(app, get("/healthz")))

    assert status == 503
    assert json.loads(body)["status"] == "failing"
    assert json.loads(body)["checks"] == {"loop": "ok", "writer": "no answer for 40 s"}


def test_metrics_are_in_the_text_format() -> None:
    status, headers, body = asyncio.run(answer_of(admin_app({}), get("/metrics")))

    assert status == 200
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"maild_build_info{" in body


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/x/../robots.txt", "/%00"])
def test_customers_see_no_page_but_the_one_that_says_so(path: str) -> None:
    status, _, body = asyncio.run(answer_of(public_app(), get(path)))

    assert status == 404
    assert body == b"There is no such page.\n"


def test_robots_are_sent_away() -> None:
    _, _, body = asyncio.run(answer_of(public_app(), get("/robots.txt")))

    assert b"Disallow: /\n" in body


async def _broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("password=hunter2")


@pytest.mark.parametrize(
    ("app", "path"),
    [(public_app(), "/x"), (public_app(), "/robots.txt"), (admin_app({}), "/metrics")],
)
def test_every_answer_carries_the_headers_and_no_cookie(app: ASGIApp, path: str) -> None:
    _, headers, _ = asyncio.run(answer_of(app, get(path, "Cookie: a=b\r\n")))

    assert {name: headers[name.lower()] for name in HEADERS} == dict(HEADERS)
    assert not {"set-cookie", "server"} & set(headers)


def test_a_bug_in_a_page_tells_the_client_nothing() -> None:
    status, _, body = asyncio.run(answer_of(_broken, get("/")))

    assert status == 500
    assert body == b"15\r\nInternal Server Error\r\n0\r\n\r\n"


CHUNK = b"%x\r\n" % 4096 + b"x" * 4096 + b"\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        % (BODY_BYTES_MAX + 1)
        + b"x" * (BODY_BYTES_MAX + 1),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        + CHUNK * (BODY_BYTES_MAX // 4096 + 1),
    ],
    ids=["sent", "announced", "chunked"],
)
def test_a_body_over_the_limit_is_refused(request_bytes: bytes) -> None:
    status, _, _ = asyncio.run(answer_of(public_app(), request_bytes))

    assert status == 413


def test_a_body_within_the_limit_reaches_the_page() -> None:
    seen: list[bytes] = []

    async def page(_scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    request = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nvotes"
    status, _, _ = asyncio.run(answer_of(Guard(page), request))

    assert (status, seen) == (204, [b"votes"])


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"]
)
def test_a_client_that_dawdles_is_let_go(said: bytes) -> None:
    async def dawdle() -> bytes:
        async with running(public_app(), limits=(0.1, 0.2)) as server:
            host, _, port = server.address.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(said)
            try:
                return await asyncio.wait_for(reader.read(), timeout=10)
            except ConnectionResetError:
                return b""
            finally:
                writer.close()

    assert not asyncio.run(dawdle()).startswith(b"HTTP/1.1 200")


def test_a_request_head_without_end_is_refused() -> None:
    request = b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000

    status, _, _ = asyncio.run(answer_of(public_app(), request))

    assert status == 400


def test_the_daemon_keeps_its_signals() -> None:
    async def handler() -> object:
        async with running(public_app()):
            return signal.getsignal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)

    assert asyncio.run(handler()) is before


def test_an_address_in_use_is_a_temporary_error_that_names_it() -> None:
    async def twice() -> None:
        async with running(public_app()) as server:
            port = int(server.address.rpartition(":")[2])
            await serve(public_app(), Listen(host="127.0.0.1", port=port))

    with pytest.raises(TemporaryError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address"):
        asyncio.run(twice())


def test_a_socket_that_systemd_did_not_hand_over_is_a_temporary_error() -> None:
    async def start() -> None:
        await serve(public_app(), Listen(host="fd:web", port=0))

    with pytest.raises(TemporaryError, match="no socket named web"):
        asyncio.run(start())


def test_an_inherited_socket_is_used() -> None:
    async def start() -> tuple[int, str]:
        inherited: Mapping[str, socket.socket] = {"web": socket.create_server(("127.0.0.1", 0))}
        server = await serve(public_app(), Listen(host="fd:web", port=0), inherited=inherited)
        status, _, _ = await ask(server, get("/robots.txt"))
        await server.stop()
        return status, server.address

    status, address = asyncio.run(start())

    assert status == 200
    assert address.startswith("127.0.0.1:")


def test_a_unix_socket_left_by_a_dead_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "web"
    listen = Listen(host=f"unix:{path}", port=0)

    async def start() -> bytes:
        first = await serve(public_app(), listen)
        await first.stop()
        second = await serve(public_app(), listen)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(get("/robots.txt"))
        answer = await reader.read()
        writer.close()
        await second.stop()
        return answer

    assert asyncio.run(start()).startswith(b"HTTP/1.1 200")


def test_stopping_finishes_the_answer_in_progress() -> None:
    async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
        asked.set()
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"whole"})

    async def stop_meanwhile() -> bytes:
        server = await serve(slow, ANYWHERE)
        answer = asyncio.create_task(ask(server, get("/")))
        await asked.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping
        return (await answer)[2]

    asked, go_on = asyncio.Event(), asyncio.Event()

    assert asyncio.run(stop_meanwhile()).endswith(b"whole\r\n0\r\n\r\n")
