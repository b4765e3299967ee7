"""An IMAP server that is gone for six hours: how often it is asked, what is said, what is missed.

Waits between tries are the real ones, counted and not waited for; all else happens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest

from maild.intake.imap import MailboxPoller
from tests.intake.imap_bench import mail, opened_store
from tests.needs import needs
from tests.servers.dovecot import Dovecot, running_dovecot, wait_until

pytestmark = [needs("root", "dovecot"), pytest.mark.servers]
AWAY_HOURS = 6
MAILS = 200
TRIES_PER_HOUR_MAX = 30
"""Waits of at most five minutes, at least half of that: 24 in an hour, and some at the start."""
CAUGHT_UP_SECONDS_MAX = 60


class Hours(threading.Event):
    """A stop whose waits take no time until some hours have gone by so; then something happens."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then = then
        self.waits: list[float] = []
        self.is_over = False

    def wait(self, timeout: float | None = None) -> bool:
        """Count the wait, or wait, when the hours are over."""
        if timeout is None or self.is_over:
            return super().wait(timeout)
        self.waits.append(timeout)
        if sum(self.waits) > AWAY_HOURS * 3600:
            self.is_over = True
            self._then()
        return self.is_set()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


def test_six_hours_away_are_few_tries_one_line_and_nothing_missed(
    dovecot: Dovecot, tmp_path: Path, logged: StringIO, figures: Callable[..., None]
) -> None:
    back = threading.Event()

    def come_back() -> None:
        dovecot.start()
        dovecot.add("gone", *(mail(n) for n in range(MAILS)))
        back.set()

    hours = Hours(come_back)
    dovecot.stop()
    with opened_store(tmp_path) as store:
        poller = MailboxPoller(dovecot.settings("gone", since="all"), store.desk())
        poller._stop = hours
        poller.start()
        assert back.wait(60), "the hours never end"
        started = time.monotonic()
        wait_until(
            lambda: store.confirmed("gone") == MAILS, "not caught up", CAUGHT_UP_SECONDS_MAX
        )
        seconds = time.monotonic() - started
        poller.ask_to_stop()
        poller.join(20)
        missed, doubled = MAILS - store.journalled("gone"), store.doubled("gone")

    per_hour = len(hours.waits) / AWAY_HOURS
    figures(
        hours_away=AWAY_HOURS,
        tries_per_hour=per_hour,
        longest_wait_seconds=max(hours.waits),
        lines_in_the_log=logged.getvalue().count("mailbox.lost"),
        mails=MAILS,
        missed=missed,
        doubled=doubled,
        caught_up_after_seconds=seconds,
    )
    assert (missed, doubled) == (0, 0)
    assert max(hours.waits) <= 300
    assert per_hour <= TRIES_PER_HOUR_MAX
    assert logged.getvalue().count("mailbox.lost") == 1, "one reason is told once"
