"""The wire to an IMAP server: bounded reading, guarded writing, and a cord to cut from outside.

Strategy: `imaplib` believes what a server announces. This subclass replaces its reading and
writing: what one command may receive has a bound in bytes and in seconds, a read that stops
half-way loses nothing, no command carries a control character, and text that came before TLS is
never read as if it had come inside.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
import threading
import time
from dataclasses import dataclass

ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""What a server may say to one command, mails not counted."""
LINE_BYTES_MAX = 1024 * 1024
_PIECE_BYTES = 128 * 1024
_KEEPALIVE = (
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


class TooMuch(imaplib.IMAP4.abort):
    """The server sent, or announced, more than was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Where to connect to, and how long to wait."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    """The context for implicit TLS; None connects in the clear (STARTTLS may follow)."""
    connect_seconds: float
    command_seconds: float
    """Longest time that the answer to one command may take as a whole."""


class Cord:
    """Lets another thread end a connection at once, whatever it waits for.

    It holds a second descriptor of the same connection, so that it works during a TLS handshake
    as well and never touches a socket object that another thread is using.
    """

    def __init__(self) -> None:
        """Start without a connection."""
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    def hold(self, connected: socket.socket) -> None:
        """Take hold of a new connection; it ends at once when `cut` was called before."""
        with self._lock:
            self._drop()
            self._socket = connected.dup()
            if self._is_cut:
                self._end()

    def cut(self) -> None:
        """End the connection, and every later one; whoever reads sees its end."""
        with self._lock:
            self._is_cut = True
            self._end()

    def release(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._drop()

    def _end(self) -> None:
        if self._socket is None:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side was faster

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Line(imaplib.IMAP4):
    """An `imaplib` connection that cannot be flooded, starved or talked into a second command."""

    def __init__(self, dial: Dial, cord: Cord) -> None:
        """Connect and read the greeting; raises `OSError` or `imaplib.IMAP4.error`."""
        self._dial = dial
        self._cord = cord
        self._held = bytearray()
        self._held_from: socket.socket | None = None
        self._received = 0
        self._answer_bytes_max = ANSWER_BYTES_MAX
        self._deadline = time.monotonic() + dial.command_seconds
        super().__init__(dial.host, dial.port, timeout=dial.connect_seconds)

    def allow(self, extra_bytes: int) -> None:
        """Let answers, from now on, be larger than `ANSWER_BYTES_MAX` by so many bytes."""
        self._answer_bytes_max = ANSWER_BYTES_MAX + extra_bytes

    @property
    def told_of_mail(self) -> int:
        """How often the server said how many mails there are, since SELECT began."""
        return len(self.untagged_responses.get("EXISTS", ()))

    def has_pending(self) -> bool:
        """Tell whether something was received that nobody has read yet."""
        if self._held:
            return True
        return isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0

    def readline(self) -> bytes:
        """Return one line with its end, or what came before the connection ended."""
        looked_at = 0
        while (end := self._held.find(b"\n", looked_at)) < 0:
            looked_at = len(self._held)
            if looked_at > LINE_BYTES_MAX:
                raise TooMuch(f"a line of more than {LINE_BYTES_MAX} bytes")
            if not self._receive():
                return self._taken(len(self._held))
        return self._taken(end + 1)

    def read(self, size: int) -> bytes:
        """Return exactly `size` bytes; refuses before reading when that is too much."""
        if self._received - len(self._held) + size > self._answer_bytes_max:
            raise TooMuch(f"announced {size} bytes")
        while len(self._held) < size:
            if not self._receive():
                raise self.abort("the connection ended inside a literal")
        return self._taken(size)

    def send(self, data: bytes) -> None:  # type: ignore[override]  # Buffer came with 3.12
        """Send a command or a part of it; a control character in it is a bug and is refused.

        RFC 9051 §4.3 allows none in a quoted string; literals are never sent.
        """
        line = bytes(data).removesuffix(b"\r\n")
        if any(byte < 0x20 or byte == 0x7F for byte in line):  # noqa: PLR2004 - ASCII's controls
            raise ValueError("a control character in an IMAP command")
        self._received = len(self._held)
        self._deadline = time.monotonic() + self._dial.command_seconds
        self.sock.sendall(data)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        connected = socket.create_connection((self._dial.host, self._dial.port), timeout)
        try:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option in _KEEPALIVE:
                connected.setsockopt(*option)
            self._cord.hold(connected)
            if self._dial.tls is None:
                return connected
            return self._dial.tls.wrap_socket(connected, server_hostname=self._dial.host)
        except BaseException:
            connected.close()
            raise

    def _receive(self) -> int:
        """Read once from the socket into the buffer; return how much came, 0 at the end."""
        if self._held and self._held_from is not self.sock:
            raise self.abort("text before TLS")  # a command smuggled in before STARTTLS
        if self._received > self._answer_bytes_max:
            raise TooMuch(f"more than {self._answer_bytes_max} bytes")
        if time.monotonic() > self._deadline:
            raise TimeoutError(f"no whole answer in {self._dial.command_seconds} seconds")
        piece = self.sock.recv(_PIECE_BYTES)
        self._held_from = self.sock
        self._held += piece
        self._received += len(piece)
        return len(piece)

    def _taken(self, size: int) -> bytes:
        if self._held and self._held_from is not self.sock:
            raise self.abort("text before TLS")
        with memoryview(self._held) as view, view[:size] as part:
            taken = bytes(part)
        del self._held[:size]
        return taken
