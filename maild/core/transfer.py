"""Content-Transfer-Encodings turned back into bytes (RFC 2045 §6), forgiving about damage."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from maild.core.mail import Encoding

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SAMPLE_BYTES = 4096
"""So much of a part shows whether it is what it claims to be."""
_WHITESPACE = b" \t\r\n\x0b\x0c"
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_ALPHABET) - {ord("=")}))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_SOFT_BREAK = re.compile(rb"=[ \t]++(?=\r?\n)")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_RUN = re.compile(rb"[^=]++")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)?+ [0-7]{3,4} ([^\r\n]+)\r*\n", re.MULTILINE)
_UU_END = re.compile(rb"^(?:end|====)[ \t\r]*$", re.MULTILINE)
_UU_LINE = re.compile(rb"[ -`]{1,61}~?")
_CHUNK_BYTES = 256 * 1024
_LYING_SHARE = 0.05
_UU_BLOCKS_MAX = 100
_UU_FIRST = ord(" ")
_UU_LAST = ord("`")


@dataclass(frozen=True, slots=True, kw_only=True)
class UuBlock:
    """A uuencoded file inside a text: offsets of the whole block, and its name as sent."""

    start: int
    end: int
    name: bytes


def encoding_of(value: bytes) -> Encoding:
    """Return what a Content-Transfer-Encoding field means; anything unknown is identity."""
    word = value.strip(b" \t\r\n\"'").lower()
    if word.startswith((b"base64", b"base-64")):
        return Encoding.BASE64
    if word.startswith((b"quoted", b"qp")):
        return Encoding.QUOTED_PRINTABLE
    if word.startswith((b"x-uu", b"uu")):
        return Encoding.UUENCODE
    return Encoding.IDENTITY


def decode(data: bytes, encoding: Encoding) -> bytes:
    """Return the bytes behind an encoding; damage is passed over, never raised."""
    if encoding is Encoding.BASE64:
        return decode_base64(data)
    if encoding is Encoding.QUOTED_PRINTABLE:
        return decode_quoted_printable(data)
    if encoding is Encoding.UUENCODE:
        return decode_uuencode(data)
    return data


def decode_base64(data: bytes) -> bytes:
    """Decode base64 (RFC 2045 §6.8); foreign characters and broken padding are passed over."""
    if (b"-" in data or b"_" in data) and b"+" not in data and b"/" not in data:
        data = data.translate(_URL_SAFE)
    padded = data.find(b"=")
    if padded < 0:
        return _decode_run(data)
    tail = data[padded:].lstrip(b"=" + _WHITESPACE)
    if not tail or tail.translate(None, _ALPHABET + _WHITESPACE + b"="):
        return _decode_run(data[:padded])
    decoded = bytearray()
    for run in _RUN.finditer(data.translate(None, _NOT_BASE64)):
        decoded += binascii.a2b_base64(_without_lone(run[0]) + b"===")
    return bytes(decoded)


def decode_quoted_printable(data: bytes) -> bytes:
    """Decode quoted-printable (RFC 2045 §6.7); broken escapes stay as they are."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        data = _LONE_RETURN.sub(b"\n", data)
    if b"= " not in data and b"=\t" not in data:
        return binascii.a2b_qp(data)
    decoded = bytearray()
    position = 0
    while position < len(data):
        stop = data.find(b"\n", position + _CHUNK_BYTES) + 1 or len(data)
        decoded += binascii.a2b_qp(_SOFT_BREAK.sub(b"=", data[position:stop]))
        position = stop
    return bytes(decoded)


def decode_uuencode(data: bytes) -> bytes:
    """Decode the first uuencoded file in `data`; what has no `begin` line stays as it is."""
    begin = _UU_BEGIN.search(data)
    if begin is None:
        return data
    end = _UU_END.search(data, begin.end())
    inner = data[begin.end() : end.start() if end else len(data)]
    if begin[0].startswith(b"begin-base64"):
        return decode_base64(inner)
    return b"".join(_decode_uu_line(line) for line in inner.splitlines())


def find_uuencode(data: bytes) -> tuple[UuBlock, ...]:
    """Return the uuencoded files that stand in a text, in order."""
    found: list[UuBlock] = []
    position = 0
    while len(found) < _UU_BLOCKS_MAX:
        begin = _UU_BEGIN.search(data, position)
        if begin is None:
            break
        position = begin.end()
        if not _looks_uuencoded(data, begin):
            continue
        end = _UU_END.search(data, position)
        if end is None:
            break
        found.append(UuBlock(start=begin.start(), end=end.end(), name=begin[1].strip()))
        position = end.end()
    return tuple(found)


def is_lying(data: bytes, encoding: Encoding) -> bool:
    """Whether a part that claims base64 is plainly something else."""
    if encoding is not Encoding.BASE64:
        return False
    sample = data[:SAMPLE_BYTES].strip(_WHITESPACE)
    foreign = len(sample.translate(None, _ALPHABET + _WHITESPACE + b"=-_"))
    inner_spaces = sample.count(b" ")
    return foreign > len(sample) * _LYING_SHARE or (
        foreign > 0 and inner_spaces > len(sample) * _LYING_SHARE
    )


def _decode_run(data: bytes) -> bytes:
    """Decode base64 without its padding, whatever else stands between."""
    try:
        return binascii.a2b_base64(data + b"===")
    except binascii.Error:
        return binascii.a2b_base64(_without_lone(data.translate(None, _NOT_BASE64)) + b"===")


def _without_lone(clean: bytes) -> bytes:
    """Cut a last character that stands alone: it carries no byte, and binascii refuses it."""
    return clean[:-1] if len(clean) % 4 == 1 else clean


def _looks_uuencoded(data: bytes, begin: re.Match[bytes]) -> bool:
    """Whether the first line after `begin` is one that uuencode writes."""
    line = data[begin.end() : begin.end() + 100].split(b"\n", 1)[0].rstrip(b"\r")
    if begin[0].startswith(b"begin-base64"):
        return not line.translate(None, _ALPHABET + b"=")
    return bool(line) and _UU_LINE.fullmatch(line) is not None


def _decode_uu_line(line: bytes) -> bytes:
    """Decode one line; one that is too long is cut as its own count says."""
    if not line or not _UU_FIRST <= line[0] <= _UU_LAST:
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        count = ((((line[0] - 32) & 63) * 4) + 5) // 3
        try:
            return binascii.a2b_uu(line[:count])
        except binascii.Error:
            return b""
