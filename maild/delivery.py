"""Replies out, one straight line: claim -> send -> record.

A mail is marked before the relay is dialled, its result is recorded right after it, so that a
crash leaves one mail of unknown end; it waits ten minutes like one whose relay fell silent. What
the relay said is written again and again until it is there, before the next mail is tried: one
transaction holds a mail's result and the mark of the next one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a mail goes out."""

    leaves_trace: bool
    """A second copy would be seen. A Maildir takes the same bytes twice as one mail."""
    go: Callable[[], Sent]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """What became of a mail, not yet written."""

    mail: Outgoing
    attempted: Attempted
    failure: Failure | None


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
        self.is_trusted: Callable[[], bool] = lambda: True
        """Whether the wall clock is believed: else what waits for a time goes on waiting."""
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
        now, timed = office.now(), self.is_trusted()
        claimed = outbox.claim(office.database, self._node, now, BATCH_MAILS, timed=timed)
        done, ended = 0, None
        try:
            for mail in claimed:
                if stop.is_set():
                    break
                ended = self._send(office, mail, ended, stop)
                done += 1
        finally:
            self._finish(office, ended, claimed[done:], stop)
        return len(claimed)

    def _send(
        self, office: Office, mail: Outgoing, before: _Ended | None, stop: threading.Event
    ) -> _Ended | None:
        """Hand a mail over, once what became of the one before is written.

        None when somebody else has it by now.
        """
        way = self._way(office, mail, stop)
        if isinstance(way, Sent):
            self._commit(office, before, None, stop)
            return _ended(mail, way, office.now())
        if not self._commit(office, before, (mail, way.leaves_trace), stop):
            return None
        return _ended(mail, way.go(), office.now())

    def _way(self, office: Office, mail: Outgoing, stop: threading.Event) -> _Way | Sent:
        """Say how a mail goes out, or what its end is where it cannot."""
        if mail.unknown_ends > SILENCES_MAX:
            return Sent(result=SendResult.UNKNOWN, answer="nobody knows whether the relay has it")
        try:
            data = _insisting(lambda: _bytes_of(office, mail), stop)
        except (KeyError, ValueError) as error:
            return Sent(result=SendResult.PERMANENT, answer=f"its bytes are gone: {error}")
        if mail.kind is ReplyKind.PAGE:
            return _ringing(office, mail, data)
        settings = office.relay_of(mail.mailbox)
        if settings not in self._open:
            self._open[settings] = Relay(
                settings, local_hostname=self._hostname, access=self._access
            )
        relay = self._open[settings]
        return _Way(
            leaves_trace=settings.scheme != "maildir",
            go=lambda: relay.send(mail.envelope_from, mail.recipient, data),
        )

    def _commit(
        self,
        office: Office,
        ended: _Ended | None,
        dialling: tuple[Outgoing, bool] | None,
        stop: threading.Event,
    ) -> bool:
        """Write what became of one mail and that the next is dialled, until both are written.

        True when the next one is still ours. `dialling` also says whether a second copy of it
        would be seen.
        """
        if ended is None and dialling is None:
            return False
        try:
            is_news, is_ours = _insisting(lambda: self._written(office, ended, dialling), stop)
        except TemporaryError:
            raise
        except Exception as error:  # what the relay said stands, whatever the news do
            if ended is None:
                raise
            event(Event.WORK_FAILED, outbox=ended.mail.id, error=error)
            bare = replace(ended, failure=None)
            is_news, is_ours = _insisting(lambda: self._written(office, bare, dialling), stop)
        if is_news and ended is not None:
            _tell(ended)
        return is_ours

    def _written(
        self, office: Office, ended: _Ended | None, dialling: tuple[Outgoing, bool] | None
    ) -> tuple[bool, bool]:
        """Commit a result together with the news of it, so that a crash loses neither."""
        is_news = is_ours = False
        with office.database.write() as connection:
            now = office.now()
            if ended is not None:
                is_news = outbox.record(connection, self._node, ended.attempted, now)
                if is_news and ended.failure is not None:
                    handle.failed_reply(connection, office, ended.mail, ended.failure)
            if dialling is not None:
                mail, leaves_trace = dialling
                is_ours = outbox.dial(connection, self._node, mail, now, leaves_trace=leaves_trace)
        return is_news, is_ours

    def _finish(
        self,
        office: Office,
        ended: _Ended | None,
        rest: Sequence[Outgoing],
        stop: threading.Event,
    ) -> None:
        """Write the last result, and return what was not dialled, whatever happens."""
        left = [ended.mail, *rest] if ended is not None else list(rest)
        try:
            self._commit(office, ended, None, stop)
            left = list(rest)
        finally:
            if left:
                self._put_back(office, left, stop)

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


def _ringing(office: Office, mail: Outgoing, data: bytes) -> _Way | Sent:
    """Say how a webhook is called. It knows a page by its id, so that a second one is none."""
    called = office.webhooks.get(name := mail.recipient.removeprefix(RECIPIENT))
    if called is None:
        words = f"there is no webhook {name!r} any more"
        return Sent(result=SendResult.PERMANENT, answer=words)
    return _Way(
        leaves_trace=False,
        go=lambda: ring(
            Call(
                hook=called.hook,
                secret=called.secret,
                key=mail.key,
                data=data,
                now=office.now(),
            )
        ),
    )


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


def _ended(mail: Outgoing, sent: Sent, now: datetime) -> _Ended:
    attempted = judge(mail, sent, now)
    return _Ended(mail=mail, attempted=attempted, failure=_failure(mail, attempted, now))


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


def _tell(ended: _Ended) -> None:
    mail, attempted = ended.mail, ended.attempted
    what, result = _TOLD[attempted.state]
    count(Metric.REPLIES, result=result)
    words = attempted.answer
    event(what, outbox=mail.id, to=mail.recipient, attempt=mail.attempts, answer=words)


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
