"""Contexts that no mail made: to try conditions at load, and to fill in examples.

A context has the tables and fields of `core.rule.FIELDS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from maild.core.rule import FIELDS, Context

_PLAIN: Mapping[str, object] = {"string": "", "int": 0, "bool": False, "list": (), "map": {}}
_FULL: Mapping[str, object] = {
    "string": "sample",
    "int": 1,
    "bool": True,
    "list": ("sample",),
    "map": {"sample": "sample"},
}
_LARGE: Mapping[str, object] = {
    "string": "a sample of a long text; " * 2600,
    "int": 1,
    "bool": True,
    "list": tuple(f"somebody-{n}@example.com" for n in range(200)),
    "map": {f"x-header-{n}": "a sample of a header" for n in range(200)},
}
_USUAL: Mapping[str, object] = {
    "mail.kind": "human",
    "mail.language": "en",
    "mail.source": "smtp",
    "mail.trust": "E0",
    "ticket.number": 1,
    "ticket.state": "new",
    "ticket.priority": "normal",
    "ticket.tier": 1,
    "ticket.is_new": True,
    "customer.segment": "free",
    "deadline.kind": "first_response",
    "survey.kind": "csat",
    "survey.score": 5,
    "survey.via": "reply",
    "now.hour": 10,
    "now.weekday": "mon",
    "now.working": True,
}


def plain() -> Context:
    """An ordinary mail of a person, with everything empty that can be."""
    return _context(_PLAIN, _USUAL)


def full(headers: Iterable[str] = ()) -> Context:
    """Something in every field; also in these header fields, by their names."""
    return _context(_FULL, {"mail.headers": dict.fromkeys(("sample", *headers), "sample")})


def large() -> Context:
    """As much in every field as the limits let through."""
    return _context(_LARGE, {})


def _context(by_type: Mapping[str, object], by_field: Mapping[str, object]) -> Context:
    """Fill every field by its type, some by their name."""
    return {
        table: {
            name: by_field.get(f"{table}.{name}", by_type[kind]) for name, kind in fields.items()
        }
        for table, fields in FIELDS.items()
    }
