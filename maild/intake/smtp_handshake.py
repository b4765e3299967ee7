"""A client of `smtps://` until it is encrypted: only then does it become a session.

asyncio can do the handshake by itself, but does not tell who is within it, so that a stop would
drop these clients without a word, and one address could have every place. The place that a client
gets here is the one of its session.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from maild.intake.smtp_reception import Reception, client_of


class Handshake(asyncio.Protocol):
    """Shakes hands, then hands the connection over to the protocol that `make` gives."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        running: set[asyncio.Task[None]],
        reception: Reception,
    ) -> None:
        """Stand in `running` during the handshake; without a place there, hang up instead."""
        self._make = make
        self._context = context
        self._running = running
        self._reception = reception
        self._client = ""
        self._is_session = False
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake; nothing is read before it."""
        assert isinstance(transport, asyncio.Transport)
        self._client = client_of(transport)
        if not self._reception.enter(self._client):
            transport.abort()
            return
        transport.pause_reading()
        task = asyncio.get_running_loop().create_task(self._shake(transport))
        self._running.add(task)
        task.add_done_callback(self._end)

    def data_received(self, data: bytes) -> None:
        """Keep what comes in one piece with the end of the handshake."""
        self._early += data

    async def _shake(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            made = await loop.start_tls(
                transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._reception.intake.limits.handshake_seconds_max,
            )
        except OSError:
            return
        if made is None or made.is_closing():
            return
        session = self._make()
        self._is_session = True
        made.set_protocol(session)
        session.connection_made(made)
        if self._early:
            session.data_received(bytes(self._early))

    def _end(self, task: asyncio.Task[None]) -> None:
        """Give the place back, unless a session has it now."""
        self._running.discard(task)
        if not self._is_session:
            self._reception.leave(self._client)
