"""How things stand, asked of the database now and then and told to metrics, log and health.

Whoever scrapes waits for a look that is a few seconds old at most; many scrapers cost one look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from maild import metrics
from maild.core import weeklymail
from maild.core.scorecard import Report
from maild.errors import TemporaryError
from maild.handle import Office
from maild.log import Event, event
from maild.store import account, reach, reports, status
from maild.store.database import Connection

FRESH_SECONDS = 5.0
STALLED_AFTER = timedelta(minutes=5)


class Watch:
    """One pair of eyes; `look` is called by the clock."""

    def __init__(
        self,
        office: Callable[[], Office],
        figures: Callable[[], Report] | None = None,
        disk: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        """Take the office anew each time, since a reload replaces it.

        `figures` are those of the status wall, cheap to ask for; `disk` tells the bytes that are
        free, and those that must be.
        """
        self._office = office
        self._figures = figures
        self._disk = disk
        self._looking = threading.Lock()
        self._looked_at: float | None = None
        self._breaker = account.Breaker(is_open=False, mails=0, most=0)

    def look(self) -> None:
        """Set every gauge; say what must not wait for somebody to look at them."""
        office = self._office()
        now = office.now()
        with office.database.read() as connection:
            found = status.standing(connection, now)
            breaker = account.breaker(connection, office.world.house, now)
            overdue = _overdue(connection, office, now)
            suspended = len(reach.silenced(connection, office.world.house.agent_addresses))
        measured = _measured(found, breaker, now, overdue)
        metrics.observe(replace(measured, agents_suspended=suspended))
        self._looked_at = time.monotonic()
        if found.journal_oldest and now - found.journal_oldest > STALLED_AFTER:
            event(Event.JOURNAL_STALLED, since=found.journal_oldest.isoformat())
        self._tell(breaker)

    def exposition(self) -> bytes:
        """Return what a scraper is told; waits for the database, so never on the event loop.

        While the database cannot be read the last look is told, and how old it is.
        """
        with self._looking:
            if self._looked_at is None or time.monotonic() > self._looked_at + FRESH_SECONDS:
                try:
                    self.look()
                    self._measure_figures()
                except TemporaryError as error:
                    event(Event.STORE_DELAYED, job="metrics", error=error)
            if self._disk is not None:
                metrics.observe_disk(*self._disk())
            return metrics.exposition()

    def check_disk(self) -> str:
        """Return what `/healthz` says of the disk; empty while there is room."""
        free, wanted = self._disk() if self._disk is not None else (0, 0)
        if free >= wanted:
            return ""
        return f"only {free} bytes are free, and {wanted} are wanted: mail is refused"

    def _measure_figures(self) -> None:
        if self._figures is not None:
            shares = self._figures().total.whole.sla_by_clock
            metrics.observe_sla({c: share.hits / share.n for c, share in shares if share.n})

    def check_breaker(self) -> str:
        """Return what `/healthz` says of automatic mail; empty when it flows."""
        if not self._breaker.is_open:
            return ""
        return f"automatic mail to customers is stopped: over {self._breaker.most} in ten minutes"

    def _tell(self, breaker: account.Breaker) -> None:
        """Say once that automatic mail stopped, and once that it flows again."""
        if breaker.is_open != self._breaker.is_open:
            what = Event.BREAKER_OPENED if breaker.is_open else Event.BREAKER_CLOSED
            event(what, mails=breaker.mails, most=breaker.most)
        self._breaker = breaker


def _overdue(connection: Connection, office: Office, now: datetime) -> float:
    """Return for how many seconds a report is due that is not written."""
    house = office.world.house
    period = weeklymail.latest(now, house.reporting.rhythm, house.zone)
    if period is None or reports.is_written(connection, period.key):
        return 0.0
    return _age(period.due_at, now)


def _measured(
    found: status.Standing, breaker: account.Breaker, now: datetime, overdue: float
) -> metrics.Status:
    return metrics.Status(
        journal=found.journal,
        journal_oldest_seconds=_age(found.journal_oldest, now),
        outbox=found.outbox,
        outbox_oldest_seconds=_age(found.outbox_oldest, now),
        tickets=found.tickets,
        deadlines=found.deadlines,
        mailboxes=tuple(
            metrics.MailboxStatus(
                name=box.name,
                last_success=box.last_success.timestamp() if box.last_success else 0.0,
                behind=box.behind,
            )
            for box in found.mailboxes
        ),
        automatic_mails=breaker.mails,
        automatic_mails_max=breaker.most,
        report_overdue_seconds=overdue,
        looked=now.timestamp(),
        breaker_open=breaker.is_open,
    )


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
