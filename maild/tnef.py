"""winmail.dat: files and the text inside Microsoft's TNEF (MS-OXTNEF).

Strategy: the stream is a flat list of attributes; `attAttachRendData` begins a file, what comes
behind it describes it. Messages inside messages are put on a list and read in turn, never by
recursion, and their files are listed with the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from maild.charset import clean, codec, decode
from maild.mapi import BINARY, OBJECT, UNICODE, Property, read_properties
from maild.rtf import codepage_label, decompress, read_rtf

SIGNATURE = b"\x78\x9f\x3e\x22"
"""The first four bytes of every TNEF stream."""

FILES_MAX = 200
"""How many files are taken out of one winmail.dat, those in nested messages included."""

_HEADER_BYTES = 6
_STREAMS_MAX = 20
_BODY = 0x800C
_ATTACH_DATA = 0x800F
_ATTACH_TITLE = 0x8010
_ATTACH_TRANSPORT_NAME = 0x9001
_ATTACH_RENDER = 0x9002
_MESSAGE_PROPERTIES = 0x9003
_ATTACH_PROPERTIES = 0x9005
_CODEPAGE = 0x9007
_ATTACH = frozenset({_ATTACH_DATA, _ATTACH_TITLE, _ATTACH_TRANSPORT_NAME, _ATTACH_PROPERTIES})

_PR_DISPLAY_NAME = 0x3001
_PR_BODY = 0x1000
_PR_RTF = 0x1009
_PR_HTML = 0x1013
_PR_CODEPAGE = 0x3FDE
_PR_ATTACH_DATA = 0x3701
_PR_ATTACH_NAME = 0x3704
_PR_ATTACH_LONG_NAME = 0x3707
_PR_ATTACH_TYPE = 0x370E
_PR_ATTACH_CONTENT_ID = 0x3712
_INTERFACE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TnefFile:
    """One file, named as the sender did."""

    name: str
    type: str = ""
    content_id: str = ""
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tnef:
    """What a winmail.dat holds."""

    files: tuple[TnefFile, ...] = ()
    text: str = ""
    html: str = ""
    defects: tuple[str, ...] = ()


def read(data: bytes) -> Tnef:
    """Return what a TNEF stream holds, as far as it is sound; never fails.

    The order of `files` depends on the bytes alone, so that an index names the same file again.
    """
    if not data.startswith(SIGNATURE):
        return Tnef(defects=("winmail.dat is no TNEF",))
    streams = [data]
    readers: list[_Message] = []
    while streams and len(readers) < _STREAMS_MAX:
        message = _Message(reads_rich=not readers)
        message.run(streams.pop(0))
        readers.append(message)
        streams.extend(item.nested for item in message.files if item.nested)
    files = [item.finished() for message in readers for item in message.files]
    first = readers[0]
    return Tnef(
        files=tuple(files[:FILES_MAX]),
        text=first.text,
        html=first.html,
        defects=("winmail.dat is damaged",) if first.is_broken else (),
    )


@dataclass(slots=True, kw_only=True)
class _File:
    """A file being described."""

    label: str
    titles: dict[int, str] = field(default_factory=dict)
    """Candidates for its name by rank; the lowest rank counts."""
    type: str = ""
    content_id: str = ""
    data: bytes = b""
    nested: bytes = b""

    def finished(self) -> TnefFile:
        name = next((self.titles[rank] for rank in sorted(self.titles) if self.titles[rank]), "")
        return TnefFile(name=name, type=self.type, content_id=self.content_id, data=self.data)

    def take(self, item: Property) -> None:
        """Take one property of the file (MS-OXCMSG §2.2.2)."""
        if item.id == _PR_ATTACH_DATA:
            self._take_data(item)
        elif item.id == _PR_ATTACH_LONG_NAME:
            self.titles[0] = _string(item, self.label)
        elif item.id == _PR_ATTACH_NAME:
            self.titles[2] = _string(item, self.label)
        elif item.id == _PR_DISPLAY_NAME:
            self.titles[4] = _string(item, self.label)
        elif item.id == _PR_ATTACH_TYPE:
            self.type = _string(item, self.label).lower()
        elif item.id == _PR_ATTACH_CONTENT_ID:
            self.content_id = _string(item, self.label).strip("<>")

    def _take_data(self, item: Property) -> None:
        value = item.value[_INTERFACE_BYTES:] if item.type == OBJECT else item.value
        if item.type == OBJECT and value.startswith(SIGNATURE):
            self.nested = value
        if value:
            self.data = value


@dataclass(slots=True, kw_only=True)
class _Message:
    """One stream being read."""

    reads_rich: bool
    """Whether RTF is still wanted: once, and of the outermost message, whose text is shown."""
    files: list[_File] = field(default_factory=list)
    text: str = ""
    html: str = ""
    label: str = "cp1252"
    is_broken: bool = False

    def run(self, data: bytes) -> None:
        for identifier, value in self._attributes(data):
            if identifier == _ATTACH_RENDER:
                if len(self.files) >= FILES_MAX:
                    return
                self.files.append(_File(label=self.label))
            elif identifier == _CODEPAGE:
                self._take_codepage(int.from_bytes(value[:4], "little"))
            elif identifier == _BODY:
                self.text = self.text or _text(value, self.label)
            elif identifier == _MESSAGE_PROPERTIES:
                self._take_properties(read_properties(value))
            elif identifier in _ATTACH:
                self._describe(identifier, value)

    def _attributes(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (identifier, value) of every attribute (MS-OXTNEF §2.1.3.1)."""
        position = _HEADER_BYTES
        while position + 9 <= len(data):
            identifier = int.from_bytes(data[position + 1 : position + 3], "little")
            size = int.from_bytes(data[position + 5 : position + 9], "little")
            position += 9
            if data[position - 9] not in {1, 2} or position + size > len(data):
                self.is_broken = True
                return
            yield identifier, data[position : position + size]
            position += size + 2

    def _take_codepage(self, number: int) -> None:
        label = codepage_label(number)
        if codec(label):
            self.label = label

    def _describe(self, identifier: int, value: bytes) -> None:
        if not self.files:
            self.files.append(_File(label=self.label))
        item = self.files[-1]
        if identifier == _ATTACH_TITLE:
            item.titles[3] = _text(value, self.label)
        elif identifier == _ATTACH_TRANSPORT_NAME:
            item.titles[1] = _text(value, self.label)
        elif identifier == _ATTACH_DATA:
            item.data = item.data or value
        elif identifier == _ATTACH_PROPERTIES:
            for entry in read_properties(value):
                item.take(entry)

    def _take_properties(self, entries: tuple[Property, ...]) -> None:
        """Take the bodies of the message: HTML, plain text, or the RTF that stands for both."""
        by_id = {entry.id: entry for entry in entries}
        label = self.label
        if _PR_CODEPAGE in by_id:
            found = codepage_label(int.from_bytes(by_id[_PR_CODEPAGE].value[:4], "little"))
            label = found if codec(found) else label
        if _PR_HTML in by_id:
            self.html = _string(by_id[_PR_HTML], label)
        if _PR_BODY in by_id:
            self.text = _string(by_id[_PR_BODY], self.label) or self.text
        if _PR_RTF in by_id and self.reads_rich and not self.html:
            self.reads_rich = False
            rich = read_rtf(decompress(by_id[_PR_RTF].value))
            self.html = rich.html
            self.text = self.text or rich.text


def _string(item: Property, label: str) -> str:
    """Return a string property as text."""
    if item.type == UNICODE:
        return clean(decode(item.value, "utf-16-le")).rstrip("\x00")
    return _text(item.value, label) if item.type != BINARY else clean(decode(item.value, label))


def _text(value: bytes, label: str) -> str:
    return clean(decode(value.split(b"\x00", 1)[0], label))
