"""`maild held`: mails that were set aside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from maild import confirm
from maild.cli import show as out
from maild.core.reason import RETURNED
from maild.errors import NotAllowed
from maild.furnish import office_of
from maild.now import utc_now
from maild.store import journal, listing, questions
from maild.store.secret import load_keys

_RETURNED = "its agent was told; release it only after a change of the settings"
_TOLD = re.compile(rf"(?:^|; )(?:{'|'.join(RETURNED)})(?:[:;]|$)")
COLUMNS = ("journal", "received_at", "from", "to", "waits", "reason")


def list_held(config: Path | None, *, as_json: bool) -> None:
    """Print held mails with their reasons."""
    with out.opened(config) as (_, database), database.read() as connection:
        rows = listing.held_list(connection)
    told = [row | {"waits": _waits(row)} for row in rows]
    if as_json:
        out.as_document(told)
    else:
        out.as_table(told, COLUMNS, "nothing is held")


def show(config: Path | None, journal_id: int, *, as_json: bool) -> None:
    """Print why a mail is held, and its raw bytes."""
    with out.opened(config) as (_, database), database.read() as connection:
        row = listing.held_one(connection, journal_id)
        raw = journal.raw_mail(connection, journal_id).decode("utf-8", "replace")
    if as_json:
        out.as_document(row | {"raw": raw})
        return
    for key, value in row.items():
        out.line(f"{key}: {out.plain(value)}")
    out.line()
    out.line(raw)


def release(config: Path | None, journals: list[int]) -> None:
    """Send held mails through the line once more.

    Where an agent was asked to confirm one, this is the operator's confirmation.
    """
    with out.opened(config) as (known, database):
        with database.read() as connection:
            for journal_id in journals:
                listing.held_one(connection, journal_id)
        office = office_of(known, database, load_keys(known.secret_file, database))
        confirmed = sum(confirm.operator(office, journal_id) for journal_id in journals)
    told = f", {confirmed} of them confirmed in the agent's place" if confirmed else ""
    out.line(f"{len(journals)} released{told}")


def drop(config: Path | None, journals: list[int], why: str) -> None:
    """Erase held mails; a tombstone stays."""
    with out.opened(config) as (_, database), database.write() as connection:
        for journal_id in journals:
            if not journal.drop(connection, journal_id, why, utc_now()):
                raise NotAllowed(f"journal row {journal_id} is not held; nothing was dropped")
            questions.forget(connection, journal_id, utc_now())
    out.line(f"{len(journals)} dropped")


def _waits(row: dict[str, Any]) -> str:
    """Whose confirmation a mail waits for, in words; or that its agent sends it anew."""
    asked = row["confirmation"]
    if asked is None:
        return _RETURNED if _TOLD.search(row["reason"]) else ""
    return f"{asked['agent']} until {asked['expires_at']}"
