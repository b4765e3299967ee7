"""What an agent is told in the morning: their tickets, what fell due, what nobody has taken yet.

The lead of a queue is told its numbers as well. All that is listed is bounded; what is left out is
counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from maild.core.promise import Due
from maild.core.ticket import Priority, Ticket

OWN_MAX = 15
OVER_MAX = 10
UNASSIGNED_MAX = 3
_NEVER = datetime.max.replace(tzinfo=UTC)
_URGENCY = {one: rank for rank, one in enumerate(reversed(Priority))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A ticket that may be listed: what its place depends on."""

    number: int
    priority: Priority
    opened_at: datetime
    due: Due | None = None
    """What is next due on it, or what fell due; None for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A ticket that is listed."""

    ticket: Ticket
    due: Due | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """A list of tickets, and how many there are in all."""

    shown: tuple[Waiting, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of one queue."""

    queue: str
    new: int = 0
    open: int = 0
    pending: int = 0
    unassigned: int = 0
    oldest_at: datetime | None = None
    """When the oldest ticket was opened that is neither solved nor closed; None for none."""
    opened: int = 0
    """Since the last working day began, as the next two."""
    solved: int = 0
    missed: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        stock = self.new or self.open or self.pending or self.unassigned or self.oldest_at
        return not (stock or self.opened or self.solved or self.missed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Mails that are held until an operator looks at them."""

    count: int = 0
    oldest_at: datetime | None = None
    """When the oldest of them was received; None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What stands in one agent's digest of one day."""

    since: datetime
    """When the last working day before began: `over` and the numbers count from then."""
    is_yesterday: bool = True
    """That day was yesterday."""
    zone: str = "UTC"
    own: Pile = Pile()
    over: Pile = Pile()
    """What fell due on the reader's tickets."""
    unassigned: Pile = Pile()
    """What nobody has taken, in the reader's queues; the oldest come first."""
    queues: tuple[Figures, ...] = ()
    """Of the queues that the reader leads."""
    held: Held = Held()
    """Only leads are told of it."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell: then it is not written."""
        listed = self.own.count or self.over.count or self.unassigned.count
        listed = listed or self.held.count
        return not listed and all(one.is_empty for one in self.queues)


def ordered(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Put first what is next due, then what is more urgent, then what waits longer."""
    return tuple(sorted(candidates, key=_place))


def _place(one: Candidate) -> tuple[datetime, int, datetime, int]:
    due_at = one.due.due_at if one.due else _NEVER
    return due_at, _URGENCY[one.priority], one.opened_at, one.number
