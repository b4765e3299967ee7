"""Replies out, one straight line: claim -> send -> record.

The attempt is recorded before the relay is dialled, its result right after each mail, so that a
crash can double no more than the one mail that was in the wire.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from maild import handle
from maild.core.backoff import is_stale_notice, next_try
from maild.core.decision import ReplyKind
from maild.core.undelivered import Failure
from maild.errors import TemporaryError
from maild.handle import Office
from maild.log import Event, event
from maild.metrics import Metric, count
from maild.outbox.compose import assemble, unpack
from maild.outbox.result import SendResult, Sent
from maild.outbox.send import Relay
from maild.settings import RelaySettings
from maild.store import journal, outbox
from maild.store.outbox import Attempted, Outgoing
from maild.store.tables import OutboxState

BATCH_MAILS = 20
PAUSE_SECONDS = 2.0
IDLE_SECONDS = 1.0
SILENCE_DELAY = timedelta(minutes=10)
SILENCES_MAX = 2

_TOLD = {
    OutboxState.SENT: (Event.REPLY_SENT, "sent"),
    OutboxState.QUEUED: (Event.REPLY_DEFERRED, "deferred"),
    OutboxState.FAILED: (Event.REPLY_FAILED, "failed"),
    OutboxState.HELD: (Event.REPLY_HELD, "held"),
}


class Delivery:
    """One sender: it keeps a connection to each relay it has used."""

    def __init__(self, office: Callable[[], Office], node: str, hostname: str) -> None:
        """Take the office anew for each batch, since a reload replaces it."""
        self._office = office
        self._node = node
        self._hostname = hostname
        self._open: dict[RelaySettings, Relay] = {}
        self.wake = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop`; the mail in the wire is finished, the others are put back."""
        while not stop.is_set():
            try:
                sent = self._turn(stop)
            except TemporaryError as error:
                event(Event.STORE_DELAYED, error=error)
                stop.wait(PAUSE_SECONDS)
                continue
            if not sent:
                self._hang_up()
                self.wake.wait(IDLE_SECONDS)
                self.wake.clear()
        self._hang_up()

    def step(self) -> int:
        """Try everything that is due now, once; return how many mails were tried."""
        tried = 0
        while count_now := self._turn(threading.Event()):
            tried += count_now
        self._hang_up()
        return tried

    def _turn(self, stop: threading.Event) -> int:
        office = self._office()
        claimed = outbox.claim(office.database, self._node, office.now(), BATCH_MAILS)
        for n, mail in enumerate(claimed):
            if stop.is_set():
                with office.database.write() as connection:
                    outbox.put_back(connection, [left.id for left in claimed[n:]])
                break
            self._record(office, mail, self._send(office, mail))
        return len(claimed)

    def _send(self, office: Office, mail: Outgoing) -> Sent:
        try:
            data = _bytes_of(office, mail)
        except (KeyError, ValueError) as error:
            return Sent(result=SendResult.PERMANENT, answer=f"its bytes are gone: {error}")
        settings = office.relay_of(mail.mailbox)
        if settings not in self._open:
            self._open[settings] = Relay(settings, local_hostname=self._hostname)
        return self._open[settings].send(mail.envelope_from, mail.recipient, data)

    def _record(self, office: Office, mail: Outgoing, sent: Sent) -> None:
        now = office.now()
        attempted = judge(mail, sent, now)
        with office.database.write() as connection:
            outbox.record(connection, [attempted], now)
        what, result = _TOLD[attempted.state]
        count(Metric.REPLIES, result=result)
        event(what, outbox=mail.id, to=mail.recipient, attempt=mail.attempts, answer=sent.answer)
        is_final = attempted.state in (OutboxState.FAILED, OutboxState.HELD)
        if is_final or (attempted.told and not mail.told):
            failure = Failure(
                outbox_id=mail.id,
                kind=ReplyKind(mail.kind),
                recipient=mail.recipient,
                answer=sent.answer,
                is_final=is_final,
                at=now,
            )
            handle.failed_reply(office, mail, failure)

    def _hang_up(self) -> None:
        for relay in self._open.values():
            with suppress(OSError):
                relay.close()
        self._open.clear()


def judge(mail: Outgoing, sent: Sent, now: datetime) -> Attempted:
    """Say what an attempt's result means for the mail; pure."""
    state, again, silences = OutboxState.SENT, None, mail.unknown_ends
    if sent.result is SendResult.PERMANENT:
        state = OutboxState.FAILED
    elif sent.result is SendResult.UNKNOWN:
        silences += 1
        state = OutboxState.HELD if silences > SILENCES_MAX else OutboxState.QUEUED
        again = now + SILENCE_DELAY
    elif sent.result is SendResult.TEMPORARY:
        again = next_try(mail.attempts, mail.not_before, now, name=str(mail.id))
        state = OutboxState.QUEUED if again else OutboxState.FAILED
    is_late = state is OutboxState.QUEUED and is_stale_notice(mail.not_before, now, told=mail.told)
    return Attempted(
        outbox_id=mail.id,
        attempt=mail.attempts,
        state=state,
        result=sent.result.value,
        answer=sent.answer,
        next_try_at=again,
        unknown_ends=silences,
        told=mail.told or is_late,
    )


def _bytes_of(office: Office, mail: Outgoing) -> bytes:
    """Assemble a mail; ValueError when the bytes are not those that were fixed (invariant I3)."""

    def fetch(journal_id: int) -> bytes:
        with office.database.read() as connection:
            return journal.raw_mail(connection, journal_id)

    data = assemble(unpack(mail.literal, mail.pieces), fetch)
    if hashlib.sha256(data).hexdigest() != mail.sha256:
        raise ValueError("the SHA-256 is not the one that was fixed")
    return data
