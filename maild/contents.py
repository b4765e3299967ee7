"""What lies in the parts of a mail: text, HTML, files, reports and returned mails, in one walk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from maild import tnef
from maild.attachments import Source, clean_name, describe, fallback_name, tnef_bytes
from maild.bodies import (
    Leaf,
    Role,
    Segment,
    as_html,
    content_of,
    html_of,
    is_blank,
    join,
    leaves_of,
    segments_of,
    text_of,
    transfer_of,
)
from maild.charset import clean, decode
from maild.core.mail import Attachment, Encoding, Limits, Locator, Phrases, Report
from maild.core.mime import Part, Structure, read_header, split
from maild.core.transfer import decode as decode_transfer
from maild.core.transfer import find_uuencode
from maild.encodedwords import header_text
from maild.errors import HostileMail
from maild.headers import charset_label, content_id, decoded_fields
from maild.html import readable, render

_ENCRYPTED = frozenset({"multipart/encrypted", "application/pgp-encrypted"})
_SIGNED = frozenset({"multipart/signed"})
_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})

_REPORT_LINES_MAX = 20_000
_REPORTS_MAX = 10
_TNEF_MAX = 5
"""How many reports and winmail.dat of one mail are read; those behind them are kept as files."""
_Content = TypeVar("_Content", str, bytes)


@dataclass(slots=True, kw_only=True)
class Contents:
    """Everything that the parts of one mail hold; see the fields of `Parsed`."""

    text: str = ""
    text_is_html: bool = False
    html: str = ""
    html_reply: str | None = None
    html_safe_reply: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reports: tuple[Report, ...] = ()
    returned_headers: tuple[tuple[str, str], ...] = ()
    returned_text: str = ""
    calendar: str = ""
    defects: tuple[str, ...] = ()


def read_contents(
    raw: bytes, structure: Structure, hint: str, limits: Limits, phrases: Phrases
) -> Contents:
    """Read all parts below the mail itself; never fails."""
    walk = _Walk(
        raw=raw,
        structure=structure,
        hint=hint,
        limits=limits,
        phrases=phrases,
        text_left=limits.text_bytes,
    )
    for leaf in leaves_of(structure, 0, hint):
        walk.take(leaf)
    return walk.finish()


def plain_text(raw: bytes, structure: Structure, root: int, limits: Limits) -> str:
    """Return only the readable text below `root`."""
    texts: dict[int, Segment] = {}
    for leaf in leaves_of(structure, root, ""):
        part = structure.parts[leaf.index]
        if leaf.role is Role.TEXT:
            texts[leaf.index] = Segment(
                plain=text_of(content_of(raw, part), part, "")[: limits.text_bytes]
            )
        elif leaf.role is Role.HTML:
            texts[leaf.index] = Segment(html=html_of(content_of(raw, part), part, ""))
    segments = segments_of(structure, root, texts)
    return join(_readable(segment, limits) for segment in segments)


def _readable(segment: Segment, limits: Limits) -> str:
    if not is_blank(segment.plain):
        return segment.plain
    return readable(segment.html, limits=limits) if segment.html else ""


@dataclass(slots=True, kw_only=True)
class _Walk:
    """The walk over the leaves of one mail."""

    raw: bytes
    structure: Structure
    hint: str
    limits: Limits
    phrases: Phrases
    text_left: int
    """How much more text is read, of all parts together."""
    tnef_read: int = 0
    texts: dict[int, Segment] = field(default_factory=dict)
    extra: list[Segment] = field(default_factory=list)
    """What is read where the mail has no text of its own."""
    statuses: list[Segment] = field(default_factory=list)
    """What is read where there is nothing else: reports for programs."""
    files: list[Attachment] = field(default_factory=list)
    contents: Contents = field(default_factory=Contents)
    defects: list[str] = field(default_factory=list)

    def take(self, leaf: Leaf) -> None:
        """Read one leaf as what it is; a named text that serves as the body is a file as well."""
        part = self.structure.parts[leaf.index]
        if leaf.name and leaf.index and leaf.role in {Role.TEXT, Role.HTML}:
            self._take_file(leaf, part)
        takers = {
            Role.TEXT: self._take_text,
            Role.HTML: self._take_html,
            Role.REPORT: self._take_report,
            Role.MESSAGE: self._take_message,
            Role.HEADERS: self._take_headers,
            Role.TNEF: self._take_tnef,
            Role.FILE: self._take_file,
        }
        if leaf.role in takers:
            takers[leaf.role](leaf, part)

    def finish(self) -> Contents:
        """Put the text together from what was read."""
        segments = segments_of(self.structure, 0, self.texts)
        if all(is_blank(segment.plain) and not segment.html for segment in segments):
            segments = tuple(self.extra or self.statuses)
        self._set_text(segments)
        self._name_secrets()
        contents = self.contents
        contents.attachments = tuple(self.files)
        contents.defects = tuple(self.defects)
        return contents

    def _set_text(self, segments: tuple[Segment, ...]) -> None:
        contents = self.contents
        has_html = any(segment.html for segment in segments)
        if not has_html:
            contents.text = join(segment.plain for segment in segments)
            return
        markup = "\n".join(segment.html or as_html(segment.plain) for segment in segments)
        has_plain = any(not is_blank(segment.plain) for segment in segments)
        reading = render(
            markup, limits=self.limits, wants_text=not has_plain, phrases=self.phrases
        )
        if not has_plain:
            contents.text = reading.text
            contents.text_is_html = True
        else:
            contents.text = join(_readable(segment, self.limits) for segment in segments)
        if len(markup) <= self.limits.html_bytes:
            contents.html = reading.safe_html
            contents.html_reply = reading.reply_text
            contents.html_safe_reply = reading.safe_reply_html
        else:
            self.defects.append("the HTML is longer than allowed and kept as a file only")

    def _take_text(self, leaf: Leaf, part: Part) -> None:
        data = content_of(self.raw, part)
        if len(data) > self.text_left:
            self.defects.append("the text is longer than allowed and was cut")
            self._take_file(leaf, part)
        data = self._allowed(data)
        text = text_of(data, part, self.hint)
        if b"begin" in data and transfer_of(self.raw, part) is Encoding.IDENTITY:
            text = self._take_uuencoded(part, data) or text
        self.texts[leaf.index] = Segment(plain=text)

    def _allowed(self, content: _Content) -> _Content:
        """Cut off what goes beyond the text that a mail may have, and count the rest."""
        kept = content[: self.text_left]
        self.text_left -= len(kept)
        return kept

    def _take_uuencoded(self, part: Part, data: bytes) -> str:
        """Take the uuencoded files out of a text; return what is left of it."""
        rest: list[bytes] = []
        position = 0
        for block in find_uuencode(data):
            locator = Locator(
                start=part.body + block.start,
                end=part.body + block.end,
                encoding=Encoding.UUENCODE,
            )
            self._take_inner_file(
                decode_transfer(data[block.start : block.end], Encoding.UUENCODE),
                header_text(block.name, self.hint),
                "application/octet-stream",
                locator,
            )
            rest.append(data[position : block.start])
            position = block.end
        rest.append(data[position:])
        left = text_of(b"".join(rest), part, self.hint)
        return "" if is_blank(left) or position == 0 else left

    def _take_html(self, leaf: Leaf, part: Part) -> None:
        data = content_of(self.raw, part)
        if len(data) > self.limits.html_bytes:
            self._take_file(leaf, part)
        self.texts[leaf.index] = Segment(
            html=html_of(data[: self.limits.text_bytes], part, self.hint)
        )

    def _take_report(self, leaf: Leaf, part: Part) -> None:
        if len(self.contents.reports) >= _REPORTS_MAX:
            self._take_file(leaf, part)
            return
        data = self._allowed(content_of(self.raw, part))
        text = clean(decode(data, charset_label(part), self.hint))
        report = Report(type=part.type, fields=_blocks(text), text=text)
        self.contents.reports = (*self.contents.reports, report)
        (self.statuses if _has_fields(report) else self.extra).append(Segment(plain=text))
        if leaf.name:
            self._take_file(leaf, part)

    def _take_message(self, leaf: Leaf, part: Part) -> None:
        """Keep an attached message as a file, and read the first one apart from the mail."""
        raw, structure, root = self.raw, self.structure, -1
        if part.children:
            root = part.children[0]
        else:
            raw = content_of(self.raw, part)
            try:
                structure, root = split(raw, self.limits), 0
            except HostileMail as problem:
                self.defects.append(f"an attached message was not read: {problem}")
        fields = decoded_fields(structure.parts[root].fields, self.hint) if root >= 0 else ()
        if root >= 0 and not self.contents.returned_text and not self.contents.returned_headers:
            self.contents.returned_headers = fields
            self.contents.returned_text = plain_text(raw, structure, root, self.limits)
        subject = next((value for name, value in fields if name == "subject"), "")
        self._take_file(leaf, part, subject=subject)

    def _take_headers(self, leaf: Leaf, part: Part) -> None:
        if leaf.name or leaf.disposition == "attachment":
            self._take_file(leaf, part)
        data = content_of(self.raw, part)
        try:
            header = read_header(data, 0, len(data), self.limits)
        except HostileMail as problem:
            self.defects.append(f"returned headers were not read: {problem}")
            return
        if not self.contents.returned_headers:
            self.contents.returned_headers = decoded_fields(header.fields, self.hint)

    def _take_tnef(self, leaf: Leaf, part: Part) -> None:
        """Take apart a winmail.dat; it stays a file itself where that does not fully succeed."""
        if self.tnef_read >= _TNEF_MAX:
            self._take_file(leaf, part)
            return
        self.tnef_read += 1
        found = tnef.read(tnef_bytes(self.raw[part.body : part.end]))
        self.defects.extend(found.defects)
        if found.text or found.html:
            self.extra.append(Segment(plain=self._allowed(found.text), html=found.html))
        for index, item in enumerate(found.files):
            locator = Locator(start=part.body, end=part.end, encoding=Encoding.TNEF, index=index)
            kind = item.type or "application/octet-stream"
            source = Source(
                name=clean_name(item.name) or fallback_name(kind, len(self.files) + 1),
                type=kind,
                locator=locator,
                content_id=item.content_id,
            )
            self.files.append(describe(item.data, source))
        if found.defects or not (found.text or found.html or found.files):
            self._take_file(leaf, part)

    def _take_file(self, leaf: Leaf, part: Part, subject: str = "") -> None:
        """Keep a part as a file."""
        encoding = transfer_of(self.raw, part)
        data = decode_transfer(self.raw[part.body : part.end], encoding)
        name = clean_name(leaf.name) or self._location_name(part)
        if part.type == "text/calendar" and not self.contents.calendar:
            self.contents.calendar = clean(decode(data, charset_label(part), "utf-8"))
        identifier = content_id(part)
        source = Source(
            name=name or fallback_name(part.type, len(self.files) + 1, subject),
            type=part.type,
            locator=Locator(start=part.body, end=part.end, encoding=encoding),
            content_id=identifier,
            is_inline=leaf.disposition != "attachment"
            and (leaf.disposition == "inline" or bool(identifier)),
        )
        self.files.append(describe(data, source))

    def _location_name(self, part: Part) -> str:
        """Return the last piece of a Content-Location (RFC 2557 §4.2) as a name."""
        value = part.raw_field("content-location")
        if not value:
            return ""
        return clean_name(header_text(value, self.hint).partition("?")[0])

    def _take_inner_file(self, data: bytes, name: str, kind: str, locator: Locator) -> None:
        """Keep a file that lies inside another part."""
        shown = clean_name(name) or fallback_name(kind, len(self.files) + 1)
        self.files.append(describe(data, Source(name=shown, type=kind, locator=locator)))

    def _name_secrets(self) -> None:
        kinds = {part.type for part in self.structure.parts}
        if kinds & _ENCRYPTED or "BEGIN PGP MESSAGE" in self.contents.text[:2000]:
            self.defects.append("the content is encrypted")
        if kinds & _PKCS7:
            self.defects.append("the content is signed or encrypted (S/MIME)")
        if kinds & _SIGNED:
            self.defects.append("the mail is signed; the signature was not checked")


def _has_fields(report: Report) -> bool:
    """Whether a report is one for programs, and not sentences under a wrong label."""
    return any(" " not in name for block in report.fields for name, _ in block)


def _blocks(text: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return the header-like blocks of a report (RFC 3464 §2.1), names in lower case."""
    blocks: list[tuple[tuple[str, str], ...]] = []
    block: list[tuple[str, list[str]]] = []
    for line in text.split("\n", _REPORT_LINES_MAX)[:_REPORT_LINES_MAX]:
        if not line.strip():
            blocks.append(_block(block))
            block = []
        elif line[0] in " \t" and block:
            block[-1][1].append(line.strip())
        else:
            name, separator, value = line.partition(":")
            if separator and name.strip():
                block.append((name.strip().lower(), [value.strip()]))
    blocks.append(_block(block))
    return tuple(block for block in blocks if block)


def _block(block: list[tuple[str, list[str]]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, " ".join(pieces)) for name, pieces in block)
