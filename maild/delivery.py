"""Replies out, one straight line: claim -> send -> record.

A mail is marked before the relay is dialled, its result is recorded right after it, so that a
crash leaves one mail of unknown end; it waits ten minutes like one whose relay fell silent. What
the relay said is written again and again until it is there, before the next mail is tried.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from maild import handle
from maild.core import backoff
from maild.core.backoff import SILENCE_DELAY, SILENCES_MAX, is_stale_notice, next_try
from maild.core.decision import ReplyKind
from maild.core.oauth import AccessToken
from maild.core.undelivered import Failure
from maild.core.webhook import RECIPIENT
from maild.errors import TemporaryError
from maild.handle import Office
from maild.log import Event, event
from maild.metrics import Metric, count
from maild.outbox.compose import assemble, unpack
from maild.outbox.result import SendResult, Sent
from maild.outbox.ring import Call, ring
from maild.outbox.send import Relay
from maild.settings import RelaySettings
from maild.store import journal, outbox
from maild.store.outbox import Attempted, Outgoing
from maild.store.tables import OutboxState

BATCH_MAILS = 20
_Result = TypeVar("_Result")
PAUSE_SECONDS = 2.0
IDLE_SECONDS = 1.0

_TOLD = {
    OutboxState.SENT: (Event.REPLY_SENT, "sent"),
    OutboxState.QUEUED: (Event.REPLY_DEFERRED, "deferred"),
    OutboxState.FAILED: (Event.REPLY_FAILED, "failed"),
    OutboxState.HELD: (Event.REPLY_HELD, "held"),
}


class Delivery:
    """One sender: it keeps a connection to each relay it has used."""

    def __init__(
        self,
        office: Callable[[], Office],
        node: str,
        hostname: str,
        access: AccessToken | None = None,
    ) -> None:
        """Take the office anew for each batch, since a reload replaces it.

        `access` gives tokens for relays that want OAuth.
        """
        self._access = access
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
        done = 0
        try:
            for mail in claimed:
                if stop.is_set():
                    break
                sent = self._send(office, mail, stop)
                if sent is not None:
                    self._record(office, mail, sent, stop)
                done += 1
        finally:
            if done < len(claimed):
                self._put_back(office, claimed[done:], stop)
        return len(claimed)

    def _send(self, office: Office, mail: Outgoing, stop: threading.Event) -> Sent | None:
        """Hand a mail over; None when somebody else has it by now."""
        if mail.unknown_ends > SILENCES_MAX:
            return Sent(result=SendResult.UNKNOWN, answer="nobody knows whether the relay has it")
        try:
            data = _insisting(lambda: _bytes_of(office, mail), stop)
        except (KeyError, ValueError) as error:
            return Sent(result=SendResult.PERMANENT, answer=f"its bytes are gone: {error}")
        if mail.kind is ReplyKind.PAGE:
            return self._rung(office, mail, data, stop)
        settings = office.relay_of(mail.mailbox)
        leaves_trace = settings.scheme != "maildir"
        if not _insisting(lambda: self._is_ours(office, mail, leaves_trace=leaves_trace), stop):
            return None
        if settings not in self._open:
            self._open[settings] = Relay(
                settings, local_hostname=self._hostname, access=self._access
            )
        return self._open[settings].send(mail.envelope_from, mail.recipient, data)

    def _rung(
        self, office: Office, mail: Outgoing, data: bytes, stop: threading.Event
    ) -> Sent | None:
        """Call a webhook; None when somebody else does by now."""
        name = mail.recipient.removeprefix(RECIPIENT)
        called = office.webhooks.get(name)
        if called is None:
            words = f"there is no webhook {name!r} any more"
            return Sent(result=SendResult.PERMANENT, answer=words)
        if not _insisting(lambda: self._is_ours(office, mail, leaves_trace=False), stop):
            return None
        return ring(
            Call(
                hook=called.hook,
                secret=called.secret,
                key=mail.key,
                data=data,
                now=office.now(),
            )
        )

    def _is_ours(self, office: Office, mail: Outgoing, *, leaves_trace: bool) -> bool:
        """Mark the mail as dialled.

        A Maildir takes the same bytes twice as one mail; a webhook knows a page by its id.
        """
        with office.database.write() as connection:
            return outbox.dial(
                connection, self._node, mail, office.now(), leaves_trace=leaves_trace
            )

    def _record(self, office: Office, mail: Outgoing, sent: Sent, stop: threading.Event) -> None:
        """Write the result, and what follows from it, until it is written."""
        now = office.now()
        attempted = judge(mail, sent, now)
        failure = _failure(mail, attempted, now)
        try:
            is_news = _insisting(lambda: self._written(office, mail, attempted, failure), stop)
        except TemporaryError:
            raise
        except Exception as error:  # noqa: BLE001 - what the relay said stands, whatever the news do
            event(Event.WORK_FAILED, outbox=mail.id, error=error)
            is_news = _insisting(lambda: self._written(office, mail, attempted, None), stop)
        if is_news:
            what, result = _TOLD[attempted.state]
            count(Metric.REPLIES, result=result)
            words = sent.answer
            event(what, outbox=mail.id, to=mail.recipient, attempt=mail.attempts, answer=words)

    def _written(
        self, office: Office, mail: Outgoing, attempted: Attempted, failure: Failure | None
    ) -> bool:
        """Commit a result together with the news of it, so that a crash loses neither."""
        with office.database.write() as connection:
            is_news = outbox.record(connection, self._node, attempted, office.now())
            if is_news and failure is not None:
                handle.failed_reply(connection, office, mail, failure)
        return is_news

    def _put_back(self, office: Office, mails: Sequence[Outgoing], stop: threading.Event) -> None:
        """Return what was not dialled; if that fails as well, its lease ends it."""

        def write() -> None:
            with office.database.write() as connection:
                outbox.put_back(connection, self._node, mails)

        with suppress(TemporaryError):
            _insisting(write, stop)

    def _hang_up(self) -> None:
        for relay in self._open.values():
            with suppress(OSError):
                relay.close()
        self._open.clear()


def judge(mail: Outgoing, sent: Sent, now: datetime) -> Attempted:
    """Say what an attempt's result means for the mail; pure."""
    first_at = mail.first_try_at or now
    patience = backoff.PAGE if mail.kind is ReplyKind.PAGE else backoff.MAIL
    state, again, silences = OutboxState.SENT, None, mail.unknown_ends
    if sent.result is SendResult.PERMANENT:
        state = OutboxState.FAILED
    elif sent.result is SendResult.UNKNOWN:
        silences += 1
        state = OutboxState.HELD if silences > SILENCES_MAX else OutboxState.QUEUED
        again = now + SILENCE_DELAY
    elif sent.result is SendResult.TEMPORARY:
        again = next_try(mail.attempts, first_at, now, name=str(mail.id), patience=patience)
        again = max(again, now + timedelta(seconds=sent.wait_seconds)) if again else None
        state = OutboxState.QUEUED if again else OutboxState.FAILED
    is_late = state is OutboxState.QUEUED and is_stale_notice(
        first_at, now, told=mail.told, patience=patience
    )
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


