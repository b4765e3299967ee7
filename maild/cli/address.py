"""`maild address`: addresses that gave our mail back."""

from __future__ import annotations

from pathlib import Path

from maild.cli import show as out
from maild.errors import NotAllowed
from maild.store import reach

COLUMNS = ("address", "hard_bounces", "bounced_at", "suspended_at")


def list_addresses(config: Path | None, *, as_json: bool) -> None:
    """Print the addresses that gave mail back for good, the suspended ones first."""
    with out.opened(config) as (_, database), database.read() as connection:
        rows = reach.suspended(connection)
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, COLUMNS, "no address gave mail back")


def release(config: Path | None, addresses: list[str]) -> None:
    """Write to suspended addresses again."""
    with out.opened(config) as (_, database), database.write() as connection:
        for address in addresses:
            if not reach.release(connection, address):
                raise NotAllowed(f"{address} is not suspended; nothing was released")
    out.line(f"{len(addresses)} released")
