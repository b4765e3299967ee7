"""The shape of a mail: where its parts lie in the raw bytes, and the guard against hostile ones.

Strategy: one pass from top to bottom with a stack of the multiparts that are open. For every open
boundary the place of its next delimiter is remembered, so each is looked for only once and the
whole costs no more than depth times size. Nothing is decoded and nothing is copied; offsets count
in the bytes exactly as they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from maild.core.mail import Limits
from maild.core.parameters import Field, content_type
from maild.errors import HostileMail

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+\n?+(?:[ \t][^\n]*+\n?+)*+)")
_PARAMETER = re.compile(
    rb"(?:boundary|charset|name|filename|type)\*?+[ \t]*+=[^\n]*+\n?+", re.IGNORECASE
)
_MBOX_LINE = re.compile(rb">?+From [^\n]*+\n(?=[!-9;-~]++[ \t]*+:)")
_BLANK = re.compile(rb"[\r]*+(?:\n|\Z)")
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?+(?:[ \t\r]*+\n)*+(?=[!-9;-~]++[ \t]*+:|From )")
_TAIL = re.compile(rb"(--)?+[ \t\r]*+(?:\n|\Z)")
_UNDECLARED = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,199})\r*\nContent-", re.IGNORECASE)
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ADDRESS_FIELDS = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc"})
_MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
_NO_PARENT = -1
_NEVER = 1 << 62
_FALSE_DELIMITERS_MAX = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One entity (RFC 2045 §2.4): a leaf, a multipart, or an attached message."""

    parent: int = _NO_PARENT
    """Index of the part that holds this one; -1 for the mail itself."""
    depth: int = 0
    start: int
    """Offset of the first byte of its header."""
    body: int
    """Offset of the first byte of its body."""
    end: int
    """Offset after the last byte of its body."""
    fields: tuple[Field, ...] = ()
    type: str = "text/plain"
    params: tuple[tuple[str, bytes], ...] = ()
    """Raw parameters of its Content-Type, names lower case."""
    children: tuple[int, ...] = ()

    def raw_field(self, name: str) -> bytes:
        """Return the raw value of the first field of that lower-case name, or b""."""
        return next((item.value for item in self.fields if item.name == name), b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """All parts of a mail, depth first; the first is the mail itself."""

    parts: tuple[Part, ...]
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header block and where the body behind it begins."""

    fields: tuple[Field, ...]
    body: int
    is_separated: bool = True
    """Whether it ended as it should: by an empty line, or with the part."""


def split(raw: bytes, limits: Limits) -> Structure:
    """Find every part of a mail (RFC 2046 §5.1.1), in one bounded pass.

    Raises:
        HostileMail: the mail lies outside `limits`; the text says in which respect.
    """
    if len(raw) > limits.mail_bytes:
        raise HostileMail(f"the mail is larger than {limits.mail_bytes} bytes")
    view = raw if b"\n" in raw else raw.replace(b"\r", b"\n")
    splitter = _Splitter(view=view, limits=limits)
    splitter.run()
    return splitter.result()


def read_header(view: bytes, start: int, end: int, limits: Limits) -> Header:
    """Read the header fields (RFC 5322 §2.2) that begin at `start`.

    A line that is no field ends the header, as mail servers do it, and begins the body.

    Raises:
        HostileMail: the header is longer than allowed.
    """
    fields: list[Field] = []
    name, value = "", b""
    position = start
    lines = 0
    while position < end and not _is_blank(view, position, end):
        match = _FIELD.match(view, position, end)
        lost = name.startswith("content-") and _lost_parameter(view, position, end, value)
        if lost:
            match, value = lost, value + lost[0]
            fields[-1] = Field(name, value)
        elif match is not None:
            name, value = match[1].decode("ascii").lower(), match[2]
            fields.append(Field(name, value))
            lines += value.count(b"\n")
        else:
            match = _MBOX_LINE.match(view, position, end)
            if match is None:
                return Header(fields=tuple(fields), body=position, is_separated=False)
        _guard_header(match.end() - position, match.end() - start, lines, limits)
        position = match.end()
    blank = _BLANK.match(view, position, end)
    return Header(fields=tuple(fields), body=blank.end() if blank else position)


def _is_blank(view: bytes, position: int, end: int) -> bool:
    """Whether an empty line begins here: most lines begin with a name, which is seen at once."""
    return view[position] in b"\r\n" and _BLANK.match(view, position, end) is not None


def _lost_parameter(view: bytes, position: int, end: int, last: bytes) -> re.Match[bytes] | None:
    """Match a parameter on a line of its own that lost the space in front of it."""
    if not last.rstrip().endswith(b";"):
        return None
    return _PARAMETER.match(view, position, end)


def _guard_header(one: int, block: int, lines: int, limits: Limits) -> None:
    """Refuse a header that costs too much to read."""
    if one > limits.header_bytes:
        raise HostileMail(f"one header field is longer than {limits.header_bytes} bytes")
    if block > limits.header_block_bytes:
        raise HostileMail(f"the header is longer than {limits.header_block_bytes} bytes")
    if lines > limits.header_lines:
        raise HostileMail(f"the header has more than {limits.header_lines} lines")


def _guard_addresses(fields: tuple[Field, ...], limits: Limits) -> None:
    """Refuse a mail that names too many people."""
    count = 0
    for item in fields:
        if item.name in _ADDRESS_FIELDS:
            bare = _QUOTED.sub(b"", item.value) if b'"' in item.value else item.value
            count += min(bare.count(b",") + bare.count(b";") + 1, bare.count(b"@"))
    if count > limits.addresses:
        raise HostileMail(f"the header names more than {limits.addresses} addresses")


@dataclass(slots=True, kw_only=True)
class _Open:
    """A part whose end is not known yet."""

    parent: int
    depth: int
    start: int
    body: int
    fields: tuple[Field, ...]
    type: str
    params: tuple[tuple[str, bytes], ...]
    end: int = _NEVER
    children: list[int] = field(default_factory=list)

    def closed(self) -> Part:
        return Part(
            parent=self.parent,
            depth=self.depth,
            start=self.start,
            body=self.body,
            end=self.end,
            fields=self.fields,
            type=self.type,
            params=self.params,
            children=tuple(self.children),
        )


@dataclass(slots=True, kw_only=True)
class _Frame:
    """An open multipart and the place of its next delimiter line."""

    index: int
    boundary: bytes
    at: int = _NEVER
    after: int = 0
    closes: bool = False


@dataclass(slots=True, kw_only=True)
class _Splitter:
    """The pass itself: the stack of open multiparts and the parts found so far."""

    view: bytes
    limits: Limits
    parts: list[_Open] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    false_delimiters: int = 0

    def run(self) -> None:
        leading = _LEADING.match(self.view)
        start = leading.end() if leading else 0
        self._open(_NO_PARENT, start, "text/plain")
        _guard_addresses(self.parts[0].fields, self.limits)
        while self.stack:
            frame = min(reversed(self.stack), key=lambda item: item.at)
            if frame.at == _NEVER:
                self._close_all()
                return
            self._meet(frame)
        self._finish(0, len(self.view))

    def result(self) -> Structure:
        return Structure(
            parts=tuple(part.closed() for part in self.parts),
            defects=tuple(dict.fromkeys(self.defects)),
        )

    def _open(self, parent: int, start: int, default: str) -> None:
        """Read the header of a part, and of the messages that it holds directly."""
        wanted = default
        while True:
            limit = min((frame.at for frame in self.stack), default=_NEVER)
            part = self._read(parent, start, min(limit, len(self.view)), wanted)
            index = len(self.parts) - 1
            if part.type.startswith("multipart/"):
                self._push(index, part)
                return
            if part.type not in _MESSAGES or _is_encoded(part):
                return
            parent, start, wanted = index, part.body, "text/plain"

    def _read(self, parent: int, start: int, end: int, default: str) -> _Open:
        depth = self.parts[parent].depth + 1 if parent >= 0 else 0
        if depth > self.limits.depth:
            raise HostileMail(f"parts are nested deeper than {self.limits.depth}")
        if len(self.parts) >= self.limits.parts:
            raise HostileMail(f"the mail has more than {self.limits.parts} parts")
        header = read_header(self.view, start, end, self.limits)
        if not header.is_separated:
            self.defects.append("a header is not followed by an empty line")
        value = next((item.value for item in header.fields if item.name == "content-type"), b"")
        kind, params = content_type(value, default)
        part = _Open(
            parent=parent,
            depth=depth,
            start=start,
            body=header.body,
            fields=header.fields,
            type=kind,
            params=params,
        )
        if parent >= 0:
            self.parts[parent].children.append(len(self.parts))
        self.parts.append(part)
        return part

    def _push(self, index: int, part: _Open) -> None:
        """Open a multipart; where its boundary never comes, look for the one that was used."""
        boundary = next((value for name, value in part.params if name == "boundary"), b"")
        frame = _Frame(index=index, boundary=boundary.rstrip(b" \t\r\n"))
        self._advance(frame, part.body)
        if frame.at == _NEVER:
            self.defects.append("a multipart has no part with its boundary")
            limit = min((item.at for item in self.stack), default=_NEVER)
            end = min(limit, len(self.view))
            found = _UNDECLARED.search(self.view, max(part.body - 1, 0), end)
            if found is None:
                return
            frame.boundary = found[1].rstrip(b" \t\r")
            self._advance(frame, part.body)
        self.stack.append(frame)

    def _advance(self, frame: _Frame, position: int) -> None:
        """Find the next delimiter line (RFC 2046 §5.1.1) at or after `position`.

        It must come before the next delimiter of any multipart around; one with the very same
        boundary is no limit, since some mailers nest two multiparts that share theirs.
        """
        frame.at = _NEVER
        if not frame.boundary:
            return
        needle = b"\n--" + frame.boundary
        limit = min(self._limits_of(frame), default=len(self.view)) + len(needle)
        found = self.view.find(needle, max(position - 1, 0), limit)
        while found >= 0:
            tail = _TAIL.match(self.view, found + len(needle))
            if tail:
                frame.at, frame.after, frame.closes = found + 1, tail.end(), bool(tail[1])
                return
            self.false_delimiters += 1
            if self.false_delimiters > _FALSE_DELIMITERS_MAX:
                raise HostileMail("too many lines look like part boundaries and are none")
            found = self.view.find(needle, found + 1, limit)

    def _limits_of(self, frame: _Frame) -> Iterator[int]:
        """Yield where the multiparts around a frame go on."""
        for item in self.stack:
            if item is frame:
                return
            if item.boundary != frame.boundary and item.at != _NEVER:
                yield item.at

    def _meet(self, frame: _Frame) -> None:
        """Come to a delimiter: end what is open below it, then begin the next part."""
        at, after, closes = frame.at, frame.after, frame.closes
        while self.stack[-1] is not frame:
            lost = self.stack.pop()
            self.defects.append("a multipart is not closed by its boundary")
            self._finish(lost.index, _before_line_end(self.view, at))
        for item in self.stack:
            if item.at == at:
                self._advance(item, after)
        last = self.parts[frame.index].children
        if last:
            self._finish(last[-1], _before_line_end(self.view, at))
        if not closes:
            is_digest = self.parts[frame.index].type == "multipart/digest"
            self._open(frame.index, after, "message/rfc822" if is_digest else "text/plain")
        elif self._goes_on(frame):
            self.defects.append("a multipart goes on after its end")
        else:
            self.stack.pop()
            self._finish(frame.index, after)

    def _goes_on(self, frame: _Frame) -> bool:
        """Whether a part with a header follows the closing delimiter of the same multipart."""
        is_shared = any(item.boundary == frame.boundary for item in self.stack[:-1])
        if is_shared or frame.at == _NEVER or frame.closes:
            return False
        return self.view[frame.after : frame.after + 8].lower() == b"content-"

    def _finish(self, index: int, end: int) -> None:
        """Set the end of a part and of everything in it that is still open."""
        pending = [index]
        while pending:
            part = self.parts[pending.pop()]
            if part.end == _NEVER:
                part.end = max(end, part.body)
                pending.extend(part.children[-1:])

    def _close_all(self) -> None:
        self.defects.append("a multipart is not closed by its boundary")
        self.stack.clear()
        self._finish(0, len(self.view))


def _is_encoded(part: _Open) -> bool:
    """Whether an attached message hides its bytes, which RFC 2046 §5.2.1 forbids."""
    value = next(
        (item.value for item in part.fields if item.name == "content-transfer-encoding"), b""
    )
    return value.strip().lower().startswith((b"base64", b"quoted", b"x-uu", b"uu"))


def _before_line_end(view: bytes, position: int) -> int:
    """Return the offset before the line end that belongs to a delimiter (RFC 2046 §5.1.1)."""
    if position and view[position - 1 : position] == b"\n":
        position -= 1
        if position and view[position - 1 : position] == b"\r":
            position -= 1
    return position
