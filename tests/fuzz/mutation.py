"""Ways to break a mail: cut, double, swap, cross with another, and put in what parsers hate."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

RAW_BYTES_MAX = 512 * 1024
TOKENS = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--", b"\x00", b"\xff\xfe", b"\x1b$B", b"=?utf-8?B?",
    b"?=", b"=?x?q?=?=", b"=?utf-16?B?2AA=?=", b"Content-Type: ", b"multipart/mixed; boundary=x",
    b"message/rfc822", b"charset=utf-7", b"charset=idna", b'charset="', b"base64", b"=", b"=3D",
    b'"', b"<", b">", b"(", b",", b"@", b";", b":", b"begin 644 x\r\n", b"From: ", b"*0*=",
    b"Content-Transfer-Encoding: quoted-printable\r\n", b"text/html", b"<div", b"<blockquote>",
    b"&#", b"&#x110000;", b"<!--", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"> ",
    b"-- \r\n", b"On x wrote:\r\n", b"From: a\r\nSent: b\r\nTo: c\r\nSubject: d\r\n", b"../",
    b"Auto-Submitted: ", b"Status: 5.0.0\r\n", b"METHOD:REQUEST\r\n", b"\x78\x9f\x3e\x22",
)  # fmt: skip
_CHARSETS = (b"utf-8", b"utf-16", b"gb18030", b"iso-2022-kr", b"hz", b"koi8-r", b"nonsense", b"")
_Way = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutated(raw: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Return a mail broken in one to eight ways; at most 512 KiB of it."""
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        raw = chance.choice(_WAYS)(raw, chance, others)[:RAW_BYTES_MAX]
    return raw


def _span(raw: bytes, chance: random.Random, longest: int = 400) -> tuple[int, int]:
    start = chance.randint(0, len(raw))
    return start, min(len(raw), start + chance.randint(0, longest))


def _cut(raw: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    start, end = _span(raw, chance)
    return raw[:start] + raw[end:]


def _ended(raw: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    return raw[: chance.randint(0, len(raw))]


def _repeated(raw: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    start, end = _span(raw, chance, 80)
    return raw[:start] + raw[start:end] * chance.choice((2, 3, 50, 2000)) + raw[end:]


def _put_in(raw: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(raw))
    return raw[:at] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 2, 30)) + raw[at:]


def _flipped(raw: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    changed = bytearray(raw)
    for _ in range(min(len(raw), chance.choice((1, 4, 30)))):
        changed[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(changed)


def _crossed(raw: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    start, end = _span(other, chance, 4000)
    at = chance.randint(0, len(raw))
    return raw[:at] + other[start:end] + raw[at:]


def _shuffled(raw: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    lines = raw.split(b"\n")
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def _relabelled(raw: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    at = raw.lower().find(b"charset=", chance.randint(0, len(raw)))
    if at < 0:
        return raw
    start = at + len(b"charset=")
    return raw[:start] + chance.choice(_CHARSETS) + raw[start + 5 :]


_WAYS: tuple[_Way, ...] = (
    _cut, _ended, _repeated, _put_in, _put_in, _put_in, _flipped, _crossed, _shuffled, _relabelled
)  # fmt: skip
