"""Does everything move that has to? Asked by health, by the watchdog, and when it ends.

A part is a thread in a loop that notes when it last got on; while it waits for somebody else, as
for a relay, it says so and is left in peace.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from maild.errors import MaildError
from maild.log import Event, event

LOOK_SECONDS = 10.0
TOLD_SECONDS = 30.0
"""A database that was silent for so long is told of in the log."""
SILENT_SECONDS = 60.0
"""Health fails when the database, or a part, did nothing for so long."""
END_SECONDS = 28.0
CUT_OFF = 75
"""The exit code of an end that lasted too long."""


class Pace:
    """When a part last got on."""

    def __init__(self) -> None:
        """It just began."""
        self._at = time.monotonic()

    def moves(self) -> None:
        """It got on."""
        self._at = time.monotonic()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Meanwhile it waits for somebody who has a time limit of their own."""
        self._at = math.inf
        try:
            yield
        finally:
            self.moves()

    @property
    def silence(self) -> float:
        """For how many seconds it has not moved; none while it waits."""
        return max(0.0, time.monotonic() - self._at)


class Vitals:
    """What a daemon is made of."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.store = Pace()
        """Moves whenever the database was written."""
        self._parts: dict[str, tuple[threading.Thread, Pace]] = {}
        self._is_told = False

    def watch(self, thread: threading.Thread, pace: Pace) -> None:
        """Expect a part to move from now on."""
        pace.moves()
        self._parts[thread.name] = (thread, pace)

    def look(self) -> None:
        """Say once that the database is silent: who waits for it may say nothing at all."""
        silence = self.store.silence
        if silence > TOLD_SECONDS and not self._is_told:
            event(Event.STORE_DELAYED, error=f"the database is silent for {silence:.0f} seconds")
        self._is_told = silence > TOLD_SECONDS

    def check_store(self) -> str:
        """Return what `/healthz` says of the database; empty when it is written."""
        silence = self.store.silence
        return f"not written for {silence:.0f} seconds" if silence > SILENT_SECONDS else ""

    def check_threads(self, *others: threading.Thread) -> str:
        """Return what `/healthz` says of the work; empty when all of it moves."""
        dead = [one.name for one in (*others, *self.threads) if not one.is_alive()]
        if dead:
            return f"ended: {', '.join(dead)}"
        still = [name for name, (_, pace) in self._parts.items() if pace.silence > SILENT_SECONDS]
        return f"no progress for {SILENT_SECONDS:.0f} seconds: {', '.join(still)}" if still else ""

    @property
    def threads(self) -> tuple[threading.Thread, ...]:
        """The threads of all parts."""
        return tuple(thread for thread, _ in self._parts.values())


@contextmanager
def ending(why: BaseException | None) -> Iterator[None]:
    """End this process as a crash would if the block lasts for too long.

    Whatever is left is what a crash leaves: nothing that was acknowledged is lost by it. `why` is
    the error that it ends for, if any: it keeps its words and its exit code.
    """
    timer = threading.Timer(END_SECONDS, _cut_off, [why])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut_off(why: BaseException | None) -> None:
    words = f"cut off: not at an end in {END_SECONDS:.0f} seconds"
    event(Event.DAEMON_STOPPED, error=f"{words}; {why}" if why else words)
    code = why.exit_code if isinstance(why, MaildError) else MaildError.exit_code
    os._exit(code if why else CUT_OFF)
