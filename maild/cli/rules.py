"""`maild rules list`: the rules in their order, and how often each fired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from maild import rulefiles
from maild.cli import show as out
from maild.furnish import renderer_of
from maild.now import utc_now
from maild.store import firings

COLUMNS = ("name", "on", "day", "week", "last", "source")


def list_rules(config: Path | None, *, as_json: bool) -> None:
    """Print each rule with its firings of the last day and week, and when the last one was."""
    now = utc_now()
    with out.opened(config) as (known, database), database.read() as connection:
        names = frozenset(renderer_of(known).names)
        rules = rulefiles.load(known.rules_dir, known.house, templates=names)
        week = firings.since(connection, now - timedelta(days=7))
    rows = []
    for rule in rules:
        times = week.get(rule.name, [])
        day = sum(at > now - timedelta(days=1) for at in times)
        last = max(times).isoformat(timespec="seconds") if times else None
        rows.append(
            {
                "name": rule.name,
                "on": rule.on.value,
                "day": day,
                "week": len(times),
                "last": last,
                "source": rule.source,
            }
        )
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, COLUMNS, "there are no rules")
