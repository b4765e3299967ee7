"""The text of one mail between DATA and the final dot, and what is wrong with it.

Strategy: the network's chunks go into one bytearray; only the last bytes are searched for the end,
so that the work is linear and no line is looked at by itself. Beyond `SPOOL_BYTES` the text moves
to an unnamed file; beyond the size limit nothing is kept any more. Only CRLF.CRLF ends a mail
(RFC 5321 §4.1.1.4).
"""

from __future__ import annotations

import tempfile
from enum import Enum, auto
from pathlib import Path
from typing import IO

from maild.intake.newlines import canonical, is_canonical

SPOOL_BYTES = 256 * 1024
HEADER_BYTES_MAX = 256 * 1024
RECEIVED_MAX = 50

_END = b"\r\n.\r\n"


class State(Enum):
    """How far a mail has come."""

    OPEN = auto()
    COMPLETE = auto()
    TOO_LARGE = auto()
    """Complete, but larger than allowed; nothing was kept."""
    HOPELESS = auto()
    """So much larger than allowed that its end is not waited for."""
    UNWRITABLE = auto()
    """The file it was moved to could not be written; its end is still waited for."""


class MailData:
    """Takes the bytes of one mail in chunks of any size."""

    def __init__(self, bytes_max: int, bytes_dropped_max: int, folder: Path | None = None) -> None:
        """Keep up to `bytes_max` bytes; read on beyond for up to `bytes_dropped_max`.

        `folder` is where a large mail lies until it is complete; None is the system's place.
        """
        self._folder = folder
        self._bytes_max = bytes_max
        self._bytes_hopeless = bytes_max + bytes_dropped_max
        self._buffer = bytearray(b"\r\n")
        self._file: IO[bytes] | None = None
        self._failure: State | None = None
        self.state = State.OPEN
        self.size = 0
        """Bytes seen, with dots and end as they were sent."""

    @property
    def is_spooled(self) -> bool:
        """Tell whether the text lies in a file, and `content` takes its time."""
        return self._file is not None

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; return what lies behind the end of the mail, and set `state`."""
        searched = max(0, len(self._buffer) - len(_END) + 1)
        self._buffer += chunk
        self.size += len(chunk)
        end = self._buffer.find(_END, searched)
        if end < 0:
            self._keep()
            return b""
        rest = bytes(self._buffer[end + len(_END) :])
        del self._buffer[end + 2 :]
        self.size -= len(rest)
        self._keep_within(self.size - len(_END) + 2)
        self.state = self._failure or State.COMPLETE
        return rest

    def content(self) -> bytes:
        """Return the text without the stuffed dots; call it once, when COMPLETE.

        Raises OSError when the file cannot be read.
        """
        if self._file is not None:
            self._file.write(self._buffer)
            self._file.seek(2)
            self._buffer.clear()
            text = self._file.read()
            self.close()
        else:
            text = bytes(memoryview(self._buffer)[2:])
        if text.startswith(b"."):
            text = text[1:]
        return text.replace(b"\r\n.", b"\r\n") if b"\r\n." in text else text

    def close(self) -> None:
        """Let go of the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _keep(self) -> None:
        """Bound what an unfinished mail holds in memory."""
        self._keep_within(self.size - len(_END) + 1)
        if self.size > self._bytes_hopeless:
            self.state = State.HOPELESS
        if self._failure:
            del self._buffer[: 1 - len(_END)]
        elif len(self._buffer) > SPOOL_BYTES:
            self._spool()

    def _keep_within(self, size: int) -> None:
        """Give the text up when it is certainly larger than allowed."""
        if size > self._bytes_max and self._failure is None:
            self._failure = State.TOO_LARGE
            self.close()

    def _spool(self) -> None:
        """Move all but the bytes that may belong to the end into the file."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by close()
            self._file.write(bytes(self._buffer[: 1 - len(_END)]))
        except OSError:
            self._failure = State.UNWRITABLE
            self.close()
        del self._buffer[: 1 - len(_END)]


def judged(text: bytes, *, is_lmtp: bool, line_bytes_max: int) -> tuple[bytes, str]:
    """Return the text to be stored, and the reply that refuses it; empty if it is fine.

    On LMTP wrong line ends are mended, on SMTP they are refused. What is stored is otherwise what
    was sent, byte for byte.
    """
    if not is_canonical(text):
        if not is_lmtp:
            return b"", "550 5.6.11 lone CR or LF; every line must end with CRLF"
        text = canonical(text)
    if _has_line_beyond(text, line_bytes_max):
        return b"", f"554 5.6.0 a line is longer than {line_bytes_max} bytes"
    if _hops(text) > RECEIVED_MAX:
        return b"", "554 5.4.6 too many hops; this mail goes in circles"
    return text, ""


def _has_line_beyond(text: bytes, limit: int) -> bool:
    """Leap from line end to line end, each leap as far as a line may be long."""
    place = 0
    while len(text) - place > limit:
        end = text.rfind(b"\n", place, place + limit + 2)
        if end < 0:
            return True
        place = end + 1
    return False


def _hops(text: bytes) -> int:
    """Count the Received fields of the header (RFC 5321 §6.3)."""
    end = text.find(b"\r\n\r\n", 0, HEADER_BYTES_MAX)
    head = text[: end if end >= 0 else HEADER_BYTES_MAX].lower()
    return head.count(b"\r\nreceived:") + head.startswith(b"received:")
