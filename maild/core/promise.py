"""What is promised to whom, and when that is due: policies, their targets and their choice.

What became of a promise on one ticket is `core/sla.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maild.core import calendar
from maild.core.calendar import Calendar
from maild.core.rule import Condition, Context
from maild.core.ticket import Priority


class Clock(StrEnum):
    """What is timed on a ticket."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How long something may take, in seconds of working time; 0 promises nothing."""

    urgent: int = 0
    high: int = 0
    normal: int = 0
    low: int = 0

    def of(self, priority: Priority) -> int:
        """Return the seconds for a priority; 0 when nothing is promised."""
        seconds: int = getattr(self, priority.value)
        return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnAt:
    """When to warn: after a share of the time (0.8), or so many seconds before the deadline.

    Both are working time.
    """

    share: float = 0.0
    before_seconds: int = 0

    def after(self, target_seconds: int) -> int:
        """Return after how many seconds to warn; 0 or less when the target is too short for it."""
        if self.share:
            return round(target_seconds * self.share)
        return target_seconds - self.before_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`[[sla]]`: what is promised to whom. The first one that matches counts."""

    name: str
    match: str = ""
    """A condition in CEL, as written; empty for every ticket."""
    calendar: str = ""
    """Name of a calendar; empty means around the clock."""
    first_response: Target = Target()
    next_response: Target = Target()
    resolution: Target = Target()
    warn_at: tuple[WarnAt, ...] = ()
    pause: tuple[str, ...] = ("pending",)
    """The states in which the clocks stand still."""

    def target(self, clock: Clock) -> Target:
        """Return what is promised for one clock."""
        target: Target = getattr(self, clock.value)
        return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A policy, ready for use: its calendar at hand, its condition compiled."""

    policy: Policy
    calendar: Calendar
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One moment of a clock: a warning, or the deadline itself."""

    kind: str
    """`first_response`, `first_response.warning`, and so on."""
    after: timedelta
    """Working time from the start of the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that is due: a mark of a clock that runs without a break, or of another kind."""

    kind: str
    due_at: datetime
    is_over: bool = False
    """Its time has come, as it is told."""


def choose(promises: Sequence[Promise], context: Context) -> Promise | None:
    """Return the first promise whose condition holds, or None."""
    return next((promise for promise in promises if promise.condition(context)), None)


def marks(policy: Policy, clock: Clock, priority: Priority) -> tuple[Mark, ...]:
    """Return the warnings of a clock in order, then its deadline; nothing without a target.

    Warnings that would come at once are left out, and two of the same moment are one.
    """
    target = policy.target(clock).of(priority)
    if not target:
        return ()
    early = sorted({warn.after(target) for warn in policy.warn_at})
    warnings = tuple(
        Mark(kind=f"{clock}.warning", after=timedelta(seconds=seconds))
        for seconds in early
        if 0 < seconds < target
    )
    return (*warnings, Mark(kind=clock.value, after=timedelta(seconds=target)))


def preview(policy: Policy, hours: Calendar, priority: Priority, at: datetime) -> tuple[Due, ...]:
    """Return what would be due for a ticket that comes at an instant (aware), in order of time."""
    return tuple(sorted(_dues(policy, hours, priority, at), key=lambda due: due.due_at))


def _dues(policy: Policy, hours: Calendar, priority: Priority, at: datetime) -> Iterator[Due]:
    """Give every mark with its time."""
    for clock in Clock:
        for mark in marks(policy, clock, priority):
            yield Due(kind=mark.kind, due_at=calendar.due_after(hours, at, mark.after))
