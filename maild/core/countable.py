"""What can be counted: happenings of tickets and surveys, and since when a ticket waits; values.

`core/chronicle.py` reads them out of a log, `core/counting.py` counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maild.core.traits import Traits


class What(StrEnum):
    """What may happen that is counted."""

    OPENED = "opened"
    SPAM = "spam"
    """It is no ticket after all: nothing of it counts."""
    ANSWERED = "answered"
    """The first public reply of an agent; `value` is in seconds, as of the two below."""
    ANSWERED_WORKING = "answered in working time"
    SOLVED = "solved"
    SOLVED_WORKING = "solved in working time"
    FIRST_CONTACT = "solved by one answer"
    DEFLECTED = "solved without a person"
    ENDED = "ended"
    """It was solved, even if not for long."""
    REOPENED = "reopened"
    ESCALATED = "escalated"
    PROMISE = "promise"
    """`key` is the clock and which run of it; `value` is 1 for kept, 0 for missed."""
    ASKED = "asked"
    """`key` is the survey's kind and number, as of the one below."""
    VOTED = "voted"
    """`value` is the mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One line of a ticket's log."""

    at: datetime
    kind: str
    actor: str = ""
    data: Mapping[str, str]
    journal_id: int = 0
    """The mail that it was written for; 0 for none."""
    rules: tuple[str, ...] = ()
    """Names of the rules that fired for this mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that happened to a ticket, or is taken back."""

    what: What
    key: str = ""
    """Of several things of one kind on the same ticket, which one."""
    value: float | None = 0.0
    """None takes it back."""
    at: datetime
    """When the log was told of it."""
    traits: Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """From when on a ticket waits to be solved, or does not, and where it belongs."""

    since: datetime
    is_unsolved: bool
    traits: Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All of a ticket that counts, in the order in which it was written."""

    happened: tuple[Happened, ...] = ()
    standings: tuple[Standing, ...] = ()
