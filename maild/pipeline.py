"""Mail in, one straight line: claim -> read -> handle.

Strategy: while one batch is handled the next one is being read, so that the readers and the
database work at the same time. Batches are handled in journal order. A failing database pauses
the line and loses nothing: what was claimed comes back.

A mail whose sender's domain we check ourselves waits beside the line for the DNS, on its lease;
what was found is stored before it is handled. The others go by.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from maild import authenticate, handle, vitals
from maild.core.decision import Outcome
from maild.core.mail import Source
from maild.core.reason import Why
from maild.errors import HalfTaken, TemporaryError
from maild.handle import Handled, Office
from maild.log import Event, event
from maild.metrics import Metric, count, measure
from maild.reader import NotRead, Read, ReaderPool
from maild.store import early, journal
from maild.store.journal import Claimed
from maild.vitals import Pace

if TYPE_CHECKING:
    from maild.authenticate.checks import Authenticator

BATCH_MAILS = 32
PAUSE_SECONDS = 2.0
IDLE_SECONDS = 1.0
CHECKS_MAX = 64
"""So many mails wait for the DNS at once; with more, only mails that need no check are claimed."""

_LOGGED = {
    Outcome.POSTED: Event.MAIL_POSTED,
    Outcome.HELD: Event.MAIL_HELD,
    Outcome.IGNORED: Event.MAIL_IGNORED,
}


@dataclass(frozen=True, slots=True)
class _InHand:
    claimed: Claimed
    read: Future[Read]
    check: Future[str] | None = None
    """What our own checks find out; None where they are not wanted, or were done."""


class Pipeline:
    """The line of one node; `run` is its thread."""

    def __init__(
        self,
        office: Callable[[], Office],
        readers: ReaderPool,
        node: str,
        authenticator: Authenticator | None = None,
    ) -> None:
        """Take the office anew for each batch, since a reload replaces it."""
        self._office = office
        self._readers = readers
        self._node = node
        self._authenticator = authenticator
        self._waiting: list[_InHand] = []
        self._owed: list[int] = []
        """What could not be put back when the database failed, as it would wait for its lease."""
        self.wake = threading.Event()
        self.pace = Pace()
        self._in_hand: frozenset[int] = frozenset()
        self.on_replies: Callable[[], None] = lambda: None
        """Called when replies were queued."""
        self.is_trusted: Callable[[], bool] = lambda: True
        """Whether the wall clock is believed: else nobody's token is too old."""

    @property
    def in_hand(self) -> frozenset[int]:
        """The mails that nobody else may take; none once the line stands still."""
        is_still = self.pace.silence > vitals.SILENT_SECONDS
        return frozenset() if is_still else self._in_hand

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; what is in hand is finished or put back."""
        batch: list[_InHand] = []
        while not stop.is_set():
            try:
                batch = self._turn(batch)
                self.pace.moves()
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
        self._put_back([*batch, *self._waiting])

    def step(self) -> int:
        """Handle what is due now, once; return how many mails ended."""
        done = 0
        while (batch := self._claim()) or self._waiting:
            if batch:
                done += sum(h.outcome is not Outcome.WAIT for h in self._handle(batch))
            else:
                checks = [item.check for item in self._waiting if item.check]
                futures.wait(checks, return_when=futures.FIRST_COMPLETED)
        return done

    def _turn(self, batch: list[_InHand]) -> list[_InHand]:
        """Handle a batch while the next one is being read; return the next one."""
        following: list[_InHand] = []
        if self._owed:
            self._put_back([])
        if self._owed:  # What is claimed before these are back could be put back out of our hand.
            return []
        with ExitStack() as failed:
            failed.callback(lambda: self._put_back([*batch, *following]))
            following += self._claim()
            self._in_hand = _ids([*batch, *following, *self._waiting])
            if batch:
                self._handle(batch)
            failed.pop_all()
        return following

    def _claim(self) -> list[_InHand]:
        """Take mails on, and those back whose check is done; nothing is forgotten by an error."""
        office = self._office()
        checked = [item for item in self._waiting if item.check and item.check.done()]
        ready = self._noted(office, checked)
        room = len(self._waiting) - len(checked) < CHECKS_MAX
        try:
            found = journal.claim(
                office.database, self._node, office.now(), BATCH_MAILS, unchecked=room
            )
            house, now = office.world.house, office.now()
            found = early.put_off(office.database, house, self._node, found, now)
        except HalfTaken as error:
            self._owed += error.ids
            raise
        taken = [self._taken(claimed) for claimed in found]
        self._waiting = [item for item in self._waiting if item not in checked]
        self._waiting += [item for item in taken if item.check]
        ready += [item for item in taken if not item.check]
        return sorted(ready, key=lambda item: item.claimed.id)

    def _noted(self, office: Office, checked: Sequence[_InHand]) -> list[_InHand]:
        """Store what checks found, so that a redo decides from the same."""
        found = [(item, item.check.result()) for item in checked if item.check]
        if not found:
            return []
        with office.database.write() as connection:
            rows = [(item.claimed.id, evidence) for item, evidence in found if evidence]
            journal.note_evidence(connection, rows)
        return [
            _InHand(_with_evidence(item.claimed, evidence), item.read) for item, evidence in found
        ]

    def _taken(self, claimed: Claimed) -> _InHand:
        read = self._read(claimed)
        own = self._authenticator
        if own is None or not authenticate.is_wanted(own.settings, claimed.envelope):
            return _InHand(claimed, read)
        return _InHand(claimed, read, self._check(own, claimed, read))

    def _check(self, own: Authenticator, claimed: Claimed, read: Future[Read]) -> Future[str]:
        """Have a mail checked once it is read; the future does not fail."""
        told: Future[str] = Future()

        def tell(done: Future[str]) -> None:
            if done.cancelled():
                return
            error = done.exception()
            if error is not None:
                event(Event.WORK_FAILED, mail=claimed.id, work="authenticate", error=error)
            told.set_result(done.result() if error is None else authenticate.UNKNOWN)
            self.wake.set()

        def begin(done: Future[Read]) -> None:
            mail = done.result()
            if isinstance(mail, NotRead):
                told.set_result("")
                self.wake.set()
                return
            asked = own.submit(mail, claimed.envelope, claimed.received_at)
            asked.add_done_callback(tell)

        read.add_done_callback(begin)
        return told

    def _read(self, claimed: Claimed) -> Future[Read]:
        if not claimed.is_damaged:
            return self._readers.submit(claimed.raw, claimed.envelope)
        told: Future[Read] = Future()
        told.set_result(NotRead(is_hostile=True, reason="its raw bytes cannot be read"))
        return told

    def _handle(self, batch: list[_InHand]) -> list[Handled]:
        with self.pace.waiting():
            items = [(item.claimed, item.read.result()) for item in batch]
        if not self.is_trusted():
            items = [(replace(claimed, is_dated=False), read) for claimed, read in items]
        handled: list[Handled] = []
        while len(handled) < len(items):
            some = items[len(handled) :][: handle.TOGETHER_MAX]
            for done in handle.together(self._office(), some):
                handled.append(done)
                self.pace.moves()
        measure(Metric.HANDLED_BATCH, len(items))
        for claimed, _ in items:
            if claimed.envelope.source is Source.PIPE and not claimed.tries:
                count(Metric.MAIL_JOURNALLED, source=Source.PIPE)
        for done in handled:
            _tell(done)
        if any(done.replies for done in handled):
            self.on_replies()
        return handled

    def _put_back(self, batch: list[_InHand]) -> None:
        self._owed += [item.claimed.id for item in batch]
        if not self._owed:
            return
        try:
            with self._office().database.write() as connection:
                journal.put_back(connection, self._owed, None, node=self._node)
        except TemporaryError as error:
            event(Event.STORE_DELAYED, error=error)
        else:
            self._owed = []


def _ids(items: Sequence[_InHand]) -> frozenset[int]:
    return frozenset(item.claimed.id for item in items)


def _with_evidence(claimed: Claimed, evidence: str) -> Claimed:
    return replace(claimed, envelope=replace(claimed.envelope, evidence=evidence))


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
    if done.outcome is Outcome.HELD:
        count(Metric.MAIL_HELD, reason=_cause(done))
    for name in done.rules:
        count(Metric.RULES_FIRED, rule=name)
    event(
        what,
        mail=done.journal_id,
        ticket=done.ticket or None,
        why="; ".join(str(reason) for reason in done.reasons),
        replies=done.replies,
    )


def _cause(done: Handled) -> str:
    """Return why a mail is held: what was said last, apart from what is said of any mail."""
    known = [reason.why for reason in done.reasons]
    return next((why for why in reversed(known) if why not in _OF_ANY), Why.INTERNAL)


_OF_ANY = frozenset(
    {Why.TRUST, Why.RULE, Why.RULE_FAILED, Why.OVER_BUDGET, Why.NOT_ACKNOWLEDGED, Why.COMMAND}
)
