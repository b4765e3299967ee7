"""`maild held`: mails that were set aside."""

from __future__ import annotations

from pathlib import Path

from maild.app import utc_now
from maild.cli import show as out
from maild.errors import NotAllowed
from maild.store import journal, listing

COLUMNS = ("journal", "received_at", "from", "to", "reason")


def list_held(config: Path | None, *, as_json: bool) -> None:
    """Print held mails with their reasons."""
    with out.opened(config) as (_, database), database.read() as connection:
        rows = listing.held_list(connection)
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, COLUMNS, "nothing is held")


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
    """Send held mails through the line once more."""
    with out.opened(config) as (_, database), database.write() as connection:
        for journal_id in journals:
            if not journal.release(connection, journal_id):
                raise NotAllowed(f"journal row {journal_id} is not held; nothing was released")
    out.line(f"{len(journals)} released")


def drop(config: Path | None, journals: list[int], why: str) -> None:
    """Erase held mails; a tombstone stays."""
    with out.opened(config) as (_, database), database.write() as connection:
        for journal_id in journals:
            if not journal.drop(connection, journal_id, why, utc_now()):
                raise NotAllowed(f"journal row {journal_id} is not held; nothing was dropped")
    out.line(f"{len(journals)} dropped")
