"""`maild agent handover`: the tickets of somebody who is away, or has left, go to others."""

from __future__ import annotations

from pathlib import Path

from maild import handover
from maild.cli import show as out
from maild.cli.place import WrongUsage
from maild.furnish import office_of
from maild.store.secret import load_keys

COLUMNS = ("ticket", "to", "queue", "why")


def hand_over(config: Path | None, of: str, to: str, *, as_json: bool) -> None:
    """Print who got which ticket, and why; nobody where none can take it."""
    with out.opened(config) as (known, database):
        agent = known.house.agent_of(of)
        wanted = handover.Handover(of=agent.address if agent else of.lower(), to=to.lower())
        if to and known.house.agent_of(to) is None:
            raise WrongUsage(f"{to} is no agent")
        office = office_of(known, database, load_keys(known.secret_file, database))
        handed = handover.hand_over(office, wanted)
    rows = [
        {"ticket": one.ticket, "to": one.to, "queue": one.queue, "why": one.why} for one in handed
    ]
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, COLUMNS, f"{of} has nothing in hand")
