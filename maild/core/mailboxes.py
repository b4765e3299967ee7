"""Mailboxes out of address fields (RFC 5322 §3.4): one reading to show, one to trust.

Strategy: one pass marks where quotes, comments and angles begin and end and cuts the field at its
structural commas and semicolons; names are decoded only after the cut, so that an encoded word
can never bring in a delimiter. The guess forgives everything; `from_defect` forgives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from maild.core.address import ADDRESS_BYTES_MAX
from maild.core.mail import Address

_PLAIN_LOCAL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
    r"(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+)*"
)
_PLAIN_DOMAIN = re.compile(
    r"[A-Za-z0-9\-_\u0080-\U0010ffff]+(?:\.[A-Za-z0-9\-_\u0080-\U0010ffff]+)*\.?"
)
_BARE_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]@]+@[^\s<>,;:\"()\[\]@]+")
_HIDDEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]"
)
_PLAIN = re.compile(r"[^\"(<>,;:]+")
"""Characters that mean nothing but themselves, wherever they stand."""
_WRAPPING = " \t\r\n'\""


@dataclass(slots=True)
class _Item:
    """One element of an address list while it is being read."""

    outside: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: int = 0
    closed_at: int = 0
    """How much of `outside` stood before the last angle was closed."""
    has_quotes: bool = False
    has_at: bool = False
    problems: list[str] = field(default_factory=list)

    def is_empty(self) -> bool:
        return not self.angles and not "".join(self.outside).strip()


def read_addresses(value: str, decode: Callable[[str], str]) -> tuple[Address, ...]:
    """Return the mailboxes of a field, as well as they can be guessed.

    `value` is unfolded and holds its encoded words; `decode` decodes those in a name.
    """
    found: list[Address] = []
    pending = ""
    for item in _read(value).items:
        bare = _bare_addresses(item)
        found.extend(Address(addr=_tidy_address(word)) for word in bare[:-1])
        address = Address(addr=_tidy_address(bare[-1])) if bare else _guess(item, decode)
        if pending and address.addr and item.angles:
            address = Address(name=f"{pending}, {address.name}".strip(", "), addr=address.addr)
        elif pending:
            found.append(Address(name=pending))
        pending = "" if address.addr else address.name
        if address.addr:
            found.append(address)
    if pending:
        found.append(Address(name=pending))
    return tuple(found)


def from_defect(values: tuple[str, ...], decode: Callable[[str], str]) -> str:
    """Say why From is not exactly one plain mailbox (RFC 5322 §3.6.2), or return "".

    Departs from RFC 5322 §3.4: comments, groups, routes, quoted and literal forms are legal there,
    but different readers find different addresses in them, so they prove nobody's identity.
    """
    if len(values) != 1:
        return "there is no From field" if not values else "there are several From fields"
    if _HIDDEN.search(values[0]):
        return "From holds control or invisible characters"
    reader = _read(values[0])
    if len(reader.items) != 1 or reader.is_list:
        return "From holds no or several mailboxes"
    if reader.is_grouped:
        return "From holds a group or a route"
    item = reader.items[0]
    return _form_defect(item) or _address_defect(item) or _name_defect(item, decode)


def _form_defect(item: _Item) -> str:
    """Say what is not plain about the form of a mailbox."""
    if item.problems:
        return f"From is ambiguous: {item.problems[0]}"
    if item.comments:
        return "From holds a comment"
    return "From holds several angle addresses" if item.angles > 1 else ""


def _address_defect(item: _Item) -> str:
    """Say what is not plain about the address itself."""
    text = "".join(item.inside if item.angles else item.outside).strip(" \t")
    if item.angles and not text:
        return "From holds an empty address"
    local, separator, domain = text.rpartition("@")
    if not separator or text.split() != [text]:
        return "From holds no address, or a space in it"
    if not _PLAIN_LOCAL.fullmatch(local):
        return "the local part in From is not plain"
    if not _PLAIN_DOMAIN.fullmatch(domain):
        return "the domain in From is not plain"
    if len(text.encode("utf-8", "replace")) > ADDRESS_BYTES_MAX:
        return "the address in From is too long"
    return "From holds an encoded word as address" if "=?" in text else ""


def _name_defect(item: _Item, decode: Callable[[str], str]) -> str:
    """Say whether the display name pretends to be another address."""
    if not item.angles:
        return ""
    raw = "".join(item.outside)
    name = decode(raw)
    if _HIDDEN.search(name):
        return "the name in From holds control or invisible characters"
    address = "".join(item.inside).strip().lower()
    for shown in (raw, name):
        flat = shown.replace("\uff20", "@").replace("\ufe6b", "@")
        if "@" in flat and flat.strip(_WRAPPING + "<>").lower() != address:
            return "the name in From shows another address"
        if "<" in flat or ">" in flat:
            return "the name in From holds angle brackets"
    return ""


def _bare_addresses(item: _Item) -> list[str]:
    """Return the addresses of an element that is nothing else: somebody left out the commas."""
    words = "".join(item.outside).split() if item.has_at and not item.angles else []
    is_list = len(words) > 1 and all(map(_BARE_ADDRESS.fullmatch, words))
    return words if is_list else []


def _guess(item: _Item, decode: Callable[[str], str]) -> Address:
    """Make the most of one element."""
    outside = "".join(item.outside).strip()
    inside = "".join(item.inside).strip()
    if item.angles and "@" not in inside and "@" in outside and not item.has_quotes:
        inside, outside = outside, inside
    if not item.angles:
        return _guess_bare(outside, item, decode)
    name = _tidy(decode(outside)) or _tidy(decode(" ".join(item.comments)))
    address = _tidy_address(inside)
    return Address(name="" if name.lower() == address else name, addr=address)


def _guess_bare(text: str, item: _Item, decode: Callable[[str], str]) -> Address:
    """Read an element without angles: an address, an address among words, or only a name."""
    comment = _tidy(decode(" ".join(item.comments)))
    if "@" in text and not any(character in text for character in " \t"):
        return Address(name=comment, addr=_tidy_address(text))
    match = _BARE_ADDRESS.search(text)
    if match is None:
        decoded = decode(text)
        match = _BARE_ADDRESS.search(decoded) if "=?" in text else None
        if match is None:
            return Address(name=comment or _tidy(decoded))
        text = decoded
    before, after = text[: match.start()], text[match.end() :]
    rest = f"{before.rstrip('<[( ')} {after.lstrip('>]) ')}"
    return Address(name=_tidy(decode(rest)) or comment, addr=_tidy_address(match[0]))


def _tidy(name: str) -> str:
    """Strip a display name of its wrapping and of what cannot be seen."""
    text = " ".join(_HIDDEN.sub("", name).split())
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text


def _tidy_address(text: str) -> str:
    """Bring an address into `local@domain` with the domain in lower case."""
    text = _HIDDEN.sub("", text).strip(_WRAPPING + "<>,;")
    if text.startswith("@") and ":" in text:
        text = text.partition(":")[2]
    text = text.removeprefix("mailto:")
    local, separator, domain = text.rpartition("@")
    if not separator:
        return ""
    domain = "".join(domain.split()).rstrip(".").lower()
    return f"{local.strip()}@{domain}"


def _read(value: str) -> _Reader:
    """Cut a field at its structural delimiters, in one pass."""
    reader = _Reader(value=value, last_semicolon=value.rfind(";"))
    reader.run()
    return reader


@dataclass(slots=True)
class _Reader:
    """The pass over one address field."""

    value: str
    last_semicolon: int
    items: list[_Item] = field(default_factory=list)
    item: _Item = field(default_factory=_Item)
    position: int = 0
    in_angle: bool = False
    is_grouped: bool = False
    is_list: bool = False
    ignores_quotes: bool = False
    ignores_comments: bool = False

    def run(self) -> None:
        while self.position < len(self.value):
            plain = _PLAIN.match(self.value, self.position)
            if plain:
                self._put(plain[0])
                self.position = plain.end()
                continue
            self._step(self.value[self.position])
            self.position += 1
        if self.in_angle:
            self.item.problems.append("an angle is not closed")
        self._emit()

    def _step(self, character: str) -> None:
        if character == '"' and not self.ignores_quotes:
            self._quoted()
        elif character == "(" and not self.ignores_comments:
            self._comment()
        elif character == "<":
            self._open_angle()
        elif character == ">":
            self._close_angle()
        elif character in ",;:" and not self.in_angle:
            self._delimiter(character)
        else:
            self._put(character)

    def _put(self, text: str) -> None:
        (self.item.inside if self.in_angle else self.item.outside).append(text)
        self.item.has_at = self.item.has_at or "@" in text

    def _quoted(self) -> None:
        """Take a quoted string (RFC 5322 §3.2.4); one that never ends is an ordinary character."""
        end = self.position + 1
        content: list[str] = []
        while end < len(self.value) and self.value[end] != '"':
            if self.value[end] == "\\" and end + 1 < len(self.value):
                end += 1
            content.append(self.value[end])
            end += 1
        if end >= len(self.value):
            self.item.problems.append("a quote is not closed")
            self.ignores_quotes = True
            return
        self.position = end
        self.item.has_quotes = True
        text = "".join(content)
        following = self.value[end + 1 : end + 2]
        if self.in_angle or following == "@":
            self.item.problems.append("a quoted local part")
            self._put(f'"{text}"')
            return
        self._put(text)

    def _comment(self) -> None:
        """Take a comment (RFC 5322 §3.2.2) with whatever is nested in it."""
        depth = 1
        end = self.position + 1
        while end < len(self.value) and depth:
            character = self.value[end]
            if character == "\\":
                end += 1
            elif character in "()":
                depth += 1 if character == "(" else -1
            end += 1
        if depth:
            self.item.problems.append("a comment is not closed")
            self.ignores_comments = True
            self._put("(")
            return
        self.item.comments.append(self.value[self.position + 1 : end - 1])
        self._put(" ")
        self.position = end - 1

    def _open_angle(self) -> None:
        if self.in_angle:
            self.item.problems.append("an angle within an angle")
            self.item.outside.extend(self.item.inside)
            self.item.inside.clear()
            return
        if "@" in "".join(self.item.inside):
            self._part()
        elif self.item.inside:
            self.item.outside.append(f"<{''.join(self.item.inside)}>")
            self.item.inside.clear()
        self.in_angle = True
        self.item.angles += 1

    def _close_angle(self) -> None:
        if not self.in_angle:
            self.item.problems.append("an angle is closed that was not open")
            return
        self.in_angle = False
        self.item.closed_at = len(self.item.outside)

    def _part(self) -> None:
        """Begin a new element behind an address: somebody left out the comma."""
        words = self.item.outside[self.item.closed_at :]
        del self.item.outside[self.item.closed_at :]
        self._emit()
        self.item.outside.extend(words)

    def _delimiter(self, character: str) -> None:
        """Meet a comma, a semicolon, or the colon after a group's name (RFC 5322 §3.4)."""
        if character == ",":
            self.is_list = True
        else:
            self.is_grouped = True
        if character != ":":
            self._emit()
        elif self.item.has_at or self.item.angles or self.position > self.last_semicolon:
            self._put(character)
        else:
            self.item = _Item()

    def _emit(self) -> None:
        if not self.item.is_empty():
            self.items.append(self.item)
        self.item = _Item()
