"""Server: an HTTP server in the daemon's own event loop [uvicorn].

Signals belong to the daemon, sockets are opened here or inherited, and every connection ends
after a while: a client that sends its request one byte at a time costs a connection for seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from maild import log
from maild.errors import TemporaryError
from maild.log import Event
from maild.settings.values import Listen

CONNECTIONS_MAX: Final = 200
"""What comes beyond is answered with 503."""
CONNECTION_SECONDS_MAX: Final = 20.0
"""A connection this old takes no further request."""
REQUEST_SECONDS_MAX: Final = 20.0
"""A request that is still open this long after that is broken off."""
_REQUEST_HEAD_BYTES_MAX = 16 * 1024
_KEEP_ALIVE_SECONDS = 5
_STOP_SECONDS = 5
_BACKLOG = 128


class Server:
    """One application on one socket."""

    def __init__(self, server: _Uvicorn, task: asyncio.Task[None], address: str) -> None:
        self._server = server
        self._task = task
        self.address = address
        """`host:port` as bound (a port 0 was given one), or `unix:/path`."""

    async def stop(self) -> None:
        """Take no more connections and finish what is being answered, for five seconds at most."""
        self._server.should_exit = True
        await self.wait()

    async def wait(self) -> None:
        """Wait for the end; raises what the server died of."""
        await asyncio.shield(self._task)


async def serve(
    app: ASGIApp,
    listen: Listen,
    *,
    inherited: Mapping[str, socket.socket] = MappingProxyType({}),
    limits: tuple[float, float] = (CONNECTION_SECONDS_MAX, REQUEST_SECONDS_MAX),
) -> Server:
    """Listen and answer until `stop`; returns once requests are answered.

    `limits` are the seconds after which a connection takes no further request, and then is
    broken off. Raises TemporaryError when the address cannot be had.
    """
    sock = await _open(listen, inherited)
    address = _address(sock)
    server = _Uvicorn(_config(app, limits))
    task = asyncio.create_task(server.serve(sockets=[sock]), name=f"web {address}")
    await server.is_up.wait()
    log.event(Event.LISTENER_STARTED, role="web", at=address)
    return Server(server, task, address)


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its signal handlers, that tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        finally:
            self.is_up.set()


def _config(app: ASGIApp, limits: tuple[float, float]) -> uvicorn.Config:
    class Protocol(H11Protocol):
        """One connection, which gets old: first politely, then for good."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            loop = asyncio.get_running_loop()
            self._ends = (
                loop.call_later(limits[0], self.shutdown),
                loop.call_later(sum(limits), transport.abort),
            )

        def connection_lost(self, exc: Exception | None) -> None:
            for end in self._ends:
                end.cancel()
            super().connection_lost(exc)

    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        h11_max_incomplete_event_size=_REQUEST_HEAD_BYTES_MAX,
        backlog=_BACKLOG,
    )


async def _open(listen: Listen, inherited: Mapping[str, socket.socket]) -> socket.socket:
    scheme, _, name = listen.host.partition(":")
    if scheme == "fd":
        if name not in inherited:
            raise TemporaryError(f"systemd handed over no socket named {name}")
        return inherited[name]
    try:
        if scheme == "unix":
            return _open_unix(Path(name))
        return await _open_tcp(listen)
    except OSError as error:
        where = listen.host if scheme == "unix" else f"{listen.host}:{listen.port}"
        raise TemporaryError(f"cannot listen on {where}: {error.strerror}") from error


async def _open_tcp(listen: Listen) -> socket.socket:
    """The protocol is named, or asyncio would leave TCP_NODELAY off (40 ms an answer)."""
    found = await asyncio.get_running_loop().getaddrinfo(
        listen.host, listen.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _open_unix(path: Path) -> socket.socket:
    """What a dead daemon left behind is taken away first; a regular file is not."""
    if path.is_socket():
        path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _address(sock: socket.socket) -> str:
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return f"unix:{name}"
    return f"[{name[0]}]:{name[1]}" if sock.family == socket.AF_INET6 else f"{name[0]}:{name[1]}"
