"""MAPI properties as TNEF carries them (MS-OXTNEF §2.1.3.4): a stream of typed values."""

from __future__ import annotations

from dataclasses import dataclass

PROPERTIES_MAX = 2000
"""How many properties of one object are read."""

STRING8 = 0x1E
UNICODE = 0x1F
BINARY = 0x102
OBJECT = 0x0D

_SIZES = {0x00: 0, 0x01: 0, 0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4}
_SIZES.update({0x14: 8, 0x40: 8, 0x48: 16})
_VARIABLE = frozenset({STRING8, UNICODE, BINARY, OBJECT})
_MULTIPLE = 0x1000
_NAMED_FROM = 0x8000
_BY_STRING = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property: its identifier, its base type and its first value as bytes."""

    id: int
    type: int
    value: bytes


def read_properties(data: bytes) -> tuple[Property, ...]:
    """Return the properties of a stream as far as it is sound; never fails."""
    stream = _Stream(data=data)
    found: list[Property] = []
    count = min(stream.number(), PROPERTIES_MAX)
    while len(found) < count and not stream.is_broken:
        head = stream.number()
        kind, identifier = head & 0xFFFF, head >> 16
        if identifier >= _NAMED_FROM:
            _skip_name(stream)
        base = kind & ~_MULTIPLE
        values = stream.number() if kind & _MULTIPLE or base in _VARIABLE else 1
        if base not in _VARIABLE and base not in _SIZES:
            break
        first = b""
        for index in range(min(values, PROPERTIES_MAX)):
            if stream.is_broken:
                break
            size = stream.number() if base in _VARIABLE else _SIZES[base]
            value = stream.padded(size)
            first = value if index == 0 else first
        found.append(Property(id=identifier, type=base, value=first))
    return tuple(found)


def _skip_name(stream: _Stream) -> None:
    """Step over the GUID and the name of a named property."""
    stream.padded(16)
    if stream.number() == _BY_STRING:
        stream.padded(stream.number())
    else:
        stream.number()


@dataclass(slots=True, kw_only=True)
class _Stream:
    """Bytes being read; reading beyond the end marks it as broken and gives zeros."""

    data: bytes
    position: int = 0
    is_broken: bool = False

    def number(self) -> int:
        """Read 32 bits, little-endian."""
        return int.from_bytes(self.padded(4), "little")

    def padded(self, size: int) -> bytes:
        """Read bytes that are padded to a multiple of four."""
        end = self.position + size
        if end > len(self.data):
            self.is_broken = True
            return b""
        value = self.data[self.position : end]
        self.position = end + (-size % 4)
        return value
