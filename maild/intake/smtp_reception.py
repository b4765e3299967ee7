"""What all sessions of the listener share: who may come in, and the way into the journal.

Strategy: the moment the final dot is read, the mail is judged and handed to the journal, from the
network callback itself; what happens to the session afterwards cannot undo that. The reply waits
for the journal's future, which resolves only after the durable commit.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from maild import log, metrics
from maild.core.house import House
from maild.core.mail import Envelope, Source
from maild.errors import DiskFull, StoreBusy, TemporaryError
from maild.intake.smtp_data import MailData, State, judged
from maild.intake.smtp_limits import Failures, Gate, Networks, SessionLimits, client_key
from maild.log import Event
from maild.metrics import Metric
from maild.settings import RuntimeLimits, SmtpSettings, room_wanted

NO_ROOM = "452 4.3.1 no room for mail at the moment; try again later"
LATER = "451 4.3.0 this server cannot take the mail now; try again later"
COMMIT_SECONDS = 60.0
"""A client waits no longer for the journal: what is durable later is known when it comes again."""


def client_of(transport: asyncio.BaseTransport) -> str:
    """Return the address of a client; empty on a Unix socket."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


class Journal(Protocol):
    """The only thing that intake writes to."""

    def append(self, envelope: Envelope, raw: bytes, /) -> Future[int]:
        """Return a future that gives the journal id once the mail is durable, or fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What the listener needs from the daemon."""

    settings: SmtpSettings
    runtime: RuntimeLimits
    house: House
    journal: Journal
    disk_free: Callable[[], int]
    """Bytes that are free where the database lies."""
    hostname: str
    """How the listener names itself."""
    spool_dir: Path | None = None
    """Where large mails lie until they are complete, best beside the database: the system's
    temporary folder, taken for None, may be memory."""
    limits: SessionLimits = field(default_factory=SessionLimits)


@dataclass(frozen=True, slots=True)
class _Done:
    """A mail that the journal has made up its mind about."""

    envelope: Envelope
    size: int
    future: Future[int]
    reply: asyncio.Future[str]


