"""Kept long enough: what `[retention]` says goes, a little at a time, on one node a day.

The clock rings; how far it came stands in the database. While the wall clock is not believed
nothing goes: what was erased by mistake comes back for nobody.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from maild.carry import Office
from maild.log import Event, event
from maild.metrics import Metric, count
from maild.settings import Retention
from maild.store import residue, retention
from maild.store.retention import Kind

ROWS_PER_CHUNK = 50
"""In one transaction: who waits for the database meanwhile waits some 50 ms."""
RING_SECONDS = 20.0
"""After so long a ring ends, and the next one goes on: a stop does not wait for longer."""


class Keeper:
    """What the clock rings for retention."""

    def __init__(
        self,
        office: Callable[[], Office],
        node: str,
        periods: Callable[[], Retention],
        is_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Take office and periods anew each time, since a reload replaces them."""
        self._office = office
        self._node = node
        self._periods = periods
        self._is_trusted = is_trusted

    def ring(self) -> int:
        """Erase what was kept long enough, for a while; return how many rows went."""
        office = self._office()
        if not self._is_trusted():
            return 0
        gone: Counter[Kind] = Counter()
        end = time.monotonic() + RING_SECONDS
        wanted = limits(self._periods(), office.now())
        if not wanted:
            residue.clear(office.database)
            return 0
        for kind, before in wanted.items():
            while self._is_mine(office):
                some = self._go(office, kind, before)
                gone[kind] += some
                if not some:
                    break
                if time.monotonic() > end:
                    _tell(gone)
                    return gone.total()
        self._finish(office)
        _tell(gone)
        return gone.total()

    def _is_mine(self, office: Office) -> bool:
        with office.database.write() as connection:
            return retention.take(connection, self._node, self._share(office), office.now())

    def _go(self, office: Office, kind: Kind, before: datetime) -> int:
        with office.database.write() as connection:
            return retention.go(connection, kind, before, office.now(), ROWS_PER_CHUNK)

    def _finish(self, office: Office) -> None:
        """End the day's work, and what an erasure that was cut off still owes."""
        if not self._is_mine(office):
            return
        if not residue.clear(office.database):
            residue.tidy(office.database)
        with office.database.write() as connection:
            retention.done(connection, self._share(office))

    def _share(self, office: Office) -> str:
        """A day's share; where the periods change there is another one."""
        return f"{office.now().date()} {self._periods()}"


def limits(periods: Retention, now: datetime) -> dict[Kind, datetime]:
    """Return before when each kind of data goes; a kind that is kept for ever is not in it."""
    seconds = {
        Kind.HELD: periods.held_seconds,
        Kind.TICKETS: periods.ticket_seconds,
        Kind.RAW_MAIL: periods.raw_mail_seconds,
        Kind.OUTBOX: periods.outbox_seconds,
        Kind.COMMENTS: periods.comment_seconds,
    }
    return {kind: now - timedelta(seconds=some) for kind, some in seconds.items() if some}


def _tell(gone: Counter[Kind]) -> None:
    for kind, rows in gone.items():
        if rows:
            count(Metric.ROWS_ERASED, rows, kind=kind)
    if gone.total():
        words = ", ".join(f"{kind} {rows}" for kind, rows in gone.items() if rows)
        event(Event.RETENTION_ENDED, erased=words)
