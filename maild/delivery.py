"""Replies out, one straight line: claim -> send -> record.

A mail is marked before the relay is dialled, and its result recorded right after it. One
transaction holds the results of a group and the marks of the next (`clerk.py`); a group is what
the relay takes in a moment, so that a slow one gets its mails one by one. A crash leaves no more
than a group of unknown end; it waits ten minutes like a mail whose relay fell silent.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.clerk import LONG_SECONDS, PAUSE_SECONDS, Clerk, Heard
from maild.core import backoff
from maild.core.backoff import SILENCE_DELAY, SILENCES_MAX, is_stale_notice, next_try
from maild.core.decision import ReplyKind
from maild.core.oauth import AccessToken
from maild.core.undelivered import Failure
from maild.core.webhook import RECIPIENT
from maild.errors import HalfTaken, StoreBusy, TemporaryError
from maild.handle import Office
from maild.log import Event, event
from maild.outbox import ring
from maild.outbox.compose import assemble, unpack
from maild.outbox.result import SendResult, Sent
from maild.outbox.send import Relay
from maild.patience import Crowd, Hand, sharing
from maild.settings import RelaySettings
from maild.store import journal, outbox
from maild.store.outbox import Attempted, Call, Due, Outgoing
from maild.store.tables import OutboxState
from maild.vitals import Pace

SENDERS = 3
"""Two that wait for a relay that keeps silent leave one."""
GROUP_MAILS_MAX = 3
"""So many may be of unknown end after a crash."""
BATCH_MAILS = 7 * GROUP_MAILS_MAX
GROUP_BYTES = 1024 * 1024
"""With so many bytes in hand a group is full."""
IDLE_SECONDS = 1.0
STEP_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a mail goes out."""

    call: Call
    go: Callable[[], Sent]
    relay: RelaySettings | None = None
    """Where not all senders may be at once; None for a page, and for the only relay."""


def senders(office: Callable[[], Office], node: str, access: AccessToken) -> tuple[Delivery, ...]:
    """Return the senders of a daemon; the last one is the reserve."""
    crowd, hostname = Crowd(SENDERS - 1), socket.gethostname()
    made = tuple(Delivery(office, node, hostname, access, crowd) for _ in range(SENDERS))
    made[-1].is_reserve = True
    return made


