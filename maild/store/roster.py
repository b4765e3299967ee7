"""An imported list of customers against what is known: what is new, and what changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from maild.core import clientele
from maild.core.house import House
from maild.core.roster import Entry, Roster
from maild.store import anew
from maild.store.conflict import replacing
from maild.store.customers import CUSTOMER, ORGANISATION

_AT_ONCE = 500
_FIELDS = (
    "name",
    "language",
    "segment",
    "segment_from",
    "organisation",
    "account_manager",
    "notes",
)
_PLAIN = ("language", "organisation", "account_manager", "notes")
"""Columns in which the file is right, even where it is empty."""
_EMPTY = dict.fromkeys(_FIELDS, "")
_KNOWN = select(CUSTOMER.c.address, *(CUSTOMER.c[name] for name in _FIELDS)).where(
    CUSTOMER.c.address.in_(bindparam("addresses", expanding=True))
)
_CHANGE = (
    update(CUSTOMER)
    .where(CUSTOMER.c.address == bindparam("who"))
    .values({name: bindparam(f"new_{name}") for name in _FIELDS})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import would write."""

    added: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    same: int
    """Customers about whom the file says nothing new."""
    kept: int
    """Segments that an operator set, where the file says another one."""
    organisations: list[dict[str, Any]] = field(default_factory=list)


def plan(connection: Connection, roster: Roster, house: House) -> Plan:
    """Compare a list with what is known; nothing is written."""
    spelled = {
        name.casefold(): name for name in connection.execute(select(ORGANISATION.c.name)).scalars()
    }
    organisations = list(_organisations(connection, roster, house, spelled))
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    same = kept = 0
    for entry, known in _with_known(connection, roster.customers):
        before = known or _EMPTY
        after = _after(before, entry, roster.columns, spelled)
        kept += before["segment_from"] == clientele.OPERATOR and entry.segment not in (
            "",
            before["segment"],
        )
        if known is None:
            added.append({"address": entry.address, **after})
        elif after == {name: before[name] for name in _FIELDS}:
            same += 1
        else:
            changed.append({"who": entry.address, **{f"new_{k}": v for k, v in after.items()}})
    return Plan(added=added, changed=changed, same=same, kept=kept, organisations=organisations)


def carry_out(connection: Connection, wanted: Plan, now: datetime) -> int:
    """Write a plan that was made in the same transaction.

    Return how many open tickets may have another policy now: the clock computes them anew.
    """
    if wanted.organisations:
        connection.execute(replacing(connection, ORGANISATION, "name"), wanted.organisations)
    if wanted.added:
        rows = [row | {"verified": False, "created_at": now} for row in wanted.added]
        connection.execute(insert(CUSTOMER), rows)
    if wanted.changed:
        connection.execute(_CHANGE, wanted.changed)
    people = [row["who"] for row in wanted.changed]
    return anew.ask(connection, people, [row["name"] for row in wanted.organisations])


def _with_known(
    connection: Connection, entries: Sequence[Entry]
) -> Iterator[tuple[Entry, Mapping[str, Any] | None]]:
    for start in range(0, len(entries), _AT_ONCE):
        some = entries[start : start + _AT_ONCE]
        wanted = {"addresses": [entry.address for entry in some]}
        known = {
            row["address"]: dict(row) for row in connection.execute(_KNOWN, wanted).mappings()
        }
        for entry in some:
            yield entry, known.get(entry.address)


def _after(
    before: Mapping[str, Any], entry: Entry, columns: frozenset[str], spelled: Mapping[str, str]
) -> dict[str, Any]:
    """What is known of a customer afterwards; a name that is empty leaves that of their mails."""
    after = {name: before[name] for name in _FIELDS}
    for name in _PLAIN:
        if name in columns:
            after[name] = getattr(entry, name)
    after["organisation"] = spelled.get(after["organisation"].casefold(), after["organisation"])
    after["name"] = entry.name or before["name"]
    is_imported = before["segment_from"] == clientele.IMPORT
    if entry.segment and before["segment_from"] != clientele.OPERATOR:
        after |= {"segment": entry.segment, "segment_from": clientele.IMPORT}
    elif "segment" in columns and not entry.segment and is_imported:
        after |= {"segment": "", "segment_from": ""}
    return after


def _organisations(
    connection: Connection, roster: Roster, house: House, spelled: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Give the rows that are new or say something new; config.toml's own need none."""
    known = {row["name"]: dict(row) for row in connection.execute(select(ORGANISATION)).mappings()}
    for entry in roster.organisations:
        name = spelled.setdefault(entry.organisation.casefold(), entry.organisation)
        before = known.get(name, {"name": name, "segment": "", "account_manager": ""})
        after = before | {
            column: getattr(entry, column)
            for column in ("segment", "account_manager")
            if column in roster.columns
        }
        if after != known.get(name):
            known[name] = after
            yield after
    for entry in roster.customers:
        called = entry.organisation
        is_known = called.casefold() in spelled or house.organisation_called(called) is not None
        if called and not is_known:
            spelled[called.casefold()] = called
            yield {"name": called, "segment": "", "account_manager": ""}
