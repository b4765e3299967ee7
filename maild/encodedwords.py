"""Header values into text: encoded words (RFC 2047) and raw 8-bit (RFC 6532), broken ones too.

Strategy: raw bytes become text first (encoded words are ASCII and survive that), then one pass
from left to right collects runs of adjacent encoded words; the bytes of a run in one charset are
joined before they are decoded, since many mailers split in the middle of a character.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from maild.charset import clean, codec, decode
from maild.core.parameters import unfold

_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_START = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?", re.ASCII)
_REST = re.compile(r"=[0-9A-Fa-f]{2}[^\s?]{0,80}\?=")
"""What follows a `?` that was content: an escape and, later in the word, its real end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """One encoded word as it stands in a value."""

    charset: str
    encoding: str
    content: str
    start: int
    end: int


def raw_text(value: bytes, hint: str = "") -> str:
    """Return a field's value unfolded and as text, encoded words left as they are."""
    return clean(decode(unfold(value), hint=hint)).replace("\n", " ").replace("\t", " ")


def header_text(value: bytes, hint: str = "") -> str:
    """Return a field's value unfolded and fully decoded; `hint` is the charset of the body."""
    bare = unfold(value)
    if bare.isascii() and b"=?" not in bare:
        text = bare.decode("ascii")
        if text.isprintable():
            return text
    return decode_words(raw_text(value, hint))


def decode_words(text: str) -> str:
    """Return text with every encoded word (RFC 2047 §2) decoded, well-formed or nearly so."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    position = 0
    run: list[_Word] = []
    while (word := _next_word(text, position)) is not None:
        between = text[position : word.start]
        if between and (not run or between.strip(" \t")):
            pieces.append(_decode_run(run))
            run = []
            pieces.append(between)
        run.append(word)
        position = word.end
    pieces.extend((_decode_run(run), text[position:]))
    return clean("".join(pieces)).replace("\n", " ").strip()


def _next_word(text: str, position: int) -> _Word | None:
    """Return the next encoded word at or after `position`."""
    start = _START.search(text, position)
    end = -1
    while start is not None:
        if end < start.end():
            end = text.find("?=", start.end())
        if end < 0:
            return None
        rest = _REST.match(text, end + 1) if start[2] in "qQ" else None
        if rest is not None:
            end = rest.end() - 2
        inner = _START.search(text, start.end(), end + 2)
        if inner is None:
            return _Word(
                charset=start[1],
                encoding=start[2].lower(),
                content=text[start.end() : end],
                start=start.start(),
                end=end + 2,
            )
        start = inner
    return None


def _decode_run(run: list[_Word]) -> str:
    """Decode adjacent words, those of one charset together."""
    pieces: list[str] = []
    index = 0
    while index < len(run):
        charset = run[index].charset
        stop = index
        while stop < len(run) and run[stop].charset.lower() == charset.lower():
            stop += 1
        pieces.append(decode(_bytes_of(run[index:stop]), charset if codec(charset) else ""))
        index = stop
    return "".join(pieces)


def _bytes_of(words: list[_Word]) -> bytes:
    """Return the bytes of words in one charset; base64 that was cut anywhere is joined first."""
    if all(word.encoding == "b" for word in words):
        contents = [_BASE64.sub("", word.content) for word in words]
        if any(
            len(content) % 4 and "=" not in word.content
            for content, word in zip(contents[:-1], words, strict=False)
        ):
            return _base64("".join(contents))
        return b"".join(_base64(content) for content in contents)
    return b"".join(
        _base64(_BASE64.sub("", word.content)) if word.encoding == "b" else _q(word.content)
        for word in words
    )


def _base64(content: str) -> bytes:
    rest = len(content) % 4
    if rest == 1:
        content = content[:-1]
    elif rest:
        content += "=" * (4 - rest)
    return binascii.a2b_base64(content)


def _q(content: str) -> bytes:
    """Decode the Q encoding (RFC 2047 §4.2), with raw 8-bit and spaces inside."""
    data = content.replace("_", " ").encode("utf-8", "replace")
    return binascii.a2b_qp(data) if b"=" in data else data
