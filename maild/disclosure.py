"""Export a person: one document, the mails as they came and went, and the files in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from maild.carry import Office
from maild.core.erasure import Person
from maild.core.mail import Encoding, Locator
from maild.outbox.pieces import assemble, unpack
from maild.parse import extract
from maild.privacy import person
from maild.store import disclosure, journal, outbox, traces
from maild.store.database import Connection
from maild.store.silence import unhurried

DOCUMENT = "person.json"
_UNSAFE = re.compile(r"[^\w.-]+")
_NAME_CHARACTERS_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of an export."""

    path: str
    """Relative, with `/`; letters, digits, dots and dashes."""
    data: bytes


def export(office: Office, address: str) -> Iterator[File]:
    """Yield what is held about a person, the document first; nothing where nothing is held.

    One consistent view; NotAllowed for an address of the house.
    """
    who = person(office, address)
    with office.database.read() as connection:
        unhurried(connection)
        found = traces.find(connection, who.address)
        if found.is_empty:
            return
        who = Person(
            address=who.address, insiders=who.insiders | traces.insiders(connection, found.own)
        )
        document = disclosure.about(connection, who, found)
        document["exported_at"] = office.now().isoformat(timespec="seconds")
        text = json.dumps(document, ensure_ascii=False, indent=2)
        yield File(path=DOCUMENT, data=text.encode())
        yield from _received(connection, who)
        yield from _sent(connection, who)
        yield from _files(connection, who)


def _received(connection: Connection, who: Person) -> Iterator[File]:
    """Mails that they sent, byte for byte; those whose bytes were erased are left out."""
    for row in disclosure.mails_in(connection, who):
        with suppress(KeyError):
            raw = journal.raw_mail(connection, row["id"])
            yield File(path=f"mails-received/{row['id']}.eml", data=raw)


def _sent(connection: Connection, who: Person) -> Iterator[File]:
    """Mails of ours to them, as they went out."""
    for row in disclosure.mails_out(connection, who):
        literal, packed = outbox.content(connection, row["id"])
        with suppress(KeyError, ValueError):
            pieces = unpack(literal, packed)
            raw = assemble(pieces, lambda number: journal.raw_mail(connection, number))
            yield File(path=f"mails-sent/{row['id']}.eml", data=raw)


def _files(connection: Connection, who: Person) -> Iterator[File]:
    """Files that they attached, decoded."""
    for row in disclosure.files(connection, who):
        with suppress(KeyError):
            raw = journal.raw_mail(connection, row["journal_id"])
            path = f"files/{row['journal_id']}-{row['n']}-{_safe(row['name'])}"
            yield File(path=path, data=extract(raw, _locator(row)))


def _locator(row: Mapping[str, Any]) -> Locator:
    return Locator(
        start=row["start"],
        end=row["end"],
        encoding=Encoding(row["encoding"]),
        index=row["index"],
    )


def _safe(name: str) -> str:
    """A name that leads nowhere, on any system."""
    return _UNSAFE.sub("_", name).lstrip(".")[:_NAME_CHARACTERS_MAX] or "file"
