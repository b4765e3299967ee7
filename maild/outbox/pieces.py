"""The bytes of a reply as pieces: our own bytes, and files that lie in stored raw mails.

A file of 20 MB that goes to three readers is stored once, in the raw mail it came with; each
reply holds only its own bytes and the place of the file. Assembling gives exactly the bytes whose
SHA-256 was fixed when the reply was composed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from maild.attachments import extract
from maild.core.mail import Encoding, Locator
from maild.outbox.parts import base64_lines

Fetch = Callable[[int], bytes]
"""Gives the raw mail of a journal row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """Bytes that are our own, headers of parts included."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file inside a raw mail; it is written as base64 in lines of 76 characters."""

    journal_id: int
    locator: Locator


Piece = Literal | StoredFile
Packed = list[list[str | int]]
"""As `OutboxRow.pieces` keeps it: `["literal", LENGTH]`, or
`["file", JOURNAL_ID, START, END, ENCODING, INDEX]`."""


def stream(pieces: Sequence[Piece], fetch: Fetch) -> Iterator[bytes]:
    """Yield the bytes of a mail in order, never more of a file at once than it needs."""
    for piece in pieces:
        if isinstance(piece, Literal):
            yield piece.data
        else:
            yield from base64_lines(extract(fetch(piece.journal_id), piece.locator))


def assemble(pieces: Sequence[Piece], fetch: Fetch) -> bytes:
    """Return the whole mail, lines ending in CRLF."""
    return b"".join(stream(pieces, fetch))


def pack(pieces: Sequence[Piece]) -> tuple[bytes, Packed]:
    """Return the literal bytes, compressed, and how they and the files follow each other."""
    packed: Packed = []
    for piece in pieces:
        if isinstance(piece, Literal):
            packed.append(["literal", len(piece.data)])
        else:
            place = piece.locator
            packed.append(
                [
                    "file",
                    piece.journal_id,
                    place.start,
                    place.end,
                    place.encoding.value,
                    place.index,
                ]
            )
    own = b"".join(piece.data for piece in pieces if isinstance(piece, Literal))
    return zlib.compress(own, 1), packed


def unpack(literal: bytes, packed: Sequence[Sequence[str | int]]) -> tuple[Piece, ...]:
    """Return what `pack` was given; ValueError when it is damaged."""
    try:
        return tuple(_unpacked(zlib.decompress(literal), packed))
    except (zlib.error, IndexError, TypeError) as error:
        raise ValueError(str(error)) from error


def _unpacked(own: bytes, packed: Sequence[Sequence[str | int]]) -> Iterator[Piece]:
    at = 0
    for kind, *values in packed:
        if kind == "literal":
            end = at + int(values[0])
            yield Literal(data=own[at:end])
            at = end
        else:
            yield _file(values)
    if at != len(own):
        raise ValueError(f"the pieces take {at} of {len(own)} bytes")


def _file(values: Sequence[str | int]) -> StoredFile:
    journal_id, start, end, encoding, index = values
    locator = Locator(
        start=int(start), end=int(end), encoding=Encoding(str(encoding)), index=int(index)
    )
    return StoredFile(journal_id=int(journal_id), locator=locator)


def multipart(kind: str, boundary: str, parts: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Frame parts (RFC 2046 §5.1.1); each ends in the CRLF that belongs to the next boundary."""
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'
    pieces: list[Piece] = [Literal(data=head.encode())]
    for part in parts:
        pieces.append(Literal(data=f"--{boundary}\r\n".encode()))
        pieces += part
    pieces.append(Literal(data=f"--{boundary}--\r\n".encode()))
    return pieces


def joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Merge neighbouring literals."""
    own: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Literal):
            own.append(piece.data)
            continue
        yield Literal(data=b"".join(own))
        own = []
        yield piece
    yield Literal(data=b"".join(own))
