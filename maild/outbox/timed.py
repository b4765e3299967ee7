"""SMTP that comes to an end in time, whatever the other side does [smtplib].

A socket's own timeout begins anew with each byte: a relay that says one a minute, or one more
line of its answer, would hold a mail for longer than its lease, and it would go out twice.
"""

from __future__ import annotations

import io
import smtplib
import ssl
import time
from typing import Any

_DOT = b".\r\n"
_SEND_BYTES = 16 * 1024 - len(b"\r\n" + _DOT)
"""With a final dot one record of TLS, which is sent in time or not at all."""


class Timed(smtplib.SMTP):
    """A connection whose steps last `patience` seconds each, and end at `until` (monotonic)."""

    def __init__(
        self, place: tuple[str, int, str], *, patience: float, until: float, **more: Any
    ) -> None:
        """Connect to a host and port, with a name of our own, and hear the greeting."""
        self.patience = patience
        self.until = until
        super().__init__(*place, timeout=self._left(), **more)

    def send(self, s: Any) -> None:
        """Send text or bytes; TimeoutError when it took too long."""
        self._limit()
        super().send(s)

    def send_mail(self, data: bytes) -> None:
        """Send a mail whose dots are doubled, and the final dot together with its last bytes."""
        last = max(len(data) - _SEND_BYTES, 0)
        view = memoryview(data)
        for start in range(0, last, _SEND_BYTES):
            self.send(view[start : min(start + _SEND_BYTES, last)])
        end = _DOT if data.endswith(b"\r\n") else b"\r\n" + _DOT
        self.send(data[last:] + end)

    def getreply(self) -> tuple[int, bytes]:
        """Hear a whole answer."""
        if self.file is None:
            self.file = io.BufferedReader(_Wire(self))
        return super().getreply()

    def receive(self, into: Any) -> int:
        """Take what comes next; what follows an answer, such as TLS, has no more time either."""
        self._limit()
        assert self.sock is not None, "nobody listens without a connection"
        count = self.sock.recv_into(into)
        self._limit()
        return count

    def _limit(self) -> None:
        left = self._left()
        if self.sock is not None:
            self.sock.settimeout(left)

    def _left(self) -> float:
        left = min(self.patience, self.until - time.monotonic())
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class TimedTls(Timed, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    def __init__(
        self,
        place: tuple[str, int, str],
        *,
        patience: float,
        until: float,
        context: ssl.SSLContext,
    ) -> None:
        """Encrypt with a context."""
        super().__init__(place, patience=patience, until=until, context=context)


class _Wire(io.RawIOBase):
    """What `smtplib` reads lines from."""

    def __init__(self, smtp: Timed) -> None:
        self._smtp = smtp

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        return self._smtp.receive(into)
