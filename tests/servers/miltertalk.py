"""What a mail server says to a milter, and what the milter wants written into the mail."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

_LENGTH = struct.Struct(">I")
_VERSION = 6
_ALL_ACTIONS = 0x1FF
_NO_STEP_LEFT_OUT = 0
_SECONDS = 20
_INSERT = b"i"
_GOES_ON = b"c"
_ENDS = frozenset({b"c", b"a", b"d", b"r", b"t", b"y"})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What became of a mail."""

    end: bytes
    """`c` and `a`: take it; `r` and `y`: refuse it; `t`: not now."""
    written: str
    """The values of the fields that were inserted, one a line."""


def judge(port: int, fields: tuple[tuple[bytes, bytes], ...]) -> Judged:
    """Show a mail that has these header fields and no text, as Postfix does.

    Values end at their first NUL: a milter takes them for strings of C.
    """
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as client:
        _say(client, b"O", struct.pack(">III", _VERSION, _ALL_ACTIONS, _NO_STEP_LEFT_OUT))
        _heard(client)
        _say(client, b"C", b"mx.x.example\0" + b"4" + struct.pack(">H", 25) + b"203.0.113.9\0")
        for order, words in _orders(fields):
            assert _heard(client)[:1] == _GOES_ON
            _say(client, order, words)
        return _end(client)


def _orders(fields: tuple[tuple[bytes, bytes], ...]) -> list[tuple[bytes, bytes]]:
    """Return what follows the connection, each to be answered before the next is said."""
    header = [(b"L", name + b"\0" + value.partition(b"\0")[0] + b"\0") for name, value in fields]
    return [
        (b"H", b"mx.x.example\0"),
        (b"M", b"<bounce@x.example>\0"),
        (b"R", b"<support@mail.example>\0"),
        *header,
        (b"N", b""),
        (b"E", b""),
    ]


def _end(client: socket.socket) -> Judged:
    written: list[str] = []
    while True:
        answer = _heard(client)
        if answer[:1] == _INSERT:
            written.append(answer[1 + _LENGTH.size :].split(b"\0")[1].decode("utf-8", "replace"))
        elif answer[:1] in _ENDS:
            return Judged(end=answer[:1], written="\n".join(written))


def _say(client: socket.socket, order: bytes, words: bytes) -> None:
    client.sendall(_LENGTH.pack(1 + len(words)) + order + words)


def _heard(client: socket.socket) -> bytes:
    (size,) = _LENGTH.unpack(_exactly(client, _LENGTH.size))
    return _exactly(client, size)


def _exactly(client: socket.socket, size: int) -> bytes:
    data = client.recv(size, socket.MSG_WAITALL)
    assert len(data) == size, "the milter hung up"
    return data
