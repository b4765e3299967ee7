"""Writes down what relays said and which mails they get next, in groups.

Strategy: a transaction that is durable costs as much as the mail itself. So one holds all that
was heard since the last, and the marks of several mails that go next. What was heard is there
before the next group goes out; while a relay holds its sender up, a thread of its own writes it.
It is tried again and again until the database takes it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from maild import handle
from maild.core.undelivered import Failure
from maild.errors import LostRace, TemporaryError
from maild.handle import Office
from maild.log import Event, event
from maild.metrics import Metric, count
from maild.store import outbox
from maild.store.database import Connection
from maild.store.outbox import Attempted, Call, Outgoing
from maild.store.tables import OutboxState

PAUSE_SECONDS = 2.0
LONG_SECONDS = 0.02
"""What was heard waits no longer for others to be written with it."""
_Result = TypeVar("_Result")

_TOLD = {
    OutboxState.SENT: (Event.REPLY_SENT, "sent"),
    OutboxState.QUEUED: (Event.REPLY_DEFERRED, "deferred"),
    OutboxState.FAILED: (Event.REPLY_FAILED, "failed"),
    OutboxState.HELD: (Event.REPLY_HELD, "held"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of a mail, not yet written."""

    mail: Outgoing
    attempted: Attempted
    failure: Failure | None
    was_dialled: bool


class Clerk:
    """One sender's: it has at most one group in hand."""

    def __init__(self, office: Callable[[], Office], node: str) -> None:
        """Take the office anew for each group, since a reload replaces it."""
        self._office = office
        self._node = node
        self._heard: list[Heard] = []
        self._pen = threading.Lock()
        """One writes at a time; nothing that is being written is taken away."""
        self._came = threading.Event()
        self.patience_seconds = math.inf
        """A database that is away is waited for so long."""

    def hear(self, heard: Heard) -> None:
        """Take note of what became of a mail; it is written soon."""
        self._heard.append(heard)
        if len(self._heard) == 1:
            self._came.set()

    def write(self, stop: threading.Event, calls: Sequence[Call] = ()) -> list[Call]:
        """Write all that was heard, and mark mails that go next; return those still ours.

        TemporaryError when the database does not take it before `stop`.
        """
        with self._pen:
            heard = list(self._heard)
            if not heard and not calls:
                return []
            ours = self.insist(lambda: self._written(heard, calls), stop)
            del self._heard[: len(heard)]
        return ours

    def leave(self) -> list[Outgoing]:
        """Forget what could not be written; return the mails that no relay was tried for."""
        with self._pen:
            left, self._heard = self._heard, []
        return [heard.mail for heard in left if not heard.was_dialled]

    def insist(self, work: Callable[[], _Result], stop: threading.Event) -> _Result:
        """Do it until the database takes it; TemporaryError when `stop` comes first.

        Whose patience ends sets `stop`: nobody else insists then.
        """
        end = time.monotonic() + self.patience_seconds
        while True:
            try:
                return work()
            except TemporaryError as error:
                event(Event.STORE_DELAYED, error=error)
                if time.monotonic() > end:
                    stop.set()
                if stop.wait(PAUSE_SECONDS):
                    raise

    @contextmanager
    def watching(self, stop: threading.Event) -> Iterator[None]:
        """Meanwhile, write what has waited for long, whatever its sender is waiting for.

        In the end all of it is written.
        """
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(stop, over), name="clerk", daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()
            self._came.set()
            watch.join()
            with suppress(TemporaryError):
                self.write(stop)

    def _watch(self, stop: threading.Event, over: threading.Event) -> None:
        while not over.is_set():
            self._came.wait()
            self._came.clear()
            while (oldest := self._oldest()) is not None and not over.wait(LONG_SECONDS):
                if self._oldest() is oldest and not self._is_written(stop):
                    over.wait(PAUSE_SECONDS)

    def _is_written(self, stop: threading.Event) -> bool:
        try:
            self.write(stop)
        except TemporaryError:  # told where it was insisted
            return False
        except Exception as error:  # noqa: BLE001 - loop top: the sender itself meets it again
            event(Event.WORK_FAILED, work="what relays said", error=error)
            return False
        return True

    def _oldest(self) -> Heard | None:
        return next(iter(self._heard), None)

    def _written(self, heard: Sequence[Heard], calls: Sequence[Call]) -> list[Call]:
        """Write a group in one transaction; when that fails, each by itself."""
        try:
            self._write_all(heard, calls)
        except LostRace:
            pass
        except TemporaryError:
            raise
        except Exception:  # noqa: BLE001, S110 - loop top: which one it was is told below
            pass
        else:
            for one in heard:
                _tell(one)
            return list(calls)
        for one in heard:
            self._write_one(one)
        return [call for call in calls if self._is_marked(call)]

    def _write_all(self, heard: Sequence[Heard], calls: Sequence[Call]) -> None:
        """LostRace when one mail is in other hands by now; then nothing is written."""
        office = self._office()
        with office.database.write() as connection:
            is_ours = self._record(connection, office, heard)
            if not (is_ours and outbox.dial(connection, self._node, calls, office.now())):
                raise LostRace("a mail is in other hands by now")

    def _write_one(self, heard: Heard) -> None:
        """Write one result: it stands, whatever the news of it do."""
        office = self._office()
        try:
            with office.database.write() as connection:
                is_news = self._record(connection, office, [heard])
        except TemporaryError:
            raise
        except Exception as error:  # noqa: BLE001 - loop top: one bad ticket stops no other mail
            event(Event.WORK_FAILED, outbox=heard.mail.id, error=error)
            with office.database.write() as connection:
                is_news = self._record(connection, office, [replace(heard, failure=None)])
        if is_news:
            _tell(heard)

    def _record(self, connection: Connection, office: Office, heard: Sequence[Heard]) -> bool:
        """Write results together with the news of them, so that a crash loses neither.

        False when one of them is no news.
        """
        now = office.now()
        attempts = [one.attempted for one in heard]
        if not outbox.record(connection, self._node, attempts, now):
            return False
        for one in heard:
            if one.failure is not None:
                handle.failed_reply(connection, office, one.mail, one.failure)
        return True

    def _is_marked(self, call: Call) -> bool:
        office = self._office()
        with office.database.write() as connection:
            return outbox.dial(connection, self._node, [call], office.now())


def _tell(heard: Heard) -> None:
    mail, attempted = heard.mail, heard.attempted
    what, result = _TOLD[attempted.state]
    count(Metric.REPLIES, result=result)
    words = attempted.answer
    event(what, outbox=mail.id, to=mail.recipient, attempt=mail.attempts, answer=words)
