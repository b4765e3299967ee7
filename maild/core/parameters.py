"""Header fields and their parameters as raw bytes (RFC 2045 §5.1), read leniently in one pass."""

from __future__ import annotations

import re
from typing import NamedTuple

_TYPE = re.compile(
    rb"[\s;\"']*+([a-z0-9!#$&^_.+*-]++)\s*/\s*([a-z0-9!#$&^_.+*-]++)", re.IGNORECASE
)
_NAME = re.compile(rb"[\s;]*+([^\s=;\"]++)\s*+=\s*+")
_QUOTE_END = re.compile(rb'"\s*+(?:;|\Z)')
_NEXT = re.compile(rb";\s*+(?=[a-z0-9_-]++(?:\*[0-9]*+\*?+)?+\s*+=)", re.IGNORECASE)
_KNOWN = re.compile(
    rb"\b(?:filename|name|charset|boundary)(?:\*[0-9]*+\*?+)?+\s*+=", re.IGNORECASE
)
_PARAMETERS_MAX = 500
"""How many are looked for in one field, with the pieces that turn out to be none."""
_QUOTED_BYTES_MAX = 2000
"""How far the end of a quoted value is looked for; a longer one ends at its first quote."""
_SIMPLE = {b"text": "text/plain", b"html": "text/html", b"plain": "text/plain"}


class Field(NamedTuple):
    """One header field as it came; a plain tuple, since a mail has dozens."""

    name: str
    """Lower case, ASCII."""
    value: bytes
    """What follows the colon, folds and line end included."""


def content_type(value: bytes, default: str) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Return the lower-case media type and the parameters of a Content-Type (RFC 2045 §5.1).

    What cannot be read as `type/subtype` is `default`, as RFC 2045 §5.2 asks for.
    """
    match = _TYPE.match(value)
    if match is None:
        head, _, rest = value.partition(b";")
        return _SIMPLE.get(head.strip().lower(), default), parameters(rest)
    kind = f"{match[1].decode('ascii')}/{match[2].decode('ascii')}".lower()
    return kind, parameters(value[match.end() :])


def disposition(value: bytes) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Return the lower-case disposition and the parameters (RFC 2183 §2)."""
    head, separator, rest = value.partition(b";")
    if b"=" in head:
        first = head.split(None, 1)[0]
        return "" if b"=" in first else _word(first), parameters(value)
    return _word(head), parameters(rest) if separator else ()


def parameters(value: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return `name=value` pairs in order; names lower case, values unquoted but not decoded.

    Lenient: quotes inside quoted values, spaces and semicolons in bare values, missing
    semicolons between parameters.
    """
    found: list[tuple[str, bytes]] = []
    position = 0
    for _ in range(_PARAMETERS_MAX):
        match = _NAME.match(value, position)
        if match is None:
            following = value.find(b";", position)
            known = _KNOWN.search(value, position, following if following >= 0 else len(value))
            if known is None and following < 0:
                break
            position = known.start() if known else following + 1
            continue
        content, position = _content(value, match.end())
        name = match[1].decode("ascii", "replace").lower()
        found.append((name, content if "*" in name else content.strip(b" \t")))
    return tuple(found)


def unfold(value: bytes) -> bytes:
    """Undo the folding of a field's value (RFC 5322 §2.2.3) and strip it."""
    value = value.strip(b" \t\r\n")
    return unfold_only(value) if b"\n" in value or b"\r" in value else value


def unfold_only(value: bytes) -> bytes:
    """Undo the folding and keep the space around it: a section of a name may begin with one."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.replace(b"\r", b" ")


def _word(value: bytes) -> str:
    return value.strip(b" \t\r\n\"'").lower().decode("ascii", "replace")


def _content(value: bytes, position: int) -> tuple[bytes, int]:
    """Read one parameter's value; return it and where the next one may begin."""
    if value[position : position + 1] == b'"':
        end = _QUOTE_END.search(value, position + 1, position + _QUOTED_BYTES_MAX)
        if end is not None:
            inner = value[position + 1 : end.start()]
            split = _escaped_early_end(inner)
            if split >= 0:
                return _unescape(inner[:split]), position + 1 + split + 1
            return _unescape(inner), end.end()
        closing = value.find(b'"', position + 1)
        if closing >= 0:
            return _unescape(value[position + 1 : closing]), closing + 1
        position += 1
    following = _NEXT.search(value, position)
    end_at = following.start() if following else len(value)
    return unfold(value[position:end_at]).rstrip(b'; \t\r\n"'), end_at


def _escaped_early_end(inner: bytes) -> int:
    """Return where a quoted value really ends when the next parameter follows with no `;`."""
    match = re.search(rb'(?<!\\)"\s++[a-z-]++\*?+=', inner, re.IGNORECASE)
    return match.start() if match else -1


def _unescape(inner: bytes) -> bytes:
    """Take the backslash from quoted quotes only: file names hold Windows paths."""
    return unfold_only(inner.replace(b'\\"', b'"').replace(b"\\\\", b"\\"))
