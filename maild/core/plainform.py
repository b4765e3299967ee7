"""Values as plain JSON and back: lists, texts, numbers, and nothing that could name a class.

Strategy: the types of a dataclass's fields say what its JSON looks like: a list of its fields in
their order. From them a writer and a reader are made once. The reader builds each value by its
own class and checks every type on the way, so whoever writes the JSON can lie, and no more. How
deep a reader goes is given by the types, never by what is read.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")
Convert = Callable[[Any], Any]


class Misfit(ValueError):
    """JSON that is no value of the type that was asked for."""


def packed(value: object) -> bytes:
    """Return a dataclass as JSON in UTF-8; lone surrogates are kept."""
    kind: Any = type(value)
    plain = _writer(kind)(value)
    text = json.dumps(plain, ensure_ascii=False, check_circular=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def unpacked(kind: type[Value], data: bytes) -> Value:
    """Return the value that JSON holds; `Misfit` when it is none of that type."""
    try:
        plain = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise Misfit(f"no JSON: {error}") from error
    wanted: Any = kind
    value: Value = _reader(wanted)(plain)
    return value


@lru_cache(maxsize=256)
def _writer(kind: Any) -> Convert:
    """Return what turns a value of a type into what `json` writes."""
    inner = get_args(kind)
    if get_origin(kind) in _OPTIONAL:
        return _optional(_writer(_without_none(inner)))
    if get_origin(kind) is tuple:
        return _tuple_writer(inner)
    if is_dataclass(kind):
        return _dataclass_writer(kind)
    if kind in _WRITTEN:
        return _WRITTEN[kind]
    if issubclass(kind, str):
        return _same
    raise TypeError(f"{kind} has no plain form")


def _tuple_writer(inner: tuple[Any, ...]) -> Convert:
    writers = [_writer(one) for one in inner if one is not Ellipsis]
    if all(one is _same for one in writers):
        return _same
    if inner[-1] is Ellipsis:
        return lambda value: [writers[0](part) for part in value]
    return lambda value: [one(part) for one, part in zip(writers, value, strict=True)]


def _dataclass_writer(kind: Any) -> Convert:
    hints, names = get_type_hints(kind), [field.name for field in fields(kind)]
    writers = [_writer(hints[name]) for name in names]
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda value: [writers[0](only(value))]
    take = attrgetter(*names)
    changed = [(place, one) for place, one in enumerate(writers) if one is not _same]
    if not changed:
        return take

    def write(value: Any) -> list[Any]:
        plain = list(take(value))
        for place, one in changed:
            plain[place] = one(plain[place])
        return plain

    return write


@lru_cache(maxsize=256)
def _reader(kind: Any) -> Convert:
    """Return what turns plain JSON into a value of a type, or raises `Misfit`."""
    inner = get_args(kind)
    if get_origin(kind) in _OPTIONAL:
        return _optional(_reader(_without_none(inner)))
    if get_origin(kind) is tuple:
        return _tuple_reader(inner)
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind in _READ:
        return _READ[kind]
    if issubclass(kind, Enum):
        return _text_reader(kind)
    raise TypeError(f"{kind} has no plain form")


def _tuple_reader(inner: tuple[Any, ...]) -> Convert:
    if inner == (str, Ellipsis):
        return _texts
    if set(inner) == {str}:
        return _text_row_reader(len(inner))
    if inner[-1] is Ellipsis:
        return _sequence_reader(_reader(inner[0]))
    return _row_reader([_reader(one) for one in inner])


def _dataclass_reader(kind: Any) -> Convert:
    hints, names = get_type_hints(kind), [field.name for field in fields(kind)]
    readers = [_reader(hints[name]) for name in names]

    def read(value: Any) -> Any:
        if type(value) is not list or len(value) != len(names):
            raise Misfit(f"no {kind.__name__}")
        return kind(**{name: one(part) for name, one, part in zip(names, readers, value)})  # noqa: B905 - as long

    return read


def _row_reader(readers: list[Convert]) -> Convert:
    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or len(value) != len(readers):
            raise Misfit(f"not a list of {len(readers)}")
        return tuple([one(part) for one, part in zip(readers, value, strict=True)])

    return read


def _sequence_reader(item: Convert) -> Convert:
    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise Misfit("not a list")
        return tuple([item(one) for one in value])

    return read


def _exact_reader(kind: type) -> Convert:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise Misfit(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return read


def _text_reader(convert: Convert) -> Convert:
    def read(value: Any) -> Any:
        if type(value) is not str:
            raise Misfit(f"{type(value).__name__} instead of a text")
        try:
            return convert(value)
        except ValueError as error:
            raise Misfit(str(error)) from error

    return read


def _texts(value: Any) -> tuple[str, ...]:
    if type(value) is not list:
        raise Misfit("not a list")
    for part in value:
        if type(part) is not str:
            raise Misfit("not a list of texts")
    return tuple(value)


def _text_row_reader(length: int) -> Convert:
    def read(value: Any) -> tuple[str, ...]:
        row = _texts(value)
        if len(row) != length:
            raise Misfit(f"not {length} texts")
        return row

    return read


def _optional(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise Misfit("a time without a zone")
    return moment


def _without_none(inner: tuple[Any, ...]) -> Any:
    (kind,) = (one for one in inner if one is not types.NoneType)
    return kind


def _same(value: Any) -> Any:
    return value


_OPTIONAL = (Union, types.UnionType)
_WRITTEN: dict[Any, Convert] = {
    str: _same,
    int: _same,
    bool: _same,
    bytes: lambda value: value.decode("latin-1"),
    datetime: datetime.isoformat,
}
_READ: dict[Any, Convert] = {
    str: _exact_reader(str),
    int: _exact_reader(int),
    bool: _exact_reader(bool),
    bytes: _text_reader(lambda text: text.encode("latin-1")),
    datetime: _text_reader(_moment),
}
