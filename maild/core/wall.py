"""The status wall: what hangs in the room where a team works, and who may look at it.

A link to it is signed: it tells its day and for how many days it holds, and nothing else. Whoever
changes the wall's password ends every link that was made before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from maild.core.scorecard import Report
from maild.core.token import Keys, Purpose, issue, made_for, verify

AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""Where one pile of tickets ends and the next, older one begins."""
DAYS = 28
"""So many days, today included, are told of in figures."""
LISTED_MAX = 10
"""Deadlines that are listed."""
LINK_DAYS_MAX = 3660


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The tickets of a queue that are not solved."""

    queue: str
    by_age: tuple[int, ...] = (0,) * (len(AGES) + 1)
    """Those that wait for us (new, open), youngest first: parted at `AGES`."""
    pending: int = 0
    """Those that wait for somebody else (pending, on hold)."""
    unassigned: int = 0
    """Of those that wait for us."""
    oldest_at: datetime | None = None
    """When the oldest of those that wait for us was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due on a ticket that waits for us."""

    number: int
    subject: str
    queue: str
    mailbox: str
    priority: str
    assignee: str
    """Address; empty for nobody."""
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """All that is shown."""

    at: datetime
    stocks: tuple[Stock, ...]
    over: int
    """Promises that are over, and that are still waited for."""
    dues: tuple[Due, ...]
    """What is over, the longest first, then what is due next."""
    report: Report
    """Of the last `DAYS` days, day by day."""


def link(keys: Keys, password: str, days: int, today: date) -> str:
    """Make the token of a link that holds for so many days, today not counted."""
    return issue(keys, purpose=Purpose.WALL, ticket=days, recipient=_name(password), today=today)


def may_look(keys: Keys, password: str, text: str, today: date) -> bool:
    """Tell whether a link of ours holds today."""
    token = verify(keys, text)
    if token is None or token.purpose is not Purpose.WALL:
        return False
    is_in_time = token.issued <= today <= token.issued + timedelta(days=token.ticket)
    return is_in_time and made_for(keys, token, _name(password))


def _name(password: str) -> str:
    return f"wall?{password}"