class Reception:
    """The state that sessions have in common; belongs to one event loop."""

    def __init__(self, intake: Intake, loop: asyncio.AbstractEventLoop) -> None:
        """Begin with no session."""
        self.intake = intake
        self.house = intake.house
        self.is_stopping = False
        self.is_lmtp = intake.settings.lmtp
        self.gate = Gate(intake.runtime.connections, intake.runtime.connections_per_address)
        self.failures = Failures(intake.limits.auth_failures, intake.limits.auth_window_seconds)
        self.pending: set[asyncio.Future[str]] = set()
        """Replies to mails whose final dot was read and whose commit is not known yet."""
        self._trusted = Networks(intake.settings.trusted_clients)
        self._loop = loop
        self._spooled = asyncio.Semaphore(intake.limits.spooled_mails)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_disk_low = False
        self._done: deque[_Done] = deque()
        self._is_woken = False

    def is_spared(self, client: str) -> bool:
        """Tell whether a client is one of ours, which no limit on strangers is meant for."""
        return self.is_lmtp or not client or client in self._trusted

    def enter(self, client: str) -> bool:
        """Give a client a place, unless there are too many; the log tells who got none."""
        is_let_in = self.gate.enter(client_key(client), is_spared=self.is_spared(client))
        if not is_let_in:
            log.event(Event.CONNECTION_REFUSED, client=client, reason="too many")
        return is_let_in

    def leave(self, client: str) -> None:
        """Take the place of a client back."""
        self.gate.leave(client_key(client))

    def has_room(self) -> bool:
        """Tell whether there is room for a mail of the largest size, with a reserve."""
        needed = room_wanted(self.intake.settings, self.intake.runtime)
        free = self.intake.disk_free()
        if (free < needed) != self._is_disk_low:
            self._is_disk_low = not self._is_disk_low
            log.event(
                Event.DISK_FILLED if self._is_disk_low else Event.DISK_FREED,
                free_bytes=free,
                needed_bytes=needed,
            )
        return not self._is_disk_low

    def account(self, user: bytes, password: bytes) -> str:
        """Return the name of the account that a password opens; empty when none does.

        Takes the same time for every user and password of one length.
        """
        found = ""
        for account in self.intake.settings.accounts:
            is_user = hmac.compare_digest(account.user.encode(), user)
            is_password = hmac.compare_digest(account.password.encode(), password)
            if is_user & is_password & bool(account.password):
                found = account.user
        return found

    def take(self, envelope: Envelope, data: MailData) -> asyncio.Future[str]:
        """Take a mail whose end was read; the future gives the reply, and never an exception.

        Cancelling the future (the client went away) changes nothing about the mail.
        """
        reply: asyncio.Future[str] = self._loop.create_future()
        self.pending.add(reply)
        reply.add_done_callback(self.pending.discard)
        if data.state in {State.TOO_LARGE, State.HOPELESS}:
            size = self.intake.settings.max_size_bytes
            self._answer(reply, envelope, f"552 5.3.4 a mail may have at most {size} bytes")
        elif data.state is State.UNWRITABLE:
            self._answer(reply, envelope, NO_ROOM)
        elif data.is_spooled:
            task = self._loop.create_task(self._take_spooled(envelope, data, reply))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._append(envelope, self._judged(data), reply)
        return reply

    async def _take_spooled(
        self, envelope: Envelope, data: MailData, reply: asyncio.Future[str]
    ) -> None:
        """Read a large mail in a thread; only so many are in memory as a whole."""
        async with self._spooled:
            try:
                text = await asyncio.to_thread(self._judged, data)
            except OSError as error:
                self._answer(reply, envelope, NO_ROOM, error)
                return
            finally:
                data.close()
            self._append(envelope, text, reply)
            del text
            await asyncio.wait([reply])

    def _judged(self, data: MailData) -> tuple[bytes, str]:
        line_bytes_max = self.intake.runtime.line_bytes
        return judged(data.content(), is_lmtp=self.is_lmtp, line_bytes_max=line_bytes_max)

    def _append(
        self, envelope: Envelope, text: tuple[bytes, str], reply: asyncio.Future[str]
    ) -> None:
        """Hand a judged mail to the journal."""
        raw, refusal = text
        if refusal:
            self._answer(reply, envelope, refusal)
            return
        try:
            future = self.intake.journal.append(envelope, raw)
        except Exception as error:  # noqa: BLE001 - the mail stays with the client, who is told
            self._answer(reply, envelope, _words(error), error)
            return
        size = len(raw)
        future.add_done_callback(lambda done: self._wake(_Done(envelope, size, done, reply)))
        patience = self._loop.call_later(COMMIT_SECONDS, self._give_up, envelope, future, reply)
        reply.add_done_callback(lambda _reply: patience.cancel())

    def _give_up(
        self, envelope: Envelope, future: Future[int], reply: asyncio.Future[str]
    ) -> None:
        """Answer a client whose mail the database has for long; what still waits is called off."""
        if not future.cancel():
            self._answer(reply, envelope, LATER, StoreBusy("the database is silent"))

    def _wake(self, done: _Done) -> None:
        """Pass a result from the journal's thread to the loop; one wake-up serves many."""
        self._done.append(done)
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._settle_all)

    def _settle_all(self) -> None:
        """Answer everything that became durable, or failed, since the last time."""
        self._is_woken = False
        while self._done:
            done = self._done.popleft()
            self._settle(done.envelope, done.size, done.future, done.reply)

    def _settle(
        self, envelope: Envelope, size: int, done: Future[int], reply: asyncio.Future[str]
    ) -> None:
        """Turn what became of the commit into the reply."""
        error: BaseException | None = TemporaryError("the commit was called off")
        if not done.cancelled():
            error = done.exception()
        if error is not None:
            self._answer(reply, envelope, _words(error), error)
            return
        log.event(
            Event.MAIL_JOURNALLED,
            mail=done.result(),
            source=envelope.source,
            client=envelope.client,
            sender=envelope.mail_from,
            recipients=len(envelope.rcpt_to),
            size=size,
        )
        if not reply.done():
            reply.set_result(f"250 2.0.0 journalled as {done.result()}")

    def _answer(
        self,
        reply: asyncio.Future[str],
        envelope: Envelope,
        words: str,
        error: BaseException | None = None,
    ) -> None:
        """Refuse a mail whose end was read."""
        self.refused(envelope, words, error)
        if not reply.done():
            reply.set_result(words)

    def refused(self, envelope: Envelope, words: str, error: BaseException | None = None) -> None:
        """Log and count a mail that is not taken; the error is never told to the client."""
        fields: dict[str, Any] = {"error": error} if error is not None else {}
        log.event(
            Event.MAIL_REFUSED,
            reply=words,
            source=envelope.source,
            client=envelope.client,
            sender=envelope.mail_from,
            **fields,
        )
        code = words.split(" ", 2)[1]
        metrics.count(Metric.MAIL_REFUSED, source=envelope.source, reason=code)


def source_of(*, is_lmtp: bool) -> Source:
    """Return by which way a mail comes in."""
    return Source.LMTP if is_lmtp else Source.SMTP


def _words(error: BaseException) -> str:
    """Say what a client may know of a failure."""
    return NO_ROOM if isinstance(error, DiskFull) else LATER