class Delivery:
    """One sender: it keeps a connection to each relay it has used."""

    def __init__(
        self,
        office: Callable[[], Office],
        node: str,
        hostname: str,
        access: AccessToken | None = None,
        crowd: Crowd | None = None,
    ) -> None:
        """Take the office anew for each batch, since a reload replaces it.

        `access` gives tokens for relays that want OAuth; `crowd` is all senders together.
        """
        self.is_reserve = False
        """Whether it works only while another one is held up."""
        self.is_trusted: Callable[[], bool] = lambda: True
        """Whether the wall clock is believed: else what waits for a time goes on waiting."""
        self._access = access
        self._office = office
        self._node = node
        self._hostname = hostname
        self._open: dict[RelaySettings, Relay] = {}
        self._clerk = Clerk(office, node)
        self._crowd = crowd or Crowd(SENDERS)
        self._hand = Hand(self._crowd)
        self._ahead = 1
        """So many mails the relay took in a moment."""
        self.wake = threading.Event()
        self.pace = Pace()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop`; the mail in the wire is finished, the others are put back."""
        with self._clerk.watching(stop), sharing(self._hand, self._share):
            while not stop.is_set():
                self._turn_or_wait(stop)
        self._hang_up()

    def step(self) -> int:
        """Try everything that is due now, once; return how many mails were tried.

        TemporaryError when the database is away for a minute.
        """
        tried, stop = 0, threading.Event()
        self._clerk.patience_seconds = STEP_PATIENCE_SECONDS
        try:
            with self._clerk.watching(stop):
                while not stop.is_set() and (count_now := self._turn(stop)):
                    tried += count_now
        finally:
            self._hang_up()
        if stop.is_set():
            raise StoreBusy("the database did not take what relays said")
        return tried

    def _turn_or_wait(self, stop: threading.Event) -> None:
        is_needed = not self.is_reserve or self._crowd.is_held_up
        try:
            sent = self._turn(stop) if is_needed else 0
        except TemporaryError as error:
            event(Event.STORE_DELAYED, error=error)
            stop.wait(PAUSE_SECONDS)
            return
        except Exception as error:  # noqa: BLE001 - loop top: a bug never ends the sender
            event(Event.WORK_FAILED, work="mails that go out", error=error)
            stop.wait(PAUSE_SECONDS)
            return
        self.pace.moves()
        if not sent:
            self._hang_up()
            self.wake.wait(IDLE_SECONDS)
            self.wake.clear()

    def _turn(self, stop: threading.Event) -> int:
        office = self._office()
        claimed = self._claim(office, stop)
        left = self._hand.left = {mail.id: mail for mail in claimed}
        is_done = False
        try:
            while left and not stop.is_set():
                self._give_back_passed_over(office, left)
                self._group(office, left, stop)
            is_done = bool(claimed) and not left
        finally:
            if not is_done:  # else the last results go with the next marks
                self._finish(office, left, stop)
        return len(claimed)

    def _claim(self, office: Office, stop: threading.Event) -> tuple[Outgoing, ...]:
        """Take what is due; a claim whose end nobody saw is undone at once."""
        now = office.now()
        due = Due(is_timed=self.is_trusted(), but=self._passed_over(office))
        try:
            return outbox.claim(office.database, self._node, now, BATCH_MAILS, due)
        except HalfTaken as error:
            ids = error.ids

            def undo() -> None:
                with office.database.write() as connection:
                    outbox.undo_claim(connection, self._node, ids, now)

            self._clerk.insist(undo, stop)
            raise

    def _passed_over(self, office: Office) -> tuple[str, ...]:
        """Return the mailboxes whose relay keeps enough senders waiting while there is another."""
        if len(office.relays) == 1:
            return ()
        names = (box.name for box in office.world.house.mailboxes)
        return tuple(name for name in names if not self._crowd.has_room(office.relay_of(name)))

    def _give_back_passed_over(self, office: Office, left: dict[int, Outgoing]) -> None:
        names = self._passed_over(office)
        mails = [mail for mail in left.values() if mail.kind is not ReplyKind.PAGE]
        rest = [left.pop(mail.id) for mail in mails if mail.mailbox in names]
        if rest:
            with suppress(TemporaryError):
                self._share(rest)

    def _group(self, office: Office, left: dict[int, Outgoing], stop: threading.Event) -> None:
        """Mark the next mails together, then hand them over; take from `left` what was tried.

        When they last longer than a moment, the others are marked anew with the next group.
        """
        ways = self._ways(office, left, stop)
        ours = {call.mail.id for call in self._clerk.write(stop, [way.call for way in ways])}
        end = time.monotonic() + LONG_SECONDS
        for done, way in enumerate(ways):
            if stop.is_set() or (done and time.monotonic() > end) or not self._enters(way):
                self._ahead = max(done, 1)
                return
            mail = left.pop(way.call.mail.id)
            try:
                if mail.id in ours:
                    self._clerk.hear(_heard(mail, self._hand_over(way), office.now()))
            finally:
                self._leaves(way)
        is_quick = time.monotonic() <= end
        self._ahead = min(2 * self._ahead, GROUP_MAILS_MAX) if is_quick else 1

    def _enters(self, way: _Way) -> bool:
        return way.relay is None or self._crowd.enter(way.relay)

    def _leaves(self, way: _Way) -> None:
        if way.relay is not None:
            self._crowd.leave(way.relay)

    def _hand_over(self, way: _Way) -> Sent:
        self._hand.waits()
        try:
            with self.pace.waiting():
                return way.go()
        finally:
            self._hand.is_heard()

    def _ways(
        self, office: Office, left: dict[int, Outgoing], stop: threading.Event
    ) -> list[_Way]:
        """Say how the next mails go out; those that cannot have their end and are taken off."""
        ways: list[_Way] = []
        size = 0
        for mail in list(left.values()):
            way = self._way(office, mail, stop)
            if isinstance(way, Sent):
                del left[mail.id]
                self._clerk.hear(_heard(mail, way, office.now(), was_dialled=False))
                continue
            ways.append(way)
            size += mail.size
            if len(ways) >= self._ahead or size >= GROUP_BYTES:
                break
        return ways

    def _way(self, office: Office, mail: Outgoing, stop: threading.Event) -> _Way | Sent:
        """Say how a mail goes out, or what its end is where it cannot."""
        if mail.unknown_ends > SILENCES_MAX:
            return Sent(result=SendResult.UNKNOWN, answer="nobody knows whether the relay has it")
        try:
            data = self._clerk.insist(lambda: _bytes_of(office, mail), stop)
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
            call=Call(mail=mail, leaves_trace=settings.scheme != "maildir"),
            go=lambda: relay.send(mail.envelope_from, mail.recipient, data),
            relay=settings if len(office.relays) > 1 else None,
        )

    def _finish(self, office: Office, left: dict[int, Outgoing], stop: threading.Event) -> None:
        """Write the last results, and return what was not dialled, whatever happens."""
        try:
            self._clerk.write(stop)
        finally:
            rest = [*self._clerk.leave(), *left.values()]
            if rest:
                self._put_back(office, rest, stop)

    def _put_back(self, office: Office, mails: Sequence[Outgoing], stop: threading.Event) -> None:
        """Return what was not dialled; if that fails as well, its lease ends it."""

        def write() -> None:
            with office.database.write() as connection:
                outbox.put_back(connection, self._node, mails)

        with suppress(TemporaryError):
            self._clerk.insist(write, stop)

    def _share(self, mails: Sequence[Outgoing]) -> None:
        """Return what other senders may send meanwhile; if that fails, its lease ends it.

        Once only: whoever did it again, not knowing that it was done, could take a mail out of
        the hand of a sender that has it in the wire by then.
        """
        with self._office().database.write() as connection:
            outbox.put_back(connection, self._node, mails)

    def _hang_up(self) -> None:
        with self.pace.waiting():
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
        call=Call(mail=mail, leaves_trace=False),
        go=lambda: ring.ring(
            ring.Call(
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


def _heard(mail: Outgoing, sent: Sent, now: datetime, *, was_dialled: bool = True) -> Heard:
    attempted = judge(mail, sent, now)
    failure = _failure(mail, attempted, now)
    return Heard(mail=mail, attempted=attempted, failure=failure, was_dialled=was_dialled)


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


def _bytes_of(office: Office, mail: Outgoing) -> bytes:
    """Assemble a mail; ValueError when the bytes are not those that were fixed (invariant I3)."""

    def fetch(journal_id: int) -> bytes:
        with office.database.read() as connection:
            return journal.raw_mail(connection, journal_id)

    data = assemble(unpack(mail.literal, mail.pieces), fetch)
    if hashlib.sha256(data).hexdigest() != mail.sha256:
        raise ValueError("the SHA-256 is not the one that was fixed")
    return data