def _failure(mail: Outgoing, attempted: Attempted, now: datetime) -> Failure | None:
    """Say what the ticket must hear of an attempt; None for nothing."""
    is_final = attempted.state in (OutboxState.FAILED, OutboxState.HELD)
    if not is_final and not (attempted.told and not mail.told):
        return None
    return Failure(
        outbox_id=mail.id,
        kind=ReplyKind(mail.kind),
        recipient=mail.recipient,
        answer=attempted.answer,
        is_final=is_final,
        at=now,
    )


def _insisting(work: Callable[[], _Result], stop: threading.Event) -> _Result:
    """Do it until the database takes it; TemporaryError when `stop` comes first."""
    while True:
        try:
            return work()
        except TemporaryError as error:
            event(Event.STORE_DELAYED, error=error)
            if stop.wait(PAUSE_SECONDS):
                raise


def _bytes_of(office: Office, mail: Outgoing) -> bytes:
    """Assemble a mail; ValueError when the bytes are not those that were fixed (invariant I3)."""

    def fetch(journal_id: int) -> bytes:
        with office.database.read() as connection:
            return journal.raw_mail(connection, journal_id)

    data = assemble(unpack(mail.literal, mail.pieces), fetch)
    if hashlib.sha256(data).hexdigest() != mail.sha256:
        raise ValueError("the SHA-256 is not the one that was fixed")
    return data
