"""The readable text of a mail: which parts are its words and which are its files.

Strategy: each leaf gets one role; then, from the leaves up, every multipart turns the readings of
its children into its own: `alternative` picks, all others join (RFC 2046 §5.1). A plain half that
is empty gives way to the HTML half.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from html import escape

from maild.charset import clean, codec, decode
from maild.core.mail import Encoding
from maild.core.mime import Part, Structure
from maild.core.transfer import SAMPLE_BYTES, encoding_of, is_lying
from maild.core.transfer import decode as decode_transfer
from maild.flowed import unflow
from maild.headers import charset_label, disposition_of, file_name, parameter

_META = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_XML = re.compile(
    rb"<\?xml[^>]{0,100}?encoding\s{0,5}=\s{0,5}[\"']([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]{0,200}>")
_FILE_SUBTYPES = """
    calendar css csv directory javascript rfc822-headers rtf vcard x-diff x-patch x-vcalendar
    x-vcard xml
"""
_FILES = frozenset(_FILE_SUBTYPES.split())
_REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
        "message/global-disposition-notification",
    }
)
_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
_PLACEHOLDER = re.compile("[\\s\u00a0\u200b\ufeff]*")


class Role(Enum):
    """What a part is to the mail."""

    TEXT = auto()
    HTML = auto()
    FILE = auto()
    REPORT = auto()
    MESSAGE = auto()
    HEADERS = auto()
    TNEF = auto()
    AMP = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One stretch of reading matter: as plain text, as HTML, or as both."""

    plain: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part without parts, and what it is to the mail."""

    index: int
    role: Role
    name: str = ""
    """The file name as sent, decoded; empty for none."""
    disposition: str = ""


def transfer_of(raw: bytes, part: Part) -> Encoding:
    """Return the encoding that a part really has."""
    value = part.raw_field("content-transfer-encoding")
    if not value:
        return Encoding.IDENTITY
    encoding = encoding_of(value)
    if is_lying(raw[part.body : min(part.end, part.body + SAMPLE_BYTES)], encoding):
        return Encoding.IDENTITY
    return encoding


def content_of(raw: bytes, part: Part) -> bytes:
    """Return a part's decoded bytes."""
    return decode_transfer(raw[part.body : part.end], transfer_of(raw, part))


def leaves_of(structure: Structure, root: int, hint: str) -> tuple[Leaf, ...]:
    """Return the leaves below `root` in order, each with its role.

    Attached messages are one leaf; what is inside them is not listed.
    """
    found: list[Leaf] = []
    pending = [root]
    while pending:
        index = pending.pop()
        part = structure.parts[index]
        if part.type.startswith("multipart/") and part.children:
            pending.extend(reversed(part.children))
        else:
            found.append(_leaf(structure, index, hint))
    return _with_a_body(structure, found)


def segments_of(structure: Structure, root: int, texts: dict[int, Segment]) -> tuple[Segment, ...]:
    """Return the reading matter below `root`; `texts` holds that of each readable leaf."""
    readings: dict[int, tuple[Segment, ...]] = {}
    for index in range(len(structure.parts) - 1, root - 1, -1):
        part = structure.parts[index]
        if index in texts:
            readings[index] = (texts[index],)
        elif part.type.startswith("multipart/"):
            below = [readings.get(child, ()) for child in part.children]
            if part.type == "multipart/alternative":
                readings[index] = _choose(below)
            else:
                readings[index] = tuple(segment for segments in below for segment in segments)
    return readings.get(root, ())


def text_of(data: bytes, part: Part, hint: str) -> str:
    """Return the text of a plain part: decoded, unflowed (RFC 3676), line feeds only."""
    text = clean(decode(data, charset_label(part), hint))
    if parameter(part.params, "format").lower() == "flowed":
        text = unflow(text, delete_space=parameter(part.params, "delsp").lower() == "yes")
    if part.type in _ENRICHED:
        text = _plain_of_enriched(text, part.type)
    return text


def html_of(data: bytes, part: Part, hint: str) -> str:
    """Return the text of an HTML part; where no charset is declared, its own word counts."""
    label = charset_label(part)
    if codec(label) in {"", "ascii"}:
        found = _META.search(data, 0, 4096) or _XML.search(data, 0, 200)
        if found and not codec(found[1].decode("ascii")).startswith(("utf_16", "utf_32")):
            label = found[1].decode("ascii")
    return clean(decode(data, label, hint))


