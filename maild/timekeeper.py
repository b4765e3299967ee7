"""Is the wall clock believed in this process? Asked by whatever goes by the time that it shows.

Strategy: who is about to do something because a time came looks at both clocks first, so that no
leap lies between the last look and the deed (`core/steady.py` judges). A process has one of these.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from maild.core import steady
from maild.core.steady import Belief, Look
from maild.handle import Office
from maild.log import Event, event
from maild.store import deadlines

SEEN_EVERY = timedelta(minutes=1)
APART = timedelta(seconds=30)
"""Nodes whose clocks differ by more make mails wait: each goes by its own."""


def since_start() -> timedelta:
    """Return for how long the machine runs: a clock that nobody sets, its sleep included."""
    return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


class Timekeeper:
    """What a process thinks of the wall clock; any thread may ask."""

    def __init__(
        self, office: Callable[[], Office], running: Callable[[], timedelta] = since_start
    ) -> None:
        """Take the office anew each time, since a reload replaces it."""
        self._office = office
        self._running = running
        self._one_at_a_time = threading.Lock()
        self._belief: Belief | None = None
        self._saw_at = timedelta()
        self._off = timedelta()

    def look(self) -> bool:
        """Look at both clocks; tell whether the wall clock is believed, and log a turn."""
        with self._one_at_a_time:
            return self._look().is_trusted

    def saw(self) -> None:
        """Write down now and then what time it is, for the next start to compare."""
        running = self._running()
        if self._saw_at and running - self._saw_at < SEEN_EVERY:
            return
        office = self._office()
        with office.database.write() as connection:
            deadlines.see(connection, office.now())
        self._saw_at = running

    def compare(self, theirs: datetime | None) -> None:
        """Compare with the clock that all nodes share; None where there is no such clock."""
        off = self._office().now() - theirs if theirs else timedelta()
        before, self._off = self._off, off if abs(off) > APART else timedelta()
        if self._off and not before:
            event(Event.CLOCK_DIFFERS, seconds=int(off.total_seconds()))

    def believe(self) -> None:
        """Take an operator's word that the clock is right: they reloaded the daemon."""
        with self._one_at_a_time:
            if self._belief is not None and not self._belief.is_trusted:
                self._belief = steady.believed(self._belief)
                event(Event.CLOCK_SETTLED, why="reload")

    def check(self) -> str:
        """Return what `/healthz` says of the clock; empty while it is believed."""
        belief = self._belief
        if self._off:
            return f"it is {self._off.total_seconds():+.0f} s off the database's: let NTP set it"
        if belief is None or belief.is_trusted:
            return ""
        return (
            f"the clock leapt ahead by {belief.leap}: what waits for a time waits until you reload"
        )

    def _look(self) -> Belief:
        office, before = self._office(), self._belief
        look = Look(wall=office.now(), steady=self._running())
        if before is None:
            with office.database.read() as connection:
                seen = deadlines.seen(connection)
            self._belief = steady.first(look, seen)
            jump = self._belief.leap
        else:
            jump = steady.moved(before, look)
            self._belief = steady.judged(before, look)
        if jump:
            event(Event.CLOCK_JUMPED, seconds=int(jump.total_seconds()))
        elif before is not None and self._belief.is_trusted and not before.is_trusted:
            event(Event.CLOCK_SETTLED, why="it stayed")
        return self._belief
