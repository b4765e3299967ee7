"""A client of `smtps://` until it is encrypted: only then does it become a session.

asyncio can do the handshake by itself, but does not tell who is within it, so that a stop would
drop these clients without a word.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable


class Handshake(asyncio.Protocol):
    """Shakes hands, then hands the connection over to the protocol that `make` gives."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        running: set[asyncio.Task[None]],
        running_max: int,
    ) -> None:
        """Stand in `running` during the handshake; with `running_max` in it, hang up instead."""
        self._make = make
        self._context = context
        self._running = running
        self._running_max = running_max
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake; nothing is read before it."""
        assert isinstance(transport, asyncio.Transport)
        if len(self._running) >= self._running_max:
            transport.abort()
            return
        transport.pause_reading()
        task = asyncio.get_running_loop().create_task(self._shake(transport))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def data_received(self, data: bytes) -> None:
        """Keep what comes in one piece with the end of the handshake."""
        self._early += data

    async def _shake(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            made = await loop.start_tls(transport, self, self._context, server_side=True)
        except OSError:
            return
        if made is None or made.is_closing():
            return
        session = self._make()
        made.set_protocol(session)
        session.connection_made(made)
        if self._early:
            session.data_received(bytes(self._early))
