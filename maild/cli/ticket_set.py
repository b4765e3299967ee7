"""`maild ticket set`: the one command about tickets that needs rules and templates."""

from __future__ import annotations

from pathlib import Path

from maild import handle
from maild.cli import show as out
from maild.cli.place import typed
from maild.cli.tickets import print_head
from maild.core import operator
from maild.core.operator import Change
from maild.furnish import office_of
from maild.store import listing
from maild.store.secret import load_keys


def change(config: Path | None, number: int, changes: list[str]) -> None:
    """Change a ticket as the operator."""
    with typed():
        wanted = tuple(Change.of(text) for text in changes)
    with out.opened(config) as (known, database):
        with typed():
            operator.refuse(wanted, known.house)
        office = office_of(known, database, load_keys(known.secret_file, database))
        handle.operator(office, number, wanted)
        with database.read() as connection:
            print_head(listing.ticket_story(connection, known.house, number))
