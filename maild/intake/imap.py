"""Mail in by IMAP: one thread for each mailbox, none of which hinders another.

    connect -> look -> wait (IDLE, else the poll interval) -> look -> ...
       ^                                                        |
       +------------- back-off after any failure <--------------+

A look follows every wait, whatever the wait told: IDLE may lose what it should tell. A connection
that went silent is noticed when IDLE is ended, which is every few minutes. Of several nodes one
polls a mailbox; the others ask every few seconds whether it still does.
"""

from __future__ import annotations

import math
import random
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from maild import log
from maild.errors import ConfigError, MaildError, Problem
from maild.intake.imap_folder import Desk, Folder
from maild.intake.imap_session import LoginRefused, Session, Waits
from maild.intake.imap_wire import Cord
from maild.log import Event
from maild.settings import ImapSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When things happen, in seconds."""

    waits: Waits = Waits()  # noqa: RUF009 - frozen
    idle: float = 240
    """An IDLE is ended after this, and a polled connection is asked whether it lives."""
    quiet: float = 1
    """Rest after a wake-up that brought nothing: a chatty server must not keep us busy."""
    retry_min: float = 1
    retry_max: float = 300
    refused_min: float = 60
    """First wait after a refused login: accounts get locked."""
    steady: float = 60
    """A connection that lived this long ends a series of failures."""
    turn: float = 5
    """How often it is asked whether a mailbox that another node polls is free by now."""


class MailboxPoller:
    """One mailbox, in its own thread."""

    def __init__(self, settings: ImapSettings, desk: Desk, rhythm: Rhythm = Rhythm()) -> None:
        """Check the settings; nothing is connected yet. Raises `ConfigError`."""
        check_settings(settings)
        self._settings = settings
        self._desk = desk
        self._rhythm = rhythm
        self._folder = Folder(settings, desk)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._cord = Cord()
        self._failures = 0
        self._works_since = math.inf
        self._last_words = ""
        self._thread = threading.Thread(
            target=self.run, name=f"imap-{settings.mailbox}", daemon=True
        )

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """End the connection at once, whatever it waits for; returns immediately."""
        self._stop.set()
        with self._lock:
            self._cord.cut()

    def join(self, seconds: float) -> bool:
        """Wait for the end; tell whether it came. A thread that is stuck dies with the process."""
        self._thread.join(max(seconds, 0))
        return not self._thread.is_alive()

    def run(self) -> None:
        """Poll until told to stop; the thread's own function."""
        try:
            self._poll()
        finally:
            self._desk.lets_go(self._settings.mailbox)

    def _poll(self) -> None:
        while not self._stop.is_set():
            self._works_since = math.inf
            try:
                self._serve()
            except Exception as error:  # noqa: BLE001 - loop top: the next try is the cure
                if self._stop.is_set():
                    return
                if time.monotonic() - self._works_since >= self._rhythm.steady:
                    self._failures = 0
                self._stop.wait(self._after_failure(error))

    def _serve(self) -> None:
        """One connection, until it breaks or a stop is asked for."""
        while not self._stop.is_set() and not self._is_ours():
            self._stop.wait(self._rhythm.turn)
        with self._lock:
            cord = self._cord = Cord()
        if self._stop.is_set():
            return
        self._folder.forget_position()
        session = Session(self._settings, self._rhythm.waits, cord, self._desk.access)
        try:
            self._connected()
            while not self._stop.is_set() and self._is_ours():
                if not self._look(session):
                    self._wait(session)
        finally:
            session.close()

    def _is_ours(self) -> bool:
        return self._desk.holds(self._settings.mailbox)

    def _connected(self) -> None:
        log.event(
            Event.MAILBOX_CONNECTED,
            mailbox=self._settings.mailbox,
            host=self._settings.host,
            tries=self._failures + 1,
        )

    def _look(self, session: Session) -> bool:
        """Take what is new; tell whether there is more."""
        tally = self._folder.look(session)
        self._works_since = min(self._works_since, time.monotonic())
        name = self._settings.mailbox
        if tally.taken:
            log.event(Event.MAILBOX_FETCHED, mailbox=name, mails=tally.taken)
        if tally.complaint and tally.complaint != self._last_words:
            log.event(Event.MAILBOX_KEPT, mailbox=name, reason=tally.complaint)
        self._last_words = tally.complaint
        if not tally.taken:
            log.event(Event.MAILBOX_CAUGHT_UP, mailbox=name, behind=tally.behind)
            self._stop.wait(self._rhythm.quiet)
        return tally.has_more

    def _wait(self, session: Session) -> None:
        """Until there may be something new."""
        if self._settings.idle and session.can_idle:
            session.idle(self._rhythm.idle)
            return
        left = float(self._settings.poll_seconds)
        while left > 0 and not self._stop.wait(min(left, self._rhythm.idle)):
            left -= self._rhythm.idle
            if left > 0:
                session.noop()

    def _after_failure(self, error: Exception) -> float:
        """Note a failure once for each reason; return how long to wait."""
        words = str(error) or type(error).__name__
        is_refusal = isinstance(error, LoginRefused)
        if words != self._last_words:
            self._last_words = words
            self._tell(error, is_refusal=is_refusal)
        self._failures += 1
        rhythm = self._rhythm
        first = rhythm.refused_min if is_refusal else rhythm.retry_min
        return back_off(self._failures, first, rhythm.retry_max)

    def _tell(self, error: Exception, *, is_refusal: bool) -> None:
        name, host = self._settings.mailbox, self._settings.host
        if not isinstance(error, MaildError):
            log.event(Event.WORK_FAILED, mailbox=name, host=host, error=error)
        else:
            event = Event.MAILBOX_REFUSED if is_refusal else Event.MAILBOX_LOST
            log.event(event, mailbox=name, host=host, reason=self._last_words)
        try:
            self._desk.ledger.note_error(name, self._last_words)
        except MaildError as trouble:
            log.event(Event.STORE_DELAYED, error=trouble)


