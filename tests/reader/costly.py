"""Mail that the guard lets pass, or most of it, and that wants to cost the reader dearly.

Each entry makes a mail of a size, 1 or 10: ten times that is no longer in the tens of megabytes.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterable

from tests.parse.test_tnef import attached, attribute, properties, stream, variable

Make = Callable[[int], bytes]
HEAD = b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
_PARTS = 190
_RTF_BYTES = 1_000_000
_RTF_START = 207
_RTF_LONGEST = 17


def headed(head: bytes, body: bytes) -> bytes:
    """Return a mail with more header lines."""
    return HEAD + head + b"\r\n" + body


def _parts(parts: Iterable[bytes], kind: bytes = b"mixed") -> bytes:
    """Return a multipart mail; each part begins with its header lines."""
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return headed(b"Content-Type: multipart/" + kind + b"; boundary=b\r\n", body + b"--b--\r\n")


def _flood(unit: bytes, size: int = 100_000, head: bytes = b"") -> Make:
    """Return what makes a body of one text again and again, so many bytes."""
    return lambda times: headed(head, unit * (size * times // len(unit)))


def _typed(kind: bytes, unit: bytes, size: int = 100_000) -> Make:
    return _flood(unit, size, b"Content-Type: text/" + kind + b"\r\n")


def _encoded(encoding: bytes, unit: bytes) -> Make:
    return _flood(unit, 200_000, b"Content-Transfer-Encoding: " + encoding + b"\r\n")


def _field(name: bytes, unit: bytes, count: int) -> Make:
    """Return what makes a mail with one long field, close below the limit of the guard."""
    return lambda times: name + b": " + unit * (count * times) + b"\r\n" + HEAD + b"\r\nx"


def _part_fields(value: bytes, count: int) -> Make:
    """Return what makes so many parts, each with such a disposition."""
    part = b"Content-Disposition: x; " + value + b"\r\n\r\nx"
    return lambda times: _parts([part] * min(_PARTS, count * times))


def _sections(times: int) -> bytes:
    names = b"".join(b"; name*%d*=%%41" % number for number in range(40 * times))
    return _parts([b"Content-Type: a/b" + names + b"\r\n\r\nx"] * _PARTS)


def _unclosed(times: int) -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(19)
    )
    return HEAD + opening + b"\r\n" + b"--b\r\n" * 20_000 * times


def _one_boundary(times: int) -> bytes:
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 15 * times


def _prefixes(times: int) -> bytes:
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bbb\r\n"
    return headed(b"Content-Type: multipart/mixed; boundary=b\r\n", inner * 15 * times)


def _messages(times: int) -> bytes:
    """Return messages that must be decoded first, each with as many parts as there may be."""
    message = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n" + b"--c\r\n\r\nx\r\n" * 199
    head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return _parts([head + base64.encodebytes(message)] * 19 * times)


def _recipients(times: int) -> bytes:
    block = b"Final-Recipient: rfc822; u@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    report = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
    return _parts([b"\r\nx", report + block * 1000 * times], b"report")


def _reports(times: int) -> bytes:
    report = b"Content-Type: message/delivery-status\r\n\r\n" + b"A: b\r\n\r\n" * 1000 * times
    return _parts([report] * _PARTS, b"report")


def _stairs(times: int) -> bytes:
    return headed(b"", b"".join(b">" * depth + b" x\r\n" for depth in range(200 * times)))


def _tnef(*streams: bytes) -> bytes:
    head = b"Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return _parts(head + base64.encodebytes(data) for data in streams)


def _object(inner: bytes) -> bytes:
    """Return a file of a winmail.dat that is one itself."""
    held = variable(0x3701, 0x0D, b"\0" * 16 + inner)
    return attribute(2, 0x9002, b"\0" * 14) + attribute(2, 0x9005, properties(held))


def _tnef_in_tnef(times: int) -> bytes:
    inner = stream(attached("a.txt", b"x"))
    for _ in range(10 * times):
        inner = stream(_object(inner))
    return _tnef(inner)


def _rich() -> bytes:
    """Return a megabyte of RTF in an eighth of that: a letter, and references to what was before.

    MS-OXRTFCP §3.1.2: a control byte stands before each eight references of 17 bytes.
    """
    count = _RTF_BYTES // _RTF_LONGEST // 8 * 8
    places = range(_RTF_START + 7, _RTF_START + 7 + _RTF_LONGEST * count, _RTF_LONGEST)
    references = [struct.pack(">H", (place & 0xFFF) << 4 | 15) for place in places]
    groups = (b"\xff" + b"".join(references[at : at + 8]) for at in range(0, count, 8))
    data = b"\0{\\rtf1 a" + b"".join(groups)
    head = struct.pack("<II4sI", len(data) + 12, _RTF_BYTES, b"LZFu", 0)
    return stream(attribute(1, 0x9003, properties(variable(0x1009, 0x102, head + data))))


def _rich_often(times: int) -> bytes:
    return _tnef(*[_rich()] * (5 * times))


def _rich_within(times: int) -> bytes:
    """Return four winmail.dat that hold two such messages each, or twenty."""
    return _tnef(*[stream(_object(_rich()) * (2 * times))] * 4)


COSTLY: dict[str, Make] = {
    "sections of a name in each part": _sections,
    "open quotes in each part": _part_fields(b'a="b' * 15_000, 10),
    "semicolons in each part": _part_fields(b"a;" * 30_000, 19),
    "encoded words in each field": lambda times: (
        b"".join(b"X: " + b"=?iso-2022-jp?b?GyRC?= " * 2700 + b"\r\n" for _ in range(3 * times))
        + HEAD
        + b"\r\nx"
    ),
    "folds": _field(b"X", b"\r\n y", 900),
    "base64 and garbage": _encoded(b"base64", b"Q!U\xffJ=D\r\n"),
    "base64 in one line": _encoded(b"base64", b"QUJD"),
    "soft line breaks": _encoded(b"quoted-printable", b"=\r\n"),
    "spaces at line ends": _encoded(b"quoted-printable", b" " * 990 + b"x\r\n"),
    "uuencode that never ends": _flood(b"begin 644 x\r\n"),
    "uuencoded files": _flood(b"begin 644 x\r\n#0V%T\r\n`\r\nend\r\n"),
    "yEnc": _flood(b"=ybegin line=128 size=1 name=x\r\n\x91\x92\r\n=yend size=1\r\n"),
    "one boundary at every depth": _one_boundary,
    "a boundary that begins another": _prefixes,
    "boundaries that are never closed": _unclosed,
    "NUL": _flood(b"\0"),
    "bare carriage returns": _flood(b"a\r"),
    "line ends of all kinds": _flood(b"a\r\nb\nc\r\r\n\n\r"),
    "messages in base64": _messages,
    "a text in each part": lambda times: _parts([b"\r\n" + b"> x\r\n" * 2000 * times] * _PARTS),
    "winmail.dat in winmail.dat": _tnef_in_tnef,
    "RTF in each winmail.dat": _rich_often,
    "RTF in messages of winmail.dat": _rich_within,
    "attributes of one element": lambda times: headed(
        b"Content-Type: text/html\r\n",
        b"<p " + b"".join(b"a%d=b " % number for number in range(5000 * times)) + b">x",
    ),
    "formatting that is never closed": _typed(b"html", b"<b><i><u><p>"),
    "comments": _typed(b"html", b"<!--[if mso]>x<![endif]-->"),
    "style sheets": _typed(b"html", b"<style>/* x */ a{b:c}</style>"),
    "entities": _typed(b"html", b"&amp;"),
    "writing directions and accents": _typed(
        b"plain; charset=utf-8", "\u202ee\u0301\u0302\u202c".encode()
    ),
    "quotes deeper by each line": _stairs,
    "references in one field": _field(b"References", b"<a@b.example> ", 4000),
    "groups": _field(b"To", b"g: a@b.example;, ", 190),
    "the date": _field(b"Date", b"1 Jan 2026 ", 5000),
    "recipients of a report": _recipients,
    "a report in each part": _reports,
    "a calendar": _typed(b"calendar", b"BEGIN:VEVENT\r\nRRULE:FREQ=SECONDLY\r\n"),
    "switches of ISO-2022-JP": _typed(b"plain; charset=iso-2022-jp", b"\x1b(B\xe4", 300_000),
}
