"""One client's connection: chunks in, lines and mails out, replies back [aiosmtpd].

Strategy: aiosmtpd brings the stream, STARTTLS and AUTH; the command loop is ours, since its own
cannot be bounded. While a mail is received, the network's chunks go past the stream straight into
`MailData`, and the mail is handed in the moment its final dot is read.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, TLSSetupException

from maild import log
from maild.core.mail import Envelope
from maild.intake.smtp_data import MailData, State
from maild.intake.smtp_limits import client_key
from maild.intake.smtp_reception import LATER, Reception, client_of
from maild.log import Event

_NO_HOOKS = object()
_FULL = "421 4.7.0 too many connections; try again later"
_STOPPING = "421 4.3.2 shutting down; try again in a moment"
_CIRCLES = ("_authenticator", "_client_connected_cb", "_handler_coroutine", "_reader", "_writer")
"""What a session has of the library's that leads back to it."""


class Connection(SMTP):
    """Reads commands one by one and keeps the client within its limits."""

    line_length_limit = 16 * 1024
    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(
        self, reception: Reception, sessions: set[Connection], tls: Any, *, is_tls_only: bool
    ) -> None:
        """Work for a reception, and stand in `sessions` while connected.

        `tls` is the context for STARTTLS, None where it is not offered; `is_tls_only` says that
        the connection is encrypted from its first byte, and has its place since its handshake.
        """
        self._reception = reception
        self._sessions = sessions
        self._runtime = reception.intake.runtime
        self._limits = reception.intake.limits
        self._is_lmtp = reception.is_lmtp
        self._is_tls_only = is_tls_only
        self._client = ""
        self._is_spared = False
        self._is_refused = False
        self._is_leaving = False
        self._has_ended = False
        self._data: MailData | None = None
        self._data_began = 0.0
        self._data_envelope = Envelope()
        self._dot: asyncio.Future[asyncio.Future[str]] | None = None
        self._active_at = 0.0
        self._errors = 0
        self._commands = 0
        super().__init__(
            _NO_HOOKS,
            data_size_limit=None,
            enable_SMTPUTF8=True,
            hostname=reception.intake.hostname,
            ident="maild",
            tls_context=tls,
            auth_require_tls=not is_tls_only,
            authenticator=self._authenticated,
            loop=asyncio.get_running_loop(),
        )

    def ended(self) -> asyncio.Future[None]:
        """Return what is done when the session has ended."""
        assert self._handler_coroutine is not None
        return self._handler_coroutine

    def leave(self) -> None:
        """End the session for a stop of the daemon; a mail or handshake in hand comes first."""
        if self._is_shaking_hands:
            self.loop.call_later(self._limits.stop_handshake_seconds, self._hang_up)
        elif self._dot is None:
            self._hang_up(_STOPPING)

    def abort(self) -> None:
        """End the session without another word."""
        transport: Any = self.transport
        if transport is not None:
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or turn it away; comes a second time after STARTTLS."""
        if self._original_transport is not None:
            super().connection_made(transport)
            return
        self._client = client_of(transport)
        self._is_spared = self._reception.is_spared(self._client)
        if words := self._refusal():
            self._is_refused = True
            _turn_away(transport, words, self._limits.linger_seconds)
            return
        self._sessions.add(self)
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self._handler_coroutine.add_done_callback(self._end)

    def data_received(self, data: bytes) -> None:
        """Take a chunk from the network: commands, or a part of a mail."""
        if self._is_refused:
            return
        if self._data is None:
            super().data_received(data)
        else:
            self._feed(data)

    def eof_received(self) -> bool | None:
        """Answer what is in hand before closing, where the client can still hear it."""
        if self._is_refused:
            return False
        if self._data is not None and self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
        kept_open = super(SMTP, self).eof_received()
        is_plain = self.session is not None and self.session.ssl is None
        return bool(kept_open) and is_plain

    def connection_lost(self, error: Exception | None) -> None:
        """Forget a mail that was not complete; one that was goes its way."""
        if self._is_refused or self.transport is None:
            return
        if self._data is not None:
            self._data.close()
        super().connection_lost(error)
        self._fall_apart()

    async def push(self, status: str | bytes) -> None:
        """Send a reply, and count it when it is an error of the client's."""
        reply = status.encode() if isinstance(status, str) else status
        self._errors += reply.startswith(b"5")
        self._writer.write(reply + b"\r\n")
        await self._writer.drain()

    async def _handle_client(self) -> None:
        """Greet, then answer command after command."""
        kind = "LMTP" if self._is_lmtp else "ESMTP"
        try:
            await self.push(f"220 {self.hostname} {kind} maild")
            while not self._is_leaving:
                await self._serve(await self._reader.readuntil(b"\n"))
                self._check_limits()
        except asyncio.LimitOverrunError:
            self._hang_up("421 4.7.0 command line too long")
        except TLSSetupException as error:
            self.abort()
            self.connection_lost(error)
        except (ConnectionError, asyncio.IncompleteReadError):
            """The client went away; nothing that was acknowledged is concerned."""
        finally:
            self._hang_up()

    async def _serve(self, line: bytes) -> None:
        """Answer one command line."""
        self._reset_timeout()
        self._commands += 1
        try:
            text = self._command(line).decode()
        except ValueError:
            await self.push("500 5.5.2 a command is one line of text that ends with CRLF")
            return
        verb, _, argument = text.partition(" ")
        method = self._smtp_methods.get(verb.upper())
        if method is None:
            await self.push("500 5.5.1 unknown command")
            return
        try:
            await method(argument.strip() or None)
        except (ConnectionError, TLSSetupException, asyncio.IncompleteReadError):
            raise
        except Exception as error:  # noqa: BLE001 - loop top: the session goes on
            log.event(Event.WORK_FAILED, work="smtp command", client=self._client, error=error)
            await self.push(LATER)

    def _command(self, line: bytes) -> bytes:
        """Cut the line end off; raise ValueError on what is no proper command line."""
        if line.endswith(b"\r\n"):
            command = line[:-2]
        elif self._is_lmtp:
            command = line[:-1]
        else:
            raise ValueError("lone LF")
        if b"\r" in command or b"\0" in command or len(command) > self._limits.command_bytes:
            raise ValueError("not one line of text")
        return command

    def _check_limits(self) -> None:
        """End a session that only makes noise, or that has to end."""
        if self._errors > self._limits.errors and not self._is_spared:
            self._hang_up("421 4.7.0 too many errors")
        elif self._commands > self._limits.commands:
            self._hang_up("421 4.7.0 too many commands without a mail")
        elif self._reception.is_stopping:
            self.leave()

    @property
    def _is_shaking_hands(self) -> bool:
        """After STARTTLS, before the client greets anew: a word to it would be no TLS."""
        return (
            self._tls_protocol is not None
            and self.session is not None
            and self.session.ssl is None
        )

    def _begin_data(self, envelope: Envelope) -> MailData:
        """From now on, what comes is the mail; some of it may have come already."""
        settings = self._reception.intake.settings
        data = MailData(
            settings.max_size_bytes, self._limits.dropped_bytes, self._reception.intake.spool_dir
        )
        self._data, self._data_envelope = data, envelope
        self._dot = self.loop.create_future()
        self._data_began = self.loop.time()
        buffer: bytearray = self._reader._buffer  # type: ignore[attr-defined] # noqa: SLF001 - there is no public way to take back what was read ahead
        if buffer:
            early = bytes(buffer)
            buffer.clear()
            self._reader._maybe_resume_transport()  # type: ignore[attr-defined] # noqa: SLF001
            self._feed(early)
        return data

    async def _finish_data(self) -> str:
        """Wait for the end of the mail, then for the journal; return the reply."""
        assert self._dot is not None
        try:
            return await asyncio.shield(await self._dot)
        finally:
            self._data = self._dot = None

    def _feed(self, chunk: bytes) -> None:
        """Give a chunk to the mail; at its end, hand the mail in at once."""
        assert self._data is not None
        assert self._dot is not None
        data = self._data
        self._active_at = self.loop.time()
        rest = data.feed(chunk)
        if data.state is State.OPEN or self._dot.done():
            return
        self._data = None
        self._dot.set_result(self._reception.take(self._data_envelope, data))
        if rest:
            super().data_received(rest)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Note that the client did something; the watch looks at it now and then."""
        self._active_at = self.loop.time()
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_later(
                duration or self._limits.watch_seconds, self._watch
            )

    def _watch(self) -> None:
        """Hang up on a client that does nothing, or sends a mail too slowly to be serious."""
        self._timeout_handle = self.loop.call_later(self._limits.watch_seconds, self._watch)
        now = self.loop.time()
        if self._data is not None:
            took = now - self._data_began
            wanted = took * self._runtime.bytes_per_second_min
            if took > self._limits.rate_grace_seconds and self._data.size < wanted:
                self._hang_up("421 4.4.2 the mail comes too slowly")
        is_waiting_for_us = self._dot is not None and self._data is None
        if now - self._active_at > self._runtime.idle_seconds and not is_waiting_for_us:
            self._hang_up("421 4.4.2 idle for too long")

    def _hang_up(self, words: str = "") -> None:
        """Say goodbye and close; a client that does not listen is cut off soon after."""
        transport: Any = self.transport
        if self._is_leaving or transport is None:
            return
        self._is_leaving = True
        if words:
            transport.write(f"{words}\r\n".encode())
        transport.close()
        self.loop.call_later(self._limits.linger_seconds, transport.abort)

    def _refusal(self) -> str:
        """Ask for a place, or keep the one of the handshake; return why there is none."""
        if self._reception.is_stopping:
            if self._is_tls_only:
                self._reception.leave(self._client)
            log.event(Event.CONNECTION_REFUSED, client=self._client, reason="stopping")
            return _STOPPING
        return "" if self._is_tls_only or self._reception.enter(self._client) else _FULL

    def _end(self, task: asyncio.Task[None]) -> None:
        """Give the place back."""
        self._reception.leave(self._client)
        self._sessions.discard(self)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.event(Event.WORK_FAILED, work="smtp session", client=self._client, error=error)
        self._has_ended = True
        self._fall_apart()

    def _fall_apart(self) -> None:
        """Break the circles once nothing comes any more: no session waits for the collector.

        Hundreds of them in a minute made holes in the memory.
        """
        if not self._has_ended or self.transport is not None:
            return
        self._smtp_methods.clear()
        self._auth_methods.clear()
        for name in _CIRCLES:
            setattr(self, name, None)

    def _authenticated(
        self, _server: object, _session: object, _envelope: object, _how: str, login: object
    ) -> AuthResult:
        """Check a password."""
        assert isinstance(login, LoginPassword)
        user = self._reception.account(login.login, login.password)
        if user:
            return AuthResult(success=True, auth_data=user)
        self._reception.failures.add(client_key(self._client), self.loop.time())
        log.event(Event.AUTH_REFUSED, client=self._client, user=login.login)
        return AuthResult(success=False, handled=False)


class Refusal(asyncio.Protocol):
    """Turns a client away before anything is set up for it."""

    def __init__(self, linger_seconds: float) -> None:
        """Cut the client off after so long if it does not listen."""
        self._linger_seconds = linger_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say why and close."""
        log.event(Event.CONNECTION_REFUSED, client=client_of(transport), reason="too many")
        _turn_away(transport, _FULL, self._linger_seconds)


def _turn_away(transport: asyncio.BaseTransport, words: str, linger_seconds: float) -> None:
    """Answer a client for whom there is no room."""
    assert isinstance(transport, asyncio.Transport)
    transport.write(f"{words}\r\n".encode())
    transport.close()
    asyncio.get_running_loop().call_later(linger_seconds, transport.abort)
