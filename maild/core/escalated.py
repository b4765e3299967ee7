"""An escalation as people read it: who raised a ticket, why, from where, and how to stop it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

ESCALATED = "ticket.escalated"
RETURNED = "ticket.returned"
"""Handed back to a lower tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What a notification tells of it."""

    by: str = ""
    """The agent or the rule who did it."""
    why: str = ""
    """In words; empty when nobody said."""
    from_tier: int = 0
    """0 where the tier stayed as it was."""
    to_tier: int = 0
    step: int = 0
    """Of a ladder, from 1; 0 for its beginning, or for none."""
    steps: int = 0
    """So many steps a ladder has; 0 for no ladder."""
    next_at: datetime | None = None
    """When its next step comes, if nobody acts; None for none."""

    @property
    def is_ladder(self) -> bool:
        """Whether somebody can stop it."""
        return self.steps > 0


def of_events(events: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]) -> Escalation:
    """Return what lines of a log, (kind, actor, data), tell of the tier; the last word counts."""
    found = Escalation()
    for kind, actor, data in events:
        if kind not in (ESCALATED, RETURNED):
            continue
        said = dict(data)
        first = found.from_tier or _tier(said.get("from", ""))
        found = replace(
            found,
            by=actor,
            why=said.get("why", "") or found.why,
            from_tier=first,
            to_tier=_tier(said.get("to", "")),
        )
    return found


def _tier(text: str) -> int:
    return int(text) if text.isdecimal() else 0
