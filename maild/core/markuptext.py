"""Readable text from markup tokens: lines, lists, table rows, links, quotes; pure and linear."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from maild.core.markup import BLOCKS, START, TEXT, Token, words

_SPACES = re.compile(" {2,}")
_SHOWN = BLOCKS | {"a", "br", "img"}
"""Elements that leave a trace in the text."""
_PARAGRAPHS = words("p h1 h2 h3 h4 h5 h6 ul ol dl pre blockquote table")
_QUOTE_DEPTH_MAX = 20
_LINK_MAX = 500
_BLANK_LINES_MAX = 2


def text_of(tokens: Iterable[Token], *, mark_quotes: bool = True) -> str:
    """Return the readable text of balanced tokens, lines ending in LF, without outer blank lines.

    Quotes (`blockquote`) are prefixed by `> ` unless `mark_quotes` is false.
    """
    return joined(lines_of(tokens, mark_quotes=mark_quotes))


def joined(lines: list[tuple[str, int]]) -> str:
    """Return the lines of `lines_of` as a text without blank lines around it."""
    first, last = 0, len(lines)
    while first < last and not lines[first][0].strip():
        first += 1
    while last > first and not lines[last - 1][0].strip():
        last -= 1
    return "\n".join(line for line, _ in lines[first:last])


def lines_of(tokens: Iterable[Token], *, mark_quotes: bool = True) -> list[tuple[str, int]]:
    """Return the lines of the readable text, each with the index of the token it begins in."""
    writer = _Writer(mark_quotes=mark_quotes)
    for index, (kind, name, attributes, text, _) in enumerate(tokens):
        if kind is TEXT:
            writer.index = index
            writer.characters(text)
        elif name in _SHOWN:
            writer.index = index
            if kind is START:
                writer.start(name, attributes)
            else:
                writer.end(name)
    return writer.finish()


class _Writer:
    """Collects lines; knows how far it is indented and whether white space counts."""

    def __init__(self, *, mark_quotes: bool) -> None:
        self._mark_quotes = mark_quotes
        self.index = 0
        """Of the token that is being written."""
        self._lines: list[str] = []
        self._origins: list[int] = []
        """For each line the token that it begins in."""
        self._origin = 0
        self._line: list[str] = []
        self._blank_wanted = False
        self._quotes = 0
        self._quotes_min = 0
        """The least depth of quotation since the last line: that of a blank line between."""
        self._verbatim = 0
        self._lists: list[int] = []
        """One entry for each open list: the next number, or -1 for bullets."""
        self._links: list[tuple[str, int, int]] = []
        """Address, and where its text begins: line and piece."""
        self._paragraphs: list[bool] = []
        """Whether each open paragraph wants a blank line behind it."""

    def characters(self, text: str) -> None:
        if self._verbatim:
            self._verbatim_text(text)
            return
        text = _squeezed(text)
        if not self._line or self._line[-1][-1] == " ":
            text = text.lstrip(" ")
        if text:
            self._write(text)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "br":
            self._break(forced=True)
        elif name == "img":
            self._image(attributes)
        elif name == "a":
            self._links.append((attributes.get("href", ""), len(self._lines), len(self._line)))
        elif name in BLOCKS:
            self._block_start(name, attributes)

    def end(self, name: str) -> None:
        if name == "a":
            self._link_end()
        elif name in BLOCKS:
            self._block_end(name)

    def finish(self) -> list[tuple[str, int]]:
        self._break()
        return list(zip(self._lines, self._origins, strict=True))

    def _block_start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("td", "th"):
            if self._line:
                self._line.append("  ")
            return
        self._break()
        if name in _PARAGRAPHS and not (name in ("ul", "ol") and self._lists):
            self._paragraph_start(name, attributes)
        self._block_mark(name, attributes)

    def _block_mark(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "blockquote":
            self._quotes += 1
        elif name == "pre":
            self._verbatim += 1
        elif name in ("ul", "ol"):
            self._lists.append(_first_number(attributes) if name == "ol" else -1)
        elif name == "li":
            self._item()
        elif name == "hr":
            self._write("-" * 30)
            self._break()

    def _block_end(self, name: str) -> None:
        if name in ("td", "th"):
            return
        self._break()
        if name == "blockquote":
            self._quotes -= 1
            self._quotes_min = min(self._quotes, self._quotes_min)
        elif name == "pre":
            self._verbatim -= 1
        elif name in ("ul", "ol") and self._lists:
            self._lists.pop()
        if name in _PARAGRAPHS and not (name in ("ul", "ol") and self._lists):
            tight = self._paragraphs.pop() if self._paragraphs else False
            self._blank_wanted = self._blank_wanted or not tight

    def _paragraph_start(self, name: str, attributes: Mapping[str, str]) -> None:
        tight = name == "p" and _is_tight(attributes)
        tight = tight or name == "table"
        self._paragraphs.append(tight)
        self._blank_wanted = self._blank_wanted or not tight

    def _item(self) -> None:
        depth = min(len(self._lists), _QUOTE_DEPTH_MAX)
        number = self._lists[-1] if self._lists else -1
        if number >= 0:
            self._lists[-1] = number + 1
        mark = f"{number}. " if number >= 0 else "* "
        self._write("  " * max(0, depth - 1) + mark)

    def _image(self, attributes: Mapping[str, str]) -> None:
        alternative = " ".join(attributes.get("alt", "").split())
        if not alternative:
            return
        short = len(alternative) <= 4 or not alternative.isascii()  # noqa: PLR2004 an emoji
        self.characters(alternative if short else f"[{alternative}]")

    def _link_end(self) -> None:
        if not self._links:
            return
        address, line, piece = self._links.pop()
        if not address.lower().startswith(("http://", "https://")) or len(address) > _LINK_MAX:
            return
        if line != len(self._lines):
            return
        shown, address = "".join(self._line[piece:]).strip(), address.strip()
        if shown and not _same_address(shown, address):
            self.characters(f" ({address})")

    def _verbatim_text(self, text: str) -> None:
        first, *rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if first:
            self._write(first)
        for piece in rest:
            self._break(forced=True)
            if piece:
                self._write(piece)

    def _break(self, *, forced: bool = False) -> None:
        """End the line; an empty one is only written when forced (`br`)."""
        if self._line:
            line = "".join(self._line)
            self._line.clear()
            prefix = self._prefix(self._quotes)
            self._end_line(prefix + line.replace("\xa0", " "), self._origin)
            self._quotes_min = self._quotes
        elif forced:
            self._blank_wanted = False
            if not self._ends_blank():
                self._end_line(self._prefix(self._quotes), self.index)

    def _write(self, piece: str) -> None:
        if not self._line:
            if self._blank_wanted:
                self._blank()
            self._origin = self.index
        self._line.append(piece)

    def _blank(self) -> None:
        """Write the blank line that is due before the first characters of a block."""
        if self._lines and self._lines[-1].strip("> "):
            self._end_line(self._prefix(min(self._quotes, self._quotes_min)), self.index)
        self._blank_wanted = False

    def _end_line(self, line: str, origin: int) -> None:
        self._lines.append(line.rstrip())
        self._origins.append(origin)

    def _ends_blank(self) -> bool:
        tail = self._lines[-_BLANK_LINES_MAX:]
        return len(tail) == _BLANK_LINES_MAX and not any(line.strip("> ") for line in tail)

    def _prefix(self, depth: int) -> str:
        return "> " * min(depth, _QUOTE_DEPTH_MAX) if self._mark_quotes else ""


def _squeezed(text: str) -> str:
    """Return text with every run of white space as one space; plain replacing is the fastest."""
    if not text.isprintable():
        text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ").replace("\f", " ")
    return _SPACES.sub(" ", text) if "  " in text else text


_TIGHT = re.compile(r"margin(?:-bottom)?:0(?![1-9])(?!\.[1-9])")


def _is_tight(attributes: Mapping[str, str]) -> bool:
    """Whether a paragraph has no distance to the next, as those of Outlook."""
    if "msonormal" in attributes.get("class", "").lower():
        return True
    return _TIGHT.search(attributes.get("style", "").lower().replace(" ", "")) is not None


def _first_number(attributes: Mapping[str, str]) -> int:
    start = attributes.get("start", "1")
    return int(start) if start.isdecimal() and len(start) <= 6 else 1  # noqa: PLR2004 digits


def _same_address(shown: str, address: str) -> bool:
    return (" " not in shown or " " in address) and _bare(shown) == _bare(address)


def _bare(address: str) -> str:
    address = address.lower()
    return (
        address.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
    )
