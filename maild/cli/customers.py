"""`maild customer`, `maild organisation`: who customers are to us; a list of them is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from maild.cli import show as out
from maild.cli.place import WrongUsage
from maild.core import roster
from maild.errors import NotAllowed
from maild.now import utc_now
from maild.store import clients
from maild.store import roster as stored

COLUMNS = ("address", "name", "organisation", "segment", "segment_from", "account_manager")
ORGANISATION_COLUMNS = ("name", "segment", "account_manager", "domains", "customers", "from")
TICKET_COLUMNS = ("number", "state", "subject", "assignee", "created_at")


def take_list(
    config: Path | None, file: Path, *, partial: bool, dry_run: bool, as_json: bool
) -> None:
    """Take a list of customers: all of it or nothing, unless the good lines are wished."""
    raw = _content(file)
    with out.opened(config) as (known, database):
        found = roster.read(raw, known.house)
        is_taken = not dry_run and (partial or not found.bad)
        with database.write() if is_taken else database.read() as connection:
            plan = stored.plan(connection, found, known.house)
            concerned = stored.carry_out(connection, plan, utc_now()) if is_taken else 0
    document = {
        "added": len(plan.added),
        "changed": len(plan.changed),
        "same": plan.same,
        "kept": plan.kept,
        "organisations": len(plan.organisations),
        "bad": [{"line": one.line, "reason": one.reason} for one in found.bad],
        "written": is_taken,
        "tickets": concerned,
    }
    if as_json:
        out.as_document(document)
    else:
        _tell(document, file)
    if found.bad and not partial:
        words = f"bad lines in {file.name}: {len(found.bad)}"
        raise NotAllowed(words if dry_run else f"{words}; nothing was imported")


def list_customers(
    config: Path | None, organisation: str, segment: str, limit: int, *, as_json: bool
) -> None:
    """Print customers by address."""
    with out.opened(config) as (known, database), database.read() as connection:
        rows = clients.listed(connection, known.house, organisation=organisation, segment=segment)
    rows = rows[:limit] if limit else rows
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, COLUMNS, "no customers")


def show(config: Path | None, address: str, *, as_json: bool) -> None:
    """Print what is known of a customer, and their last tickets."""
    with out.opened(config) as (known, database), database.read() as connection:
        row = clients.one(connection, known.house, address)
    if as_json:
        out.as_document(row)
        return
    out.heading(f"{row['name']} <{row['address']}>")
    for key in ("organisation", "segment", "segment_from", "language", "account_manager"):
        if row[key]:
            out.line(f"{key.replace('_', ' ')}: {row[key]}")
    for line in row["notes"].splitlines():
        out.line(f"  {line}")
    out.as_table(row["tickets"], TICKET_COLUMNS, "no tickets")


def change(config: Path | None, address: str, changes: list[str]) -> None:
    """Say something about one customer; it counts more than any import."""
    wanted = dict(_change(text) for text in changes)
    with out.opened(config) as (known, database), database.write() as connection:
        clients.change(connection, known.house, address, wanted)
    show(config, address, as_json=False)


def list_organisations(config: Path | None, *, as_json: bool) -> None:
    """Print organisations by name."""
    with out.opened(config) as (known, database), database.read() as connection:
        rows = clients.organisations(connection, known.house)
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, ORGANISATION_COLUMNS, "no organisations")


def _content(file: Path) -> bytes:
    if not file.is_file():
        raise WrongUsage(f"no such file: {file}")
    if file.stat().st_size > roster.BYTES_MAX:
        raise NotAllowed(f"{file} is larger than {roster.BYTES_MAX} bytes")
    return file.read_bytes()


def _tell(document: dict[str, Any], file: Path) -> None:
    for bad in document["bad"]:
        typer.echo(out.printable(f"{file.name}:{bad['line']}: {bad['reason']}"), err=True)
    done = "" if document["written"] else " (nothing was written)"
    out.line(
        f"{document['added']} added, {document['changed']} changed, {document['same']} the same; "
        f"{out.counted(document['organisations'], 'organisation')}{done}"
    )
    if document["tickets"]:
        tickets = out.counted(document["tickets"], "open ticket")
        out.line(f"{tickets} with deadlines computed anew")
    if document["kept"]:
        segments = out.counted(document["kept"], "segment")
        out.line(f"{segments} left as an operator set them")


def _change(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or key not in clients.KEYS:
        known = ", ".join(clients.KEYS)
        raise WrongUsage(f"{text!r} is not key=value with a key of: {known}")
    return key, value.strip()
