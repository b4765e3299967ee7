"""Line ends: is every one CRLF, and how they become so.

A lone CR or LF is read as a line end by one system and as a character by the next; mail is hidden
in that gap (RFC 5321 §2.3.8). On `smtp` such mail is refused, elsewhere it is brought into order
before it is stored.
"""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"(?<!\r)\r*\n")


def is_canonical(raw: bytes | bytearray) -> bool:
    """Tell whether CR and LF stand together wherever one of them stands."""
    pairs = raw.count(b"\r\n")
    return raw.count(b"\n") == pairs and raw.count(b"\r") == pairs


def canonical(raw: bytes) -> bytes:
    r"""Return a mail with CRLF at the end of every line, and no other CR or LF.

    Linear in the size. `LF` and `CR CR LF` become one line end. A lone CR becomes a line end in
    the body, as old systems meant it, but a space in the header: there it could begin a field.
    """
    if is_canonical(raw):
        return raw
    lines = _LINE_END.sub(b"\n", raw)
    head, gap, body = lines.partition(b"\n\n")
    if lines.startswith(b"\n"):
        head, gap, body = b"", b"", lines
    plain = head.replace(b"\r", b" ") + gap + body.replace(b"\r", b"\n")
    return plain.replace(b"\n", b"\r\n")
