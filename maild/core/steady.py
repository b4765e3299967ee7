"""Can the wall clock be believed? Judged by a second clock that nobody can set; pure.

What is due is told by the wall clock. Set back, it only makes deadlines wait. Leaping ahead, it
would fire what is not due: then nothing fires until it comes back into line, or until somebody
says that it is right. A leap that a settling clock makes (a virtual machine that slept, NTP after
a start) is believed after it has stayed for a while; a leap of days is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LEAP = timedelta(minutes=2)
"""More than the two clocks may differ between two looks."""
SETTLED_AFTER = timedelta(minutes=10)
DOUBTED_FROM = timedelta(days=1)
"""A longer leap is believed only when somebody says so."""
SILENCE_MAX = timedelta(days=30)
"""A daemon that was away for longer, by the wall clock, was perhaps not: somebody must say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at both clocks."""

    wall: datetime
    steady: timedelta
    """Time since the machine started, its sleep included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is thought of the wall clock."""

    last: Look
    leap: timedelta = timedelta()
    """How far it is ahead of where it should be; nothing while it is believed."""
    since: timedelta = timedelta()
    """When it leapt, by the steady clock."""

    @property
    def is_trusted(self) -> bool:
        """Whether what is due by this clock may fire."""
        return self.leap <= timedelta()


def first(look: Look, seen: datetime | None) -> Belief:
    """Judge at the start, by when the database was last written to; None for never."""
    silence = look.wall - seen if seen is not None else timedelta()
    leap = silence if silence > SILENCE_MAX else timedelta()
    return Belief(last=look, leap=leap, since=look.steady)


def judged(belief: Belief, look: Look) -> Belief:
    """Judge again: the wall clock should have gone on as far as the steady one."""
    drift = (look.wall - belief.last.wall) - (look.steady - belief.last.steady)
    if abs(drift) <= LEAP:
        drift = timedelta()
    if belief.is_trusted:
        leap = max(drift, timedelta())
        return Belief(last=look, leap=leap, since=look.steady)
    leap = belief.leap + drift
    if leap <= LEAP or _has_settled(leap, look.steady - belief.since):
        leap = timedelta()
    since = look.steady if drift > timedelta() else belief.since
    return Belief(last=look, leap=leap, since=since)


def believed(belief: Belief) -> Belief:
    """Take somebody's word that the clock is right."""
    return Belief(last=belief.last, since=belief.since)


def moved(belief: Belief, look: Look) -> timedelta:
    """Return how far the wall clock moved by itself since the last look; nothing for a little."""
    drift = (look.wall - belief.last.wall) - (look.steady - belief.last.steady)
    return drift if abs(drift) > LEAP else timedelta()


def _has_settled(leap: timedelta, stayed: timedelta) -> bool:
    return leap < DOUBTED_FROM and stayed >= SETTLED_AFTER