class ImapIntake:
    """All mailboxes of the house."""

    def __init__(
        self,
        mailboxes: Sequence[ImapSettings],
        desk: Desk,
        rhythm: Rhythm = Rhythm(),
    ) -> None:
        """Check every mailbox; raises `ConfigError`."""
        self._pollers = [MailboxPoller(settings, desk, rhythm) for settings in mailboxes]

    def start(self) -> None:
        """Begin to poll all of them."""
        for poller in self._pollers:
            poller.start()

    def stop(self, seconds: float = 5) -> bool:
        """End all of them within `seconds`; tell whether all have ended."""
        for poller in self._pollers:
            poller.ask_to_stop()
        end = time.monotonic() + seconds
        ended = [poller.join(end - time.monotonic()) for poller in self._pollers]
        return all(ended)


def back_off(
    failures: int, first: float, longest: float, chance: Callable[[], float] = random.random
) -> float:
    """Return the wait after `failures` (at least 1) in a row: doubled each time, with jitter.

    Between half of the wait and all of it, so that many mailboxes do not return at once.
    """
    whole = min(first * 2.0 ** min(failures - 1, 30), longest)
    return whole * (0.5 + chance() / 2)


def check_settings(settings: ImapSettings) -> None:
    """Refuse what could never work, or would reach the wire as a second command."""
    problems = [
        Problem(file=f"[mailbox.imap] {settings.mailbox}", line=0, text=words)
        for words in _problems(settings)
    ]
    if problems:
        raise ConfigError(tuple(problems))


def _problems(settings: ImapSettings) -> list[str]:
    after, _, target = settings.after.partition(":")
    named = (("folder", settings.folder), ("user", settings.user), ("after", settings.after))
    problems = [f"{key} holds a control character" for key, text in named if _has_control(text)]
    if "\0" in settings.password:
        problems.append("the password holds a NUL character")
    if _same_folder(target, settings.folder) and after == "move":
        problems.append(f"after moves mails to {target}, from where they are taken")
    return problems


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)


def _same_folder(one: str, other: str) -> bool:
    """INBOX is the same in any case (RFC 9051 §5.1)."""
    return one == other or one.upper() == other.upper() == "INBOX"