def is_blank(text: str) -> bool:
    """Whether there is nothing to read."""
    return not text or _PLACEHOLDER.fullmatch(text) is not None


def _leaf(structure: Structure, index: int, hint: str) -> Leaf:
    """Look at one leaf; a name does not make a file of one half of an alternative."""
    part = structure.parts[index]
    disposition, _ = disposition_of(part)
    around = structure.parts[part.parent].type if part.parent >= 0 else ""
    is_half = around == "multipart/alternative" and part.type in {"text/plain", "text/html"}
    name = "" if is_half and disposition != "attachment" else file_name(part, hint)
    return Leaf(
        index=index, role=_role(part, disposition, name), name=name, disposition=disposition
    )


def _role(part: Part, disposition: str, name: str) -> Role:
    """Decide what a leaf is (RFC 2183 §2): an attachment is no text, a nameless text no file."""
    if part.type in _TNEF_TYPES or name.lower() == "winmail.dat":
        return Role.TNEF
    if part.type in _REPORTS:
        return Role.REPORT
    main, _, sub = part.type.partition("/")
    if main == "message":
        is_message = bool(part.children) or sub in {"rfc822", "global"}
        return Role.MESSAGE if is_message else Role.FILE
    if main == "multipart":
        return Role.TEXT
    if main != "text":
        return Role.FILE
    return _text_role(sub, is_file=disposition == "attachment" or bool(name))


def _text_role(sub: str, *, is_file: bool) -> Role:
    """Decide what a text/* leaf is."""
    if sub == "rfc822-headers":
        return Role.HEADERS
    if sub == "x-amp-html" and not is_file:
        return Role.AMP
    if is_file or sub in _FILES:
        return Role.FILE
    return Role.HTML if sub == "html" else Role.TEXT


def _with_a_body(structure: Structure, leaves: list[Leaf]) -> tuple[Leaf, ...]:
    """Take the first named text for the body where no nameless one is there."""
    if any(leaf.role in {Role.TEXT, Role.HTML} for leaf in leaves):
        return tuple(leaves)
    for place, leaf in enumerate(leaves):
        kind = structure.parts[leaf.index].type
        if leaf.role is Role.FILE and kind in {"text/plain", "text/html"}:
            if leaf.disposition == "attachment":
                continue
            role = Role.HTML if kind == "text/html" else Role.TEXT
            leaves[place] = Leaf(
                index=leaf.index, role=role, name=leaf.name, disposition=leaf.disposition
            )
            break
    return tuple(leaves)


def _choose(below: list[tuple[Segment, ...]]) -> tuple[Segment, ...]:
    """Read a multipart/alternative (RFC 2046 §5.1.4): its plain half and its HTML half."""
    plain = ""
    rich: tuple[Segment, ...] = ()
    for segments in below:
        if any(segment.html for segment in segments):
            rich = segments
        elif not plain:
            text = join(segment.plain for segment in segments)
            plain = "" if is_blank(text) else text
    if not plain:
        return rich
    markup = "\n".join(segment.html or as_html(segment.plain) for segment in rich)
    return (Segment(plain=plain, html=markup),)


def join(texts: Iterable[str]) -> str:
    """Put texts below one another, each beginning on a line of its own."""
    pieces = [text if text.endswith("\n") else text + "\n" for text in texts if not is_blank(text)]
    if not pieces:
        return ""
    return "\n".join(pieces)


def as_html(plain: str) -> str:
    """Return plain text as HTML that shows it as it is."""
    if is_blank(plain):
        return ""
    return "<div>" + escape(plain).replace("\n", "<br>\n") + "</div>"


def _plain_of_enriched(text: str, media_type: str) -> str:
    """Take the commands out of text/enriched (RFC 1896) and text/richtext."""
    if media_type == "text/richtext":
        text = text.replace("\n", " ").replace("<nl>", "\n")
    text = text.replace("<<", "\u0001")
    return _TAG.sub("", text).replace("\u0001", "<")
