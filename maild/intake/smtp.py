"""The listener: mail in by SMTP or LMTP, journalled before it is acknowledged.

It lives in the caller's event loop, on as many addresses as wanted: host and port, a Unix socket,
or a socket that systemd opened for us.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from maild import log
from maild.core.house import House
from maild.errors import ConfigError, Problem
from maild.intake.smtp_connection import Connection, Refusal
from maild.intake.smtp_handshake import Handshake
from maild.intake.smtp_reception import Intake, Journal, Reception
from maild.intake.smtp_session import LmtpSession, Session
from maild.log import Event
from maild.settings import Listen

__all__ = ["Intake", "Journal", "SmtpServer", "serve"]

_BACKLOG = 512
_TURNS_TO_SESSION = 3
"""Turns of the loop from `accept` to `connection_made`, and one more."""
_UNIX = "unix:"
_INHERITED = "fd:"


async def serve(
    intake: Intake, sockets: Mapping[str, socket.socket] = MappingProxyType({})
) -> SmtpServer:
    """Listen on every address of the settings and return the running server.

    `sockets` are those that systemd handed over, by name, for `fd:name`; those that are used
    belong to the server from then on. Raises ConfigError when an address or the certificate cannot
    be used; then nothing listens.
    """
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    server = SmtpServer(intake, _tls(intake))
    try:
        for listen in intake.settings.listen:
            await server.listen(listen, sockets)
    except BaseException:
        await server.stop(0)
        raise
    return server


class SmtpServer:
    """A running listener."""

    def __init__(self, intake: Intake, tls: ssl.SSLContext | None) -> None:
        """Begin without an address; use `serve`."""
        self._intake = intake
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._reception = Reception(intake, self._loop)
        self._sessions: set[Connection] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._paths: list[Path] = []

    @property
    def ports(self) -> tuple[int, ...]:
        """The TCP ports that are listened on, in the order of the settings."""
        names = [s.getsockname() for server in self._servers for s in server.sockets]
        return tuple(name[1] for name in names if isinstance(name, tuple))

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        return len(self._sessions)

    def use_house(self, house: House) -> None:
        """Take these mailboxes from now on, for running sessions too."""
        self._reception.house = house

    def reload_certificate(self) -> None:
        """Read the certificate and key again; raise ConfigError and keep the old if they fail."""
        if self._tls is not None:
            _tls(self._intake)
            _load(self._tls, self._intake)

    async def listen(self, listen: Listen, sockets: Mapping[str, socket.socket]) -> None:
        """Begin to listen on one more address."""
        try:
            server = await self._listen(listen, sockets)
        except OSError as error:
            raise _problem(f"cannot listen on {_name(listen)}: {error.strerror}") from error
        self._servers.append(server)
        log.event(
            Event.LISTENER_STARTED, role="lmtp" if self._is_lmtp else "smtp", at=_name(listen)
        )

    async def stop(self, grace_seconds: float = 20) -> None:
        """Listen no more, let mails in hand finish, and end every session.

        Who is within a TLS handshake is let through it, and told as everybody else. After
        `grace_seconds` what is left is cut off; no half mail is ever acknowledged.
        """
        await self._take_in()
        self._reception.is_stopping = True
        for server in self._servers:
            server.close()
        for path in self._paths:
            path.unlink(missing_ok=True)
        for session in tuple(self._sessions):
            session.leave()
        deadline = self._loop.time() + grace_seconds
        await _ended(
            self._handshakes, min(grace_seconds, self._intake.limits.stop_handshake_seconds)
        )
        for handshake in tuple(self._handshakes):
            handshake.cancel()
        await _ended(self._handshakes, 1)
        await _ended({session.ended() for session in self._sessions}, deadline - self._loop.time())
        await _ended(self._reception.pending, deadline - self._loop.time())
        for session in tuple(self._sessions):
            session.abort()
        await _ended({session.ended() for session in self._sessions}, 1)

    async def _take_in(self) -> None:
        """Accept no more, and make sessions of the clients that are accepted already.

        asyncio needs some turns from the one to the other; a server that closes in between would
        drop them without a word, where the next process could have greeted them.
        """
        for server in self._servers:
            for listening in server.sockets:
                self._loop.remove_reader(listening)
        for _ in range(_TURNS_TO_SESSION):
            await asyncio.sleep(0)

    @property
    def _is_lmtp(self) -> bool:
        return self._intake.settings.lmtp

    async def _listen(
        self, listen: Listen, sockets: Mapping[str, socket.socket]
    ) -> asyncio.Server:
        factory = self._tls_session if listen.tls else self._session
        if listen.host.startswith(_INHERITED):
            inherited = _inherited(listen.host.removeprefix(_INHERITED), sockets)
            return await self._loop.create_server(factory, sock=inherited)
        if listen.host.startswith(_UNIX):
            path = Path(listen.host.removeprefix(_UNIX))
            _clear(path)
            server = await self._loop.create_unix_server(factory, path, backlog=_BACKLOG)
            self._paths.append(path)
            return server
        return await self._loop.create_server(factory, listen.host, listen.port, backlog=_BACKLOG)

    def _session(self) -> asyncio.Protocol:
        if self._reception.gate.is_full:
            return Refusal(self._intake.limits.linger_seconds)
        return self._made(self._tls, is_tls_only=False)

    def _tls_session(self) -> asyncio.Protocol:
        assert self._tls is not None, "smtps:// has a certificate, or nothing listens"
        return Handshake(self._encrypted, self._tls, self._handshakes, self._reception)

    def _encrypted(self) -> asyncio.Protocol:
        return self._made(None, is_tls_only=True)

    def _made(self, tls: ssl.SSLContext | None, *, is_tls_only: bool) -> asyncio.Protocol:
        kind = LmtpSession if self._is_lmtp else Session
        return kind(self._reception, self._sessions, tls, is_tls_only=is_tls_only)


async def _ended(futures: Iterable[asyncio.Future[Any]], seconds: float) -> None:
    """Wait until all are done, or the time is over."""
    waiting = set(futures)
    if waiting:
        await asyncio.wait(waiting, timeout=max(0, seconds))


def _inherited(name: str, sockets: Mapping[str, socket.socket]) -> socket.socket:
    """Take over a socket by its file number, so that Python finds out that it speaks TCP.

    Without that, asyncio leaves Nagle's algorithm on, and every reply takes 40 ms.
    """
    if name not in sockets:
        raise _problem(f"systemd handed over no socket named {name!r}")
    inherited = socket.socket(fileno=sockets[name].detach())
    inherited.setblocking(False)
    return inherited


def _clear(path: Path) -> None:
    """Remove the socket file of an earlier run; anything else that lies there stays."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat(follow_symlinks=False).st_mode):
            path.unlink()


def _tls(intake: Intake) -> ssl.SSLContext | None:
    settings = intake.settings
    if settings.tls_cert is None:
        if any(listen.tls for listen in settings.listen):
            raise _problem("smtps:// needs tls_cert and tls_key")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, intake)
    return context


def _load(context: ssl.SSLContext, intake: Intake) -> None:
    settings = intake.settings
    assert settings.tls_cert is not None
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        raise _problem(f"tls_cert or tls_key cannot be used: {error}") from error


def _name(listen: Listen) -> str:
    return f"{listen.host}:{listen.port}" if listen.port else listen.host


def _problem(text: str) -> ConfigError:
    return ConfigError((Problem(file="[smtp]", line=0, text=text),))
