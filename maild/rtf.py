r"""RTF of Outlook's mails: decompressed (MS-OXRTFCP) and turned into text or HTML (MS-OXRTFEX).

Strategy: one pattern cuts RTF into words, characters and braces; a stack of bounded depth knows
for each group whether it is shown. Mails that were HTML carry it in `htmltag` groups; what stands
between `\htmlrtf` and `\htmlrtf0` is only there for RTF readers and is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from maild.charset import clean, decode

OUTPUT_BYTES_MAX = 1024 * 1024
"""How much is decompressed at most."""

_HEADER_BYTES = 16
_WINDOW_BYTES = 4096
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}"
    rb"{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New Roman"
    rb"Courier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par "
    rb"\pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,9})?+ ?+"
    rb"|\\'([0-9a-fA-F]{2})"
    rb"|\\([^a-zA-Z])"
    rb"|([{}])"
    rb"|([^\\{}\r\n]++)"
    rb"|[\r\n\\]"
)
_HIDDEN = b"""
    fonttbl colortbl stylesheet info pict object header footer headerl headerr headerf footerl
    footerr footerf footnote listtable listoverridetable generator fldinst bkmkstart bkmkend
    themedata datastore latentstyles
"""
_HIDDEN_GROUPS = frozenset(_HIDDEN.split())
_SPOKEN = {
    b"par": "\n",
    b"line": "\n",
    b"row": "\n",
    b"tab": "\t",
    b"cell": "\t",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
    b"endash": "\u2013",
    b"emdash": "\u2014",
}
_DEPTH_MAX = 200
_CODEPAGES = {65001: "utf-8", 10000: "macintosh", 936: "gbk", 949: "cp949", 950: "big5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RtfText:
    """What an RTF says: as HTML where it was made from HTML, else as plain text."""

    text: str = ""
    html: str = ""


def decompress(data: bytes) -> bytes:
    """Return the RTF inside a PidTagRtfCompressed value (MS-OXRTFCP); b"" when it is none."""
    kind = data[8:12]
    if kind == b"MELA":
        return data[_HEADER_BYTES:][:OUTPUT_BYTES_MAX]
    if kind != b"LZFu":
        return b""
    size = min(int.from_bytes(data[4:8], "little"), OUTPUT_BYTES_MAX)
    return _expand(data, size)


def read_rtf(data: bytes) -> RtfText:
    """Return the text or the HTML of an RTF; never fails."""
    reader = _Reader(is_html=b"\\fromhtml" in data[:1000])
    reader.run(data)
    text = clean("".join(reader.pieces))
    return RtfText(html=text) if reader.is_html else RtfText(text=text.strip("\n"))


def codepage_label(number: int) -> str:
    """Return the charset label of a Windows code page."""
    return _CODEPAGES.get(number, f"cp{number}")


def _expand(data: bytes, size: int) -> bytes:
    """Run the LZ77 decoder of MS-OXRTFCP §3.1.4 over everything behind the header."""
    window = bytearray(_DICTIONARY.ljust(_WINDOW_BYTES, b"\x00"))
    write = len(_DICTIONARY)
    output = bytearray()
    position = _HEADER_BYTES
    end = len(data)
    while position < end and len(output) < size:
        flags = data[position]
        position += 1
        for bit in range(8):
            if flags >> bit & 1:
                if position + 1 >= end:
                    return bytes(output)
                token = data[position] << 8 | data[position + 1]
                position += 2
                offset = token >> 4
                if offset == write:
                    return bytes(output)
                chunk = [0] * ((token & 0xF) + 2)
                for place in range(len(chunk)):
                    value = window[(offset + place) % _WINDOW_BYTES]
                    chunk[place] = value
                    window[write] = value
                    write = (write + 1) % _WINDOW_BYTES
                output += bytes(chunk)
            else:
                if position >= end:
                    return bytes(output)
                window[write] = data[position]
                output.append(data[position])
                write = (write + 1) % _WINDOW_BYTES
                position += 1
    return bytes(output)


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds inside one pair of braces."""

    is_hidden: bool = False
    is_tag: bool = False
    is_rtf_only: bool = False
    skipped_after_unicode: int = 1


@dataclass(slots=True)
class _Reader:
    """The pass over the tokens."""

    is_html: bool
    pieces: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    group: _Group = _Group()
    stack: list[_Group] = field(default_factory=list)
    label: str = "cp1252"
    is_starred: bool = False
    to_skip: int = 0

    def run(self, data: bytes) -> None:
        for match in _TOKEN.finditer(data):
            word, number, code, symbol, brace, text = match.groups()
            if word is not None:
                self._word(word, None if number is None else int(number))
            elif code is not None:
                self._byte(int(code, 16))
            elif brace is not None:
                self._brace(brace)
            elif text is not None:
                self._text(text)
            elif symbol is not None:
                self._symbol(symbol)
        self._flush()

    def _is_shown(self) -> bool:
        if self.group.is_hidden:
            return False
        return not (self.is_html and self.group.is_rtf_only and not self.group.is_tag)

    def _brace(self, brace: bytes) -> None:
        self.to_skip = 0
        self.is_starred = False
        if brace == b"{":
            if len(self.stack) < _DEPTH_MAX:
                self.stack.append(self.group)
        elif self.stack:
            self.group = self.stack.pop()

    def _word(self, word: bytes, number: int | None) -> None:
        if self.is_starred:
            self.is_starred = False
            is_tag = word == b"htmltag"
            self.group = replace(self.group, is_tag=is_tag, is_hidden=not is_tag)
        elif word in _HIDDEN_GROUPS:
            self.group = replace(self.group, is_hidden=True)
        elif word == b"htmlrtf":
            self.group = replace(self.group, is_rtf_only=number != 0)
        elif word in _SPOKEN:
            self._say(_SPOKEN[word])
        elif number is not None:
            self._set(word, number)

    def _set(self, word: bytes, number: int) -> None:
        """Take a word that means something by its number."""
        if word == b"u":
            self._unicode(number)
        elif word == b"uc":
            self.group = replace(self.group, skipped_after_unicode=max(0, min(number, 8)))
        elif word == b"ansicpg":
            self.label = codepage_label(number)

    def _say(self, text: str) -> None:
        if self._is_shown():
            self._flush()
            self.pieces.append(text)

    def _unicode(self, number: int) -> None:
        self.to_skip = self.group.skipped_after_unicode
        self._say(chr(number & 0xFFFF))

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self.is_starred = True
        elif symbol in b"{}\\":
            self._text(symbol)
        elif symbol == b"~":
            self._text(b"\xa0" if self.label == "cp1252" else b" ")
        elif symbol in {b"\n", b"\r"}:
            self._say("\n")

    def _byte(self, value: int) -> None:
        self._text(bytes((value,)))

    def _text(self, text: bytes) -> None:
        if self.to_skip:
            skipped = min(self.to_skip, len(text))
            self.to_skip -= skipped
            text = text[skipped:]
        if self._is_shown():
            self.pending += text

    def _flush(self) -> None:
        """Decode the bytes gathered so far: double-byte characters come as two escapes."""
        if self.pending:
            self.pieces.append(decode(bytes(self.pending), self.label))
            self.pending.clear()
