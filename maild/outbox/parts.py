"""MIME parts as bytes: texts in the shortest safe encoding, the frames around files.

Everything is 7 bit, in lines of at most 76 characters, so that no relay has to rewrite it and a
signature made by one stays valid (RFC 2045 §6.7, §6.8).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from maild.core.decision import Enclosed, SentFile
from maild.core.mail import Attachment
from maild.outbox.headers import LINE_MAX, clean, encoded_words, fold

_CONTROLS = bytes(n for n in (*range(0x20), 0x7F) if n not in b"\t\r\n")
"""In UTF-8 no other character has any of these bytes."""
_BREAKS = ("\r\n", "\r", "\u2028", "\u2029", "\x85")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}", re.ASCII)
_CONTENT_ID = re.compile(r"[!-;=?-~]{1,200}", re.ASCII)
_FILE_NAME_MAX = 200
_SLICE = 57 * 4096
"""Bytes of a file that are encoded at once; a multiple of 57, which make one line."""


def text_part(text: str, subtype: str) -> bytes:
    """Return a whole text part, its own header included, ending in CRLF.

    Seven bits where the text is ASCII in short lines, else quoted-printable or base64, whichever
    is shorter. Controls are dropped, every kind of line break becomes CRLF.
    """
    for one in _BREAKS:
        text = text.replace(one, "\n")
    data = text.encode("utf-8", "replace").translate(None, _CONTROLS).rstrip(b"\n") + b"\n"
    encoding, body = _encoded(data.replace(b"\n", b"\r\n"))
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + body


def file_header(attachment: Attachment | Enclosed, *, content_id: str = "") -> bytes:
    """Return the header of a part that carries a file in base64, with the blank line.

    With `content_id` the part is shown inside the HTML, else it is offered as a file. The name
    stands twice: by RFC 2231 §3 in the disposition, and by RFC 2047 in the type for clients that
    know only that. A message or multipart must not be in base64 (RFC 2045 §6.4): it travels as
    a plain file.
    """
    kind = attachment.type if _TYPE.fullmatch(attachment.type) else "application/octet-stream"
    name = clean(attachment.name.replace("/", "_").replace("\\", "_"), _FILE_NAME_MAX) or "file"
    if kind.startswith(("message/", "multipart/")):
        name = name if "." in name else f"{name}.eml"
        kind = "application/octet-stream"
    disposition = "inline" if content_id else "attachment"
    return (
        fold("Content-Type", [f"{kind};", *_name_parameter(name)])
        + fold("Content-Disposition", [f"{disposition};", *_filename_parameters(name)])
        + (f"Content-ID: <{content_id}>\r\n".encode() if content_id else b"")
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
    )


def own_content_ids(files: Iterable[SentFile], html: str, domain: str) -> dict[str, str]:
    """Give every picture that the HTML shows an id of ours (RFC 2392 §2), by its old one.

    A mail program puts its user's host or domain into the ids it makes.
    """
    shown = (sent.attachment.content_id for sent in files)
    return {
        found: f"{hashlib.sha256(found.encode()).hexdigest()[:24]}@{domain}"
        for found in shown
        if _CONTENT_ID.fullmatch(found) and f"cid:{found}" in html
    }


def with_own_ids(html: str, own_ids: Mapping[str, str]) -> str:
    """Return the HTML with its pictures under their new ids; a longer id is never cut short."""
    for found in sorted(own_ids, key=len, reverse=True):
        html = html.replace(f"cid:{found}", f"cid:{own_ids[found]}")
    return html


def base64_lines(data: bytes) -> Iterator[bytes]:
    """Yield a file in base64, many lines of 76 characters at once, ending in CRLF."""
    for start in range(0, len(data), _SLICE):
        text = base64.b64encode(data[start : start + _SLICE])
        whole, rest = divmod(len(text), LINE_MAX)
        lines = struct.unpack(f"{LINE_MAX}s" * whole + f"{rest}s" * (rest > 0), text)
        yield b"\r\n".join((*lines, b""))


def _encoded(data: bytes) -> tuple[str, bytes]:
    """Choose the encoding of a text whose lines end in CRLF."""
    if data.isascii() and max(map(len, data.split(b"\r\n"))) <= LINE_MAX:
        return "7bit", data
    quoted = binascii.b2a_qp(data, istext=True)
    if len(quoted) <= len(data) * 4 / 3 * 1.03:
        return "quoted-printable", quoted
    return "base64", b"".join(base64_lines(data))


def _name_parameter(name: str) -> list[str]:
    """`name` of Content-Type, for clients that do not read RFC 2231."""
    if name.isascii() and "=?" not in name:
        return [f'name="{_escaped(name)}"']
    words = encoded_words(name)
    words[0] = f'name="{words[0]}'
    words[-1] += '"'
    return words


def _filename_parameters(name: str) -> list[str]:
    """`filename` of Content-Disposition, in pieces where it is long (RFC 2231 §3, §4)."""
    if name.isascii():
        return [f'filename="{_escaped(name)}"']
    text = quote(name.encode("utf-8", "replace"), safe="")
    room = 54
    if len(text) <= room:
        return [f"filename*=utf-8''{text}"]
    pieces = _percent_pieces(text, room)
    pieces[0] = f"utf-8''{pieces[0]}"
    numbered = [f"filename*{n}*={piece}" for n, piece in enumerate(pieces)]
    return [*(f"{one};" for one in numbered[:-1]), numbered[-1]]


def _percent_pieces(text: str, room: int) -> list[str]:
    """Cut percent-encoded text without cutting a triplet."""
    pieces: list[str] = []
    while text:
        end = room
        if "%" in text[end - 2 : end]:
            end = text.rindex("%", 0, end)
        pieces.append(text[:end])
        text = text[end:]
    return pieces


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
