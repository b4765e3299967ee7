"""The event log of one ticket as values: what it says about states, priorities and answers.

The log is read in the order in which it was written (by id); a clock that was set back does not
turn it around: no entry is earlier than the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from operator import attrgetter

from maild.core.ticket import PostKind, Priority, State

STATE_CHANGED = "state.changed"
PRIORITY_CHANGED = "priority.changed"
CUSTOMER_CHANGED = "customer.changed"
TICKET_CREATED = "ticket.created"
POST_ADDED = "post.added"
POST_UNDONE = "post.undone"
NOT_DELIVERED = frozenset({"reply.failed", "reply.suspended", "reply.bounced"})
_BY_ID = attrgetter("id")
_STATES = frozenset(State)
_PRIORITIES = frozenset(Priority)
_PRIORITY_IN = {TICKET_CREATED: "priority", PRIORITY_CHANGED: "to"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ticket's log."""

    id: int
    """Rises with every line."""
    at: datetime
    kind: str
    """`noun.past`, as in `core.decision.EventDraft`."""
    actor: str = ""
    data: tuple[tuple[str, str], ...] = ()

    def value(self, key: str) -> str:
        """Return a value of the entry, empty when it has none of this name."""
        for name, text in self.data:
            if name == key:
                return text
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time during which a ticket stood in one state."""

    start: datetime
    end: datetime
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A post of a person that the other side can read."""

    n: int
    at: datetime
    kind: PostKind
    """CUSTOMER or AGENT."""


def ordered(log: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return a log in the order in which it was written, its times never going back."""
    found = sorted(log, key=_BY_ID)
    if all(before.at <= entry.at for before, entry in pairwise(found)):
        return tuple(found)
    entries: list[Entry] = []
    latest: datetime | None = None
    for entry in found:
        latest = entry.at if latest is None else max(entry.at, latest)
        entries.append(entry if entry.at == latest else replace(entry, at=latest))
    return tuple(entries)


def created_at(log: Sequence[Entry]) -> datetime | None:
    """Return when the ticket of an ordered log was opened; None when the log does not tell."""
    return next((entry.at for entry in log if entry.kind == TICKET_CREATED), None)


def periods(log: Sequence[Entry], now: datetime) -> tuple[Period, ...]:
    """Return the states of an ordered log from its beginning to `now`, without empty ones.

    The last one is there even when it has just begun.
    """
    start, state, found = created_at(log), State.NEW, []
    if start is None:
        return ()
    for entry in log:
        if entry.kind == STATE_CHANGED and entry.value("to") in _STATES:
            found.append(Period(start=start, end=entry.at, state=state))
            start, state = entry.at, State(entry.value("to"))
    last = Period(start=start, end=max(now, start), state=state)
    return (*(period for period in found if period.start < period.end), last)


def priority_at(log: Sequence[Entry], at: datetime | None) -> Priority:
    """Return the priority that an ordered log gives for an instant; None asks for the newest."""
    priority = Priority.NORMAL
    for entry in log:
        if at is not None and entry.at > at:
            break
        word = _PRIORITY_IN.get(entry.kind)
        if word is not None and entry.value(word) in _PRIORITIES:
            priority = Priority(entry.value(word))
    return priority


def spoken(log: Sequence[Entry]) -> tuple[Spoken, ...]:
    """Return the posts of an ordered log that persons exchanged.

    Left out are notes, automatic mail, and an agent's posts that were undone or that the customer
    never got.
    """
    lost = frozenset(_lost(log))
    return tuple(
        Spoken(n=int(entry.value("n")), at=entry.at, kind=PostKind(entry.value("kind")))
        for entry in log
        if entry.kind == POST_ADDED
        and entry.value("kind") in (PostKind.CUSTOMER, PostKind.AGENT)
        and entry.value("n").isdecimal()
        and entry.value("n") not in lost
    )


def _lost(log: Sequence[Entry]) -> Iterator[str]:
    """Give the numbers of the posts that were undone or did not reach the customer."""
    customer = ""
    for entry in log:
        if entry.kind == TICKET_CREATED:
            customer = (entry.value("for") or entry.actor).lower()
        elif entry.kind == CUSTOMER_CHANGED:
            customer = entry.value("to").lower()
        is_theirs = entry.kind in NOT_DELIVERED and entry.value("to").lower() == customer
        if entry.kind == POST_UNDONE or is_theirs:
            yield entry.value("n")
