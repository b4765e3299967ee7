"""How things stand, asked of the database now and then and told to metrics, log and health."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from maild import metrics
from maild.handle import Office
from maild.log import Event, event
from maild.store import account, status

STALLED_AFTER = timedelta(minutes=5)


class Watch:
    """One pair of eyes; `look` is called by the clock."""

    def __init__(self, office: Callable[[], Office]) -> None:
        """Take the office anew each time, since a reload replaces it."""
        self._office = office
        self._breaker = account.Breaker(is_open=False, mails=0, most=0)

    def look(self) -> None:
        """Set every gauge; say what must not wait for somebody to look at them."""
        office = self._office()
        now = office.now()
        with office.database.read() as connection:
            found = status.standing(connection, now)
            breaker = account.breaker(connection, office.world.house, now)
        metrics.observe(_measured(found, breaker, now))
        if found.journal_oldest and now - found.journal_oldest > STALLED_AFTER:
            event(Event.JOURNAL_STALLED, since=found.journal_oldest.isoformat())
        self._tell(breaker)

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


def _measured(found: status.Standing, breaker: account.Breaker, now: datetime) -> metrics.Status:
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
        breaker_open=breaker.is_open,
    )


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
