"""What is on record about a customer besides the ticket in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.core.survey import Kind
from maild.core.ticket import State

RECENT_MAX = 5
"""Tickets that an agent is shown."""
COUNTED_MAX = 100
"""Tickets that are looked at, the newest ones: no count goes beyond it."""
MONTH = timedelta(days=30)
_UNSOLVED = (State.NEW, State.OPEN, State.PENDING, State.ON_HOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One ticket in a line."""

    number: int
    state: State
    subject: str
    mailbox: str
    assignee: str = ""
    language: str = ""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a customer answered when they were asked how they find us."""

    kind: Kind
    score: int
    at: datetime
    ticket: int = 0
    """0 where it is about none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The tickets of one customer, and the marks that they gave."""

    address: str
    tickets: tuple[Brief, ...] = ()
    """Newest first, at most `COUNTED_MAX`."""
    marks: tuple[Mark, ...] = ()
    """Newest first, at most `RECENT_MAX`."""

    def recent(self, but: int = 0) -> tuple[Brief, ...]:
        """Return the newest few, without the ticket in hand."""
        return tuple(one for one in self.tickets if one.number != but)[:RECENT_MAX]

    def open_tickets(self) -> int:
        """Return how many are not solved."""
        return sum(one.state in _UNSOLVED for one in self.tickets)

    def tickets_since(self, start: datetime) -> int:
        """Return how many were opened since an instant (aware)."""
        return sum(one.created_at >= start for one in self.tickets)

    def last_agent(self, but: int = 0) -> str:
        """Return who had the newest other ticket that anybody had; empty for nobody."""
        return next(
            (one.assignee for one in self.tickets if one.assignee and one.number != but), ""
        )

    def last_language(self) -> str:
        """Return the language of the newest ticket that is no spam; empty where none tells."""
        real = (one for one in self.tickets if one.state is not State.SPAM and one.language)
        return next((one.language for one in real), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """A ticket in a line, and how many days ago it was opened."""

    brief: Brief
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedMark:
    """A mark, and how many days ago it was given."""

    mark: Mark
    days: int


def aged(known: Dossier, now: datetime, but: int = 0) -> tuple[Aged, ...]:
    """Return the newest few tickets with their age, without the ticket in hand."""
    return tuple(Aged(brief=one, days=_days(one.created_at, now)) for one in known.recent(but))


def aged_marks(known: Dossier, now: datetime) -> tuple[AgedMark, ...]:
    """Return the newest few marks with their age."""
    return tuple(AgedMark(mark=one, days=_days(one.at, now)) for one in known.marks)


def find(dossiers: Sequence[Dossier], address: str) -> Dossier:
    """Return the dossier of an address; an empty one where nothing is on record."""
    wanted = address.lower()
    return next((one for one in dossiers if one.address == wanted), Dossier(address=wanted))


def _days(since: datetime, now: datetime) -> int:
    return max((now - since) // timedelta(days=1), 0)
