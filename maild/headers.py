"""The decoded header of a part: its values as text, its parameters (RFC 2231), its file name."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from maild.charset import decode
from maild.core.mime import Part
from maild.core.parameters import Field, disposition, unfold_only
from maild.encodedwords import decode_words, header_text

_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")
_FOLDED_ID = re.compile(r"<[^<>]{1,998}>")
_LOOSE_ID = re.compile(r"[^\s<>,;\"()]{1,500}@[^\s<>,;\"()]{1,500}")
_EXTENDED = re.compile(rb"[A-Za-z0-9_-]{3,20}'[A-Za-z-]{0,8}'(?:[^%]|%[0-9A-Fa-f]{2})*+")
"""A value in the form of RFC 2231 §4 under a name without the star that it asks for."""
_WHITESPACE = re.compile(r"\s+")


def decoded_fields(fields: tuple[Field, ...], hint: str) -> tuple[tuple[str, str], ...]:
    """Return (lower-case name, decoded and unfolded value) of every field, in order."""
    return tuple((item.name, header_text(item.value, hint)) for item in fields)


def parameter(params: tuple[tuple[str, bytes], ...], name: str, hint: str = "") -> str:
    """Return one decoded parameter, put together from its sections (RFC 2231 §3, §4)."""
    plain = b""
    sections: dict[int, tuple[bytes, bool]] = {}
    for key, value in params:
        if not key.startswith(name):
            continue
        match = _SECTION.fullmatch(key)
        if match is None or match[1] != name:
            continue
        if match[2] is None and match[3] is None:
            plain = plain or value
        else:
            sections.setdefault(int(match[2] or 0), (value, match[3] is not None))
    if sections:
        return _joined(sections, hint)
    if not plain:
        return ""
    extended = _EXTENDED.fullmatch(plain)
    if extended is not None and b"%" in plain:
        return _joined({0: (plain, True)}, hint)
    return header_text(plain, hint)


def decoded_parameters(params: tuple[tuple[str, bytes], ...]) -> tuple[tuple[str, str], ...]:
    """Return every parameter once, decoded, names without their RFC 2231 section marks."""
    names = dict.fromkeys(key.partition("*")[0] for key, _ in params)
    return tuple((name, parameter(params, name)) for name in names if name)


def charset_label(part: Part) -> str:
    """Return the charset that a part declares, as it stands; empty for none."""
    if not part.params:
        return ""
    return parameter(part.params, "charset")


def disposition_of(part: Part) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Return the lower-case disposition of a part and its raw parameters (RFC 2183)."""
    value = part.raw_field("content-disposition")
    return disposition(value) if value else ("", ())


def file_name(part: Part, hint: str = "") -> str:
    """Return the file name that a part carries, decoded but not yet cleaned; empty for none."""
    _, params = disposition_of(part)
    if not params and not part.params:
        return ""
    return (
        parameter(params, "filename", hint)
        or parameter(part.params, "name", hint)
        or parameter(params, "name", hint)
        or parameter(part.params, "filename", hint)
    )


def content_id(part: Part) -> str:
    """Return a part's Content-ID (RFC 2045 §7) without angle brackets."""
    value = part.raw_field("content-id")
    return header_text(value).strip("<> \t") if value else ""


def message_ids(value: str) -> tuple[str, ...]:
    """Return the message identifiers (RFC 5322 §3.6.4) in a value, each once, in order."""
    found = _MESSAGE_ID.findall(_FOLDED_ID.sub(_squeezed, value) if "<" in value else value)
    if not found:
        found = _LOOSE_ID.findall(value)
    return tuple(dict.fromkeys(found))


def message_id(value: str) -> str:
    """Return the one identifier of a Message-ID field, without angle brackets."""
    found = _MESSAGE_ID.search(value)
    return found[1] if found else _WHITESPACE.sub("", value).strip("<>")


def _squeezed(found: re.Match[str]) -> str:
    """Undo what folding put into the middle of an identifier."""
    return _WHITESPACE.sub("", found[0]) if found[0].count("@") == 1 else found[0]


def _joined(sections: dict[int, tuple[bytes, bool]], hint: str) -> str:
    """Put the sections of one parameter together; the first one names the charset."""
    label = ""
    is_extended = False
    pieces: list[bytes] = []
    for expected, number in enumerate(sorted(sections)):
        value, is_encoded = sections[number]
        if expected == 0 and is_encoded:
            label, value, is_extended = _charset_prefix(value)
        pieces.append(unquote_to_bytes(value) if is_encoded else unfold_only(value))
    text = decode(b"".join(pieces), label, hint)
    return text if is_extended else decode_words(text)


def _charset_prefix(value: bytes) -> tuple[str, bytes, bool]:
    """Split `charset'language'text`; without both quotes it is all text."""
    label, quote, rest = value.partition(b"'")
    if not quote:
        return "", value, False
    _, quote, text = rest.partition(b"'")
    if not quote:
        return "", value, False
    return label.decode("ascii", "replace"), text, True
