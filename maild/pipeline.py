"""Mail in, one straight line: claim -> read -> handle.

Strategy: while one batch is handled the next one is being read, so that the readers and the
database work at the same time. Batches are handled in journal order. A failing database pauses
the line and loses nothing: what was claimed comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass

from maild import handle
from maild.core.decision import Outcome
from maild.core.reason import Why
from maild.errors import TemporaryError
from maild.handle import Handled, Office
from maild.log import Event, event
from maild.metrics import Metric, count, measure
from maild.reader import NotRead, Read, ReaderPool
from maild.store import journal
from maild.store.journal import Claimed

BATCH_MAILS = 32
PAUSE_SECONDS = 2.0
IDLE_SECONDS = 1.0

_LOGGED = {
    Outcome.POSTED: Event.MAIL_POSTED,
    Outcome.HELD: Event.MAIL_HELD,
    Outcome.IGNORED: Event.MAIL_IGNORED,
}


@dataclass(frozen=True, slots=True)
class _InHand:
    claimed: Claimed
    read: Future[Read]


class Pipeline:
    """The line of one node; `run` is its thread."""

    def __init__(self, office: Callable[[], Office], readers: ReaderPool, node: str) -> None:
        """Take the office anew for each batch, since a reload replaces it."""
        self._office = office
        self._readers = readers
        self._node = node
        self.wake = threading.Event()
        self.on_replies: Callable[[], None] = lambda: None
        """Called when replies were queued."""

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; what is in hand is finished or put back."""
        batch: list[_InHand] = []
        while not stop.is_set():
            try:
                batch = self._turn(batch)
            except TemporaryError as error:
                event(Event.STORE_DELAYED, error=error)
                batch = []
                stop.wait(PAUSE_SECONDS)
            except Exception as error:  # noqa: BLE001 - loop top: a bug never ends the line
                event(Event.WORK_FAILED, work="a batch of mails", error=error)
                batch = []
                stop.wait(PAUSE_SECONDS)
            if not batch:
                self.wake.wait(IDLE_SECONDS)
                self.wake.clear()
        self._put_back(batch)

    def step(self) -> int:
        """Handle what is due now, once; return how many mails ended."""
        done = 0
        while batch := self._claim():
            done += sum(h.outcome is not Outcome.WAIT for h in self._handle(batch))
        return done

    def _turn(self, batch: list[_InHand]) -> list[_InHand]:
        """Handle a batch while the next one is being read; return the next one."""
        following: list[_InHand] = []
        with ExitStack() as failed:
            failed.callback(lambda: self._put_back([*batch, *following]))
            following += self._claim()
            if batch:
                self._handle(batch)
            failed.pop_all()
        return following

    def _claim(self) -> list[_InHand]:
        office = self._office()
        found = journal.claim(office.database, self._node, office.now(), BATCH_MAILS)
        return [_InHand(claimed, self._read(claimed)) for claimed in found]

    def _read(self, claimed: Claimed) -> Future[Read]:
        if not claimed.is_damaged:
            return self._readers.submit(claimed.raw, claimed.envelope)
        told: Future[Read] = Future()
        told.set_result(NotRead(is_hostile=True, reason="its raw bytes cannot be read"))
        return told

    def _handle(self, batch: list[_InHand]) -> tuple[Handled, ...]:
        items = [(item.claimed, item.read.result()) for item in batch]
        handled = handle.mails(self._office(), items)
        measure(Metric.COMMIT_BATCH, len(items))
        for done in handled:
            _tell(done)
        if any(done.replies for done in handled):
            self.on_replies()
        return handled

    def _put_back(self, batch: list[_InHand]) -> None:
        if not batch:
            return
        office = self._office()
        try:
            with office.database.write() as connection:
                journal.put_back(connection, [item.claimed.id for item in batch], None)
        except TemporaryError as error:
            event(Event.STORE_DELAYED, error=error)


def _tell(done: Handled) -> None:
    for reason in done.reasons:
        if reason.why is Why.RULE_FAILED:
            event(Event.RULE_FAILED, mail=done.journal_id, why=reason.detail)
        if reason.why is Why.OVER_BUDGET:
            count(Metric.BUDGET_WITHHELD)
    what = _LOGGED.get(done.outcome)
    if what is None:
        return
    count(Metric.MAIL_OUTCOMES, outcome=done.outcome.value, kind=done.kind)
    event(
        what,
        mail=done.journal_id,
        ticket=done.ticket or None,
        why="; ".join(str(reason) for reason in done.reasons),
        replies=done.replies,
    )
