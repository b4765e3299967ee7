"""Absence: an agent who is away until some time, or until they say that they are back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of an absence that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """One agent's absence; one that has ended already means that they are here."""

    agent: str
    """Registered address."""
    since: datetime
    until: datetime | None = None
    """None until they say that they are back."""
    set_by: str
    """An address, or `operator`."""

    @property
    def ends(self) -> datetime:
        """When they are back."""
        return self.until or FOREVER

    def holds(self, at: datetime) -> bool:
        """Tell whether the agent is away at an instant."""
        return self.since <= at < self.ends
