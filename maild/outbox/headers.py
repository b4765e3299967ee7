"""Header fields as bytes: cleaned, encoded, folded; nothing that comes in can end a field.

Strategy: every field is made of tokens that hold no line break (`clean` sees to that), and one
function folds tokens into lines. EmailMessage does the same fifty times slower.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

LINE_MAX = 76
"""Wanted length of a line; RFC 5322 §2.1.1 allows 78, and 998 where nothing can be folded."""

NAME_MAX = 100
SUBJECT_MAX = 255
_TOKEN_MAX = 900
"""A longer word is encoded, so that it can be folded at all."""

_WORD_MAX = 60
"""Length of an encoded word; RFC 2047 §2 allows 75, less leaves room for the field's name."""

_WORD_FRAME = len("=?utf-8?q??=")
_UNPRINTABLE = re.compile(
    "[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
    "|[\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_Q_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,200}@[!-;=?A-~]{1,200}", re.ASCII)
_MESSAGE_ID_MAX = 250
_REFERENCES_MAX = 100
_REFERENCES_BYTES_MAX = 8000


def clean(text: str, limit: int = SUBJECT_MAX) -> str:
    """Return one line of visible text of at most `limit` characters.

    Line breaks, controls and all kinds of spaces become one space each run; marks that turn the
    direction of writing or cannot be seen are dropped, lone surrogates become U+FFFD.
    """
    if not (text.isascii() and text.isprintable() and "  " not in text):
        text = _UNPRINTABLE.sub(_space_or_nothing, text[: limit * 8])
        text = _SURROGATE.sub("\ufffd", text)
    text = text.strip(" ")
    return text if len(text) <= limit else text[: limit - 1].rstrip(" ") + "…"


def unstructured(name: str, value: str, limit: int = SUBJECT_MAX) -> bytes:
    """Return a field of free text (RFC 5322 §2.2.1), encoded by RFC 2047 §5 (1) where needed.

    Words before the first and after the last that need it stay readable: the tag, as a rule.
    """
    text = clean(value, limit)
    words = text.split(" ")
    marked = [n for n, word in enumerate(words) if len(word) > _TOKEN_MAX or not _is_plain(word)]
    if not marked:
        return fold(name, words)
    start, end = marked[0], marked[-1] + 1
    return fold(name, [*words[:start], *encoded_words(" ".join(words[start:end])), *words[end:]])


def structured(name: str, value: str) -> bytes:
    """Return a field whose value is our own ASCII; refuse anything else by ValueError."""
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} holds what a header must not hold")
    return fold(name, value.split(" "))


def addresses(name: str, mailboxes: Iterable[tuple[str, str]]) -> bytes:
    """Return an address field from (display name, address) pairs; the addresses are valid.

    A name without an address becomes an empty group (RFC 5322 §3.4).

    An address outside ASCII stands in its own bytes (RFC 6532 §3.2): such a mail needs SMTPUTF8.
    """
    tokens: list[str] = []
    for raw, address in mailboxes:
        display = clean(raw, NAME_MAX)
        if tokens:
            tokens[-1] += ","
        words = phrase(display) if display else []
        if address and not words:
            tokens.append(address)
        else:
            tokens += [*words, f"<{address}>" if address else ":;"]
    return fold(name, tokens)


def phrase(text: str) -> list[str]:
    """Return a display name as tokens: a quoted string, or encoded words (RFC 2047 §5 (3))."""
    if not _is_plain(text):
        return encoded_words(text)
    return ['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"']


def encoded_words(text: str) -> list[str]:
    """Return a text as encoded words of UTF-8, each a whole number of characters long.

    The alphabet of Q is the narrow one of phrases, so that the words may stand anywhere.
    """
    data = text.encode("utf-8", "replace")
    quoted = sum(1 if byte in _Q_SAFE or byte == 0x20 else 3 for byte in data)  # noqa: PLR2004 - the space
    is_quoted = quoted <= len(data) * 4 / 3
    room = _WORD_MAX - _WORD_FRAME if is_quoted else (_WORD_MAX - _WORD_FRAME) // 4 * 3
    return [_word(run, is_quoted=is_quoted) for run in _runs(text, room, is_quoted=is_quoted)]


def references(ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids that References may carry: well formed, single, the first and the last.

    Angle brackets are taken off. At most 100 ids and 8,000 octets remain; RFC 5322 §3.6.4 allows
    to leave out those in the middle, since the first and the last hold a thread together.
    """
    known = dict.fromkeys(bare for one in ids if (bare := message_id(one)))
    kept = list(known)
    if len(kept) > _REFERENCES_MAX:
        kept = [kept[0], *kept[1 - _REFERENCES_MAX :]]
    size = sum(len(one) + 3 for one in kept)
    while size > _REFERENCES_BYTES_MAX:
        size -= len(kept.pop(1)) + 3
    return tuple(kept)


def message_id(text: str) -> str:
    """Return a Message-ID without brackets, or the empty string when it is not well formed.

    Well formed is what can be carried without harm: printable ASCII, one `@` or more, at most
    250 octets (RFC 5322 §3.6.4 is narrower, but clients compare what was really written).
    """
    bare = text.strip().removeprefix("<").removesuffix(">")
    if len(bare) > _MESSAGE_ID_MAX or not _MESSAGE_ID.fullmatch(bare):
        return ""
    return bare


def fold(name: str, tokens: Iterable[str]) -> bytes:
    """Return `name: tokens`, broken before a token wherever a line would grow too long.

    The tokens hold no line break; the first one always stays on the first line.
    """
    lines: list[str] = []
    line = f"{name}:"
    is_first = True
    for token in tokens:
        if not is_first and len(line) + 1 + len(token) > LINE_MAX:
            lines.append(line)
            line = ""
        line = f"{line} {token}"
        is_first = False
    lines.append(line)
    text = "\r\n".join(lines)
    assert text.count("\n") == len(lines) - 1, "a token held a line break"
    return text.encode("utf-8", "replace") + b"\r\n"


def _space_or_nothing(found: re.Match[str]) -> str:
    first = found[0][0]
    return " " if first <= "\xa0" or first.isspace() else ""


def _is_plain(text: str) -> bool:
    """Tell whether a text may stand as it is: ASCII, and nothing that reads as encoded."""
    return text.isascii() and "=?" not in text


def _runs(text: str, room: int, *, is_quoted: bool) -> list[str]:
    """Cut a text into runs whose encoded form fits the room."""
    runs: list[str] = []
    start = used = 0
    for at, character in enumerate(text):
        data = character.encode("utf-8", "replace")
        cost = len(data)
        if is_quoted and not (data[0] in _Q_SAFE or character == " "):
            cost *= 3
        if used + cost > room:
            runs.append(text[start:at])
            start, used = at, 0
        used += cost
    runs.append(text[start:])
    return runs


def _word(run: str, *, is_quoted: bool) -> str:
    data = run.encode("utf-8", "replace")
    if not is_quoted:
        return f"=?utf-8?b?{base64.b64encode(data).decode()}?="
    return "=?utf-8?q?" + "".join(map(_quoted, data)) + "?="


def _quoted(byte: int) -> str:
    if byte in _Q_SAFE:
        return chr(byte)
    return "_" if byte == 0x20 else f"={byte:02X}"  # noqa: PLR2004 - the space
