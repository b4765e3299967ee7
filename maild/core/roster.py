"""The list of customers that an operator imports: a CSV file, read line by line.

The first line names the columns, in any order: `address`, `name`, `organisation`, `segment`,
`language`, `account_manager`, `notes`. A line without an address is about the organisation itself
(`segment`, `account_manager`). Commas, semicolons or tabs; UTF-8, UTF-16 with its mark, or
Windows-1252.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from maild.core.address import recipient, valid
from maild.core.house import House
from maild.errors import NotAllowed

COLUMNS = (
    "address",
    "name",
    "organisation",
    "segment",
    "language",
    "account_manager",
    "notes",
)
BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 500_000
_LENGTHS = {"name": 200, "organisation": 200, "segment": 64, "notes": 4000}
_OF_PEOPLE = ("name", "language", "notes")
_DELIMITERS = (",", ";", "\t")
_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line; what stands in no column of the file is empty here."""

    line: int
    """Where it begins in the file, from 1."""
    address: str = ""
    """Lower case; empty for a line about an organisation."""
    name: str = ""
    organisation: str = ""
    segment: str = ""
    language: str = ""
    account_manager: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be taken."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What a file says."""

    columns: frozenset[str]
    """Those of `COLUMNS` that the file has: what has no column is left as it is."""
    customers: tuple[Entry, ...] = ()
    organisations: tuple[Entry, ...] = ()
    bad: tuple[BadLine, ...] = ()


def read(raw: bytes, house: House) -> Roster:
    """Read a file; NotAllowed when it is no list of customers at all, or too large."""
    if len(raw) > BYTES_MAX:
        raise NotAllowed(f"the file has {len(raw)} bytes; {BYTES_MAX} are allowed")
    lines = _decoded(raw).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    columns, delimiter = _header(lines[0])
    entries: list[Entry] = []
    bad: list[BadLine] = []
    known: dict[str, int] = {}
    for count, (number, fields) in enumerate(_records(lines[1:], delimiter, bad)):
        if count >= ROWS_MAX:
            raise NotAllowed(f"the file has more than {ROWS_MAX} lines")
        entry = _entry(number, fields, columns, house)
        reason = entry if isinstance(entry, str) else _twice(entry, known)
        if reason or isinstance(entry, str):
            bad.append(BadLine(line=number, reason=str(reason)))
        else:
            entries.append(entry)
    return Roster(
        columns=frozenset(columns),
        customers=tuple(one for one in entries if one.address),
        organisations=tuple(one for one in entries if not one.address),
        bad=tuple(sorted(bad, key=lambda one: one.line)),
    )


def wrong(values: Mapping[str, str], house: House) -> str:
    """Say what is wrong with the values of some `COLUMNS`; empty for nothing."""
    for name, length in _LENGTHS.items():
        text = values.get(name, "")
        if len(text) > length:
            return f"{name} has {len(text)} characters; {length} are allowed"
        if not text.replace("\n", "").replace("\t", "").isprintable():
            return f"{name} holds control characters"
        if name != "notes" and not text.isprintable():
            return f"{name} has more than one line"
    language = values["language"].lower()
    reason = _wrong_manager(values["account_manager"].lower(), house)
    if reason:
        return reason
    if language and not _LANGUAGE.fullmatch(language):
        return f"language: {language!r} is not two letters such as 'en'"
    return _wrong_person(values, house) if values["address"] else _wrong_group(values)


def _wrong_manager(manager: str, house: House) -> str:
    """Customers' mail is told to account managers: a slip of the pen would be a stranger's."""
    if not manager:
        return ""
    if not valid(manager):
        return f"account_manager: {manager!r} is no address"
    named = {one.account_manager.lower() for one in house.organisations}
    named |= {queue.lead.lower() for queue in house.queues}
    if manager in named or house.agent_of(manager) is not None:
        return ""
    return f"account_manager: {manager} is no agent, and config.toml names them nowhere else"


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        charsets: tuple[str, ...] = ("utf-16",)
    else:
        charsets = ("utf-8-sig", "cp1252")
    for charset in charsets:
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    raise NotAllowed("the file is not text in UTF-8, UTF-16 or Windows-1252")


def _header(line: str) -> tuple[tuple[str, ...], str]:
    """Return the columns and what stands between them."""
    delimiter = max(_DELIMITERS, key=line.count)
    names = tuple(name.strip().strip('"').strip().lower() for name in line.split(delimiter))
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        words = f"the first line names the columns: {', '.join(COLUMNS)}"
        raise NotAllowed(f"there is no column {unknown[0]!r}; {words}")
    if len(set(names)) < len(names):
        raise NotAllowed("the first line names a column twice")
    if "address" not in names and "organisation" not in names:
        raise NotAllowed("the first line names no column 'address'")
    return names, delimiter


def _records(
    lines: Sequence[str], delimiter: str, bad: list[BadLine]
) -> Iterator[tuple[int, list[str]]]:
    """Give every line that is not blank with its number; a quote that never ends is noted."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 2
        try:
            fields = next(reader, None)
        except csv.Error as error:
            bad.append(BadLine(line=number, reason=f"cannot be read from here on: {error}"))
            return
        if fields is None:
            return
        if any(field.strip() for field in fields):
            yield number, fields


def _entry(
    number: int, fields: Sequence[str], columns: Sequence[str], house: House
) -> Entry | str:
    """Return what a line says, or what is wrong with it."""
    if len(fields) != len(columns):
        return f"has {len(fields)} fields; the first line has {len(columns)}"
    values = {name: text.strip() for name, text in zip(columns, fields, strict=True)}
    for name in ("address", "language", "account_manager"):
        values[name] = values.get(name, "").lower()
    organisation = " ".join(values.get("organisation", "").split())
    known = house.organisation_called(organisation) if organisation else None
    values["organisation"] = known.name if known else organisation
    reason = wrong(values, house)
    return reason or Entry(line=number, **values)


def _wrong_person(values: Mapping[str, str], house: House) -> str:
    address = values["address"]
    if not valid(address):
        return f"{address!r} is no address"
    if recipient(address, house) is not None:
        return f"{address} is an address of ours"
    return f"{address} is an agent" if house.agent_of(address) is not None else ""


def _wrong_group(values: Mapping[str, str]) -> str:
    """A line without an address is about an organisation."""
    if not values["organisation"]:
        return "has neither an address nor an organisation"
    personal = next((name for name in _OF_PEOPLE if values.get(name)), "")
    return f"{personal} is a person's; give their address" if personal else ""


def _twice(entry: Entry, known: dict[str, int]) -> str:
    """Say where the same customer or organisation stands already, and note this one."""
    key = entry.address or f" {entry.organisation.casefold()}"
    first = known.setdefault(key, entry.line)
    return "" if first == entry.line else f"stands already on line {first}"
