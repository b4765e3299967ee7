"""Values as plain JSON and back, every type checked: nothing of it could name a class [msgspec].

The types of a dataclass's fields say what its JSON may hold. Whoever writes the JSON can lie, and
no more: what is no value of the type is refused, fields that it does not have are passed over,
fields that are not told have their defaults.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec.json

Value = TypeVar("Value")


class Misfit(ValueError):
    """JSON that is no value of the type that was asked for."""


def packed(value: object) -> bytes:
    """Return a dataclass as JSON; ValueError where a text holds half a character."""
    return msgspec.json.encode(value)


def unpacked(kind: type[Value], data: bytes | memoryview) -> Value:
    """Return the value that JSON holds; `Misfit` when it is none of that type."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (ValueError, RecursionError) as error:
        raise Misfit(f"no {kind.__name__}: {error}") from error
