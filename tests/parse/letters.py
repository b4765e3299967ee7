"""Small mails for the tests of the parser."""

from __future__ import annotations

from maild.core.mail import Limits, Parsed
from maild.parse import parse

HEAD = b"From: Ann <ann@customer.example>\r\nTo: help@desk.example\r\nSubject: a question\r\n"


def read(raw: bytes) -> Parsed:
    """Parse with the default limits."""
    return parse(raw, Limits())


def simple(head: bytes, body: bytes) -> bytes:
    """Return a mail with extra header lines and a body."""
    return HEAD + head + b"\r\n" + body


def multipart(*parts: bytes, kind: bytes = b"mixed", boundary: bytes = b"frontier") -> bytes:
    """Return a multipart mail; each part is its header lines, an empty line, its body."""
    opening = b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n'
    return simple(opening, joined(*parts, boundary=boundary))


def joined(*parts: bytes, boundary: bytes) -> bytes:
    """Return the body of a multipart."""
    pieces = [b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts]
    return b"".join(pieces) + b"--" + boundary + b"--\r\n"


def nested(kind: bytes, boundary: bytes, *parts: bytes) -> bytes:
    """Return a part that is a multipart itself."""
    opening = b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n\r\n'
    return opening + joined(*parts, boundary=boundary)


def text(content: bytes, kind: bytes = b"plain; charset=utf-8") -> bytes:
    """Return a text part."""
    return b"Content-Type: text/" + kind + b"\r\n\r\n" + content


def file(disposition: bytes, content: bytes = b"QUJD", kind: bytes = b"application/pdf") -> bytes:
    """Return a base64 part with a Content-Disposition."""
    return (
        b"Content-Type: "
        + kind
        + b"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: "
        + disposition
        + b"\r\n\r\n"
        + content
    )
