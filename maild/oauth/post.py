"""One POST of a form to a provider, its answer read within bounds; nothing else is fetched.

Encrypted, or on this machine. Redirects are not followed: they would carry a secret elsewhere.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

from maild.errors import ServerAway
from maild.settings.units import is_loopback

CONNECT_SECONDS = 10.0
WHOLE_SECONDS = 30.0
"""From the connection to the end of the answer: one that drips is cut off."""
ANSWER_BYTES_MAX = 256 * 1024
WAIT_SECONDS_MAX = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    data: bytes = field(repr=False)
    date: datetime | None
    """The provider's clock; None where it does not tell."""
    wait_seconds: int
    """`Retry-After`, where it is a number; else 0."""


def post(
    url: str,
    form: Mapping[str, str],
    *,
    whole_seconds: float = WHOLE_SECONDS,
    trusted: ssl.SSLContext | None = None,
) -> Answer:
    """Send a form; raises `ServerAway` when no whole answer comes. No word of ours is repeated.

    `trusted` says whose certificates are believed; None for those of the machine.
    """
    try:
        return _posted(url, form, whole_seconds, trusted)
    except ssl.SSLCertVerificationError as error:
        words = f"its certificate cannot be trusted: {error.verify_message}"
        raise ServerAway(f"{_place(url)}: {words}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServerAway(f"{_place(url)}: {type(error).__name__}: {error}"[:300]) from error


def _posted(
    url: str, form: Mapping[str, str], whole_seconds: float, trusted: ssl.SSLContext | None
) -> Answer:
    line = _line(url, trusted)
    cut = threading.Event()
    fuse = threading.Timer(whole_seconds, _cut, (line, cut))
    fuse.daemon = True
    fuse.start()
    try:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request("POST", target, body=urlencode(form).encode(), headers=_HEADERS)
        answer = line.getresponse()
        data = answer.read(ANSWER_BYTES_MAX + 1)
        if len(data) > ANSWER_BYTES_MAX:
            raise ValueError(f"it answered more than {ANSWER_BYTES_MAX} bytes")
        if cut.is_set():
            raise TimeoutError(f"no whole answer in {whole_seconds:g} seconds")
        return Answer(
            status=answer.status,
            data=data,
            date=_date(answer.getheader("Date") or ""),
            wait_seconds=_wait(answer.getheader("Retry-After") or ""),
        )
    finally:
        fuse.cancel()
        line.close()


_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json",
    "User-Agent": "maild",
    "Connection": "close",
}


def _line(url: str, trusted: ssl.SSLContext | None) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = trusted or ssl.create_default_context()
        return http.client.HTTPSConnection(
            host, parts.port, timeout=CONNECT_SECONDS, context=context
        )
    if not is_loopback(host):
        raise ValueError("it is not asked in the clear")
    return http.client.HTTPConnection(host, parts.port, timeout=CONNECT_SECONDS)


def _cut(line: http.client.HTTPConnection, cut: threading.Event) -> None:
    """End it from another thread: whatever waits for the other side fails at once."""
    cut.set()
    if line.sock is not None:
        with suppress(OSError):
            line.sock.shutdown(socket.SHUT_RDWR)


def _place(url: str) -> str:
    parts = urlsplit(url)
    return parts.hostname or "the provider"


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _wait(text: str) -> int:
    text = text.strip()
    is_number = text.isascii() and text.isdigit() and len(text) < len("1000000000")
    return min(int(text), WAIT_SECONDS_MAX) if is_number else 0
