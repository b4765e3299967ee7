"""Hands a page to a webhook: one POST, its answer judged; nothing else is fetched.

| answer                        | means                                        |
|-------------------------------|----------------------------------------------|
| 2xx                           | it has the page                              |
| 4xx, but for 408, 425 and 429 | it never will; so also 410 Gone              |
| all else, redirects as well   | later; `Retry-After` is heeded within bounds |
| no answer                     | later: the id lets it drop a second copy     |

Redirects are not followed. The name is resolved here, and what was resolved is judged and dialled,
address by address, so that nobody can put another address in its place between the two.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from maild.core.webhook import Webhook, identity, is_public, signature
from maild.outbox.result import SendResult, Sent

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 15.0
"""Between two reads of the answer."""
WHOLE_SECONDS = 30.0
"""From the connection to the end of the answer: one that drips is cut off."""
ANSWER_BYTES_MAX = 2048
ANSWER_SHOWN_MAX = 300
WAIT_SECONDS_MAX = 3600
"""The longest `Retry-After` that is heeded."""
_AGAIN = (408, 425, 429)
_PORTS = {"https": 443, "http": 80}

Resolve = Callable[[str, int], list[str]]
"""Gives the addresses of a host; raises OSError when there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt."""

    hook: Webhook
    secret: str
    key: str
    """Of the page, the same in each attempt."""
    data: bytes
    now: datetime
    trusted: ssl.SSLContext | None = None
    """Whose certificates are believed; None for those of the machine."""
    whole_seconds: float = WHOLE_SECONDS


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the order in which the machine would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def ring(call: Call, resolve: Resolve = resolved) -> Sent:
    """Make one attempt and say what became of it; never raises for what others do."""
    try:
        return _posted(call, resolve)
    except ssl.SSLCertVerificationError as error:
        words = f"its certificate cannot be trusted: {error.verify_message}"
        return Sent(result=SendResult.TEMPORARY, answer=words)
    except (OSError, http.client.HTTPException, ValueError) as error:
        words = f"{type(error).__name__}: {error}"
        return Sent(result=SendResult.TEMPORARY, answer=_shown(words))


def _posted(call: Call, resolve: Resolve) -> Sent:
    parts = urlsplit(call.hook.url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    addresses = resolve(host, port)
    allowed = [one for one in addresses if call.hook.allow_private or is_public(one)]
    if not allowed:
        words = f"{host} is at {', '.join(addresses)}: no address outside this network"
        return Sent(result=SendResult.TEMPORARY, answer=_shown(words))
    line = _Line(host, port, allowed, call if parts.scheme == "https" else None)
    fuse = threading.Timer(call.whole_seconds, line.cut)
    fuse.daemon = True
    fuse.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request("POST", target, body=call.data, headers=_headers(call))
        answer = line.getresponse()
        return _judged(answer, answer.read(ANSWER_BYTES_MAX), call.now)
    finally:
        fuse.cancel()
        line.close()


class _Line(http.client.HTTPConnection):
    """A connection to one of a few addresses that were looked at before; it can be cut."""

    def __init__(self, host: str, port: int, addresses: list[str], tls: Call | None) -> None:
        super().__init__(host, port, timeout=ANSWER_SECONDS)
        self.default_port = _PORTS["https" if tls else "http"]
        self._addresses = addresses
        self._tls = tls
        self._is_cut = False

    def connect(self) -> None:
        """Dial the addresses in turn; the last failure is the one that is told."""
        for n, address in enumerate(self._addresses, start=1):
            try:
                self.sock = socket.create_connection((address, self.port), CONNECT_SECONDS)
                break
            except OSError:
                if n == len(self._addresses) or self._is_cut:
                    raise
        self.sock.settimeout(self.timeout)
        if self._tls is not None:
            context = self._tls.trusted or ssl.create_default_context()
            plain = self.sock
            self.sock = context.wrap_socket(
                plain, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        """End it from another thread: whatever waits for the other side fails at once."""
        self._is_cut = True
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _headers(call: Call) -> dict[str, str]:
    timestamp = int(call.now.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "maild",
        "Accept": "*/*",
        "Connection": "close",
        "Idempotency-Key": identity(call.key),
        "Maild-Timestamp": str(timestamp),
        "Maild-Signature": signature(call.secret, timestamp, call.data),
    }


def _judged(answer: http.client.HTTPResponse, data: bytes, now: datetime) -> Sent:
    said = f"{answer.status} {answer.reason} {data.decode('utf-8', 'replace')}"
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the classes of RFC 9110 §15
        return Sent(result=SendResult.ACCEPTED, answer=_shown(said))
    if 400 <= answer.status < 500 and answer.status not in _AGAIN:  # noqa: PLR2004 - the same
        return Sent(result=SendResult.PERMANENT, answer=_shown(said))
    if 300 <= answer.status < 400:  # noqa: PLR2004 - the same
        said = f"{answer.status} a redirect is not followed"
    wait = _wait(answer.getheader("Retry-After") or "", now)
    return Sent(result=SendResult.TEMPORARY, answer=_shown(said), wait_seconds=wait)


def _wait(text: str, now: datetime) -> int:
    """Read Retry-After (RFC 9110 §10.2.3): seconds, or a date; 0 for nothing that makes sense."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < len("1000000000"):
        return min(int(text), WAIT_SECONDS_MAX)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0
    if at.tzinfo is None:
        return 0
    return min(max(int((at - now).total_seconds()), 0), WAIT_SECONDS_MAX)


def _shown(text: str) -> str:
    """Return one printable line of bounded length."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:ANSWER_SHOWN_MAX]
