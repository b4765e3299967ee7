"""The one writer of new mail in a process: it makes what waits durable, together.

A mail is acknowledged when the future of `Journal.append` resolves: then its transaction is
durable. Many waiting mails share one transaction; no timer delays a lone one.
"""

from __future__ import annotations

import hashlib
import queue
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from maild.core.mail import Envelope
from maild.errors import StoreBusy
from maild.store import blobs
from maild.store.database import Database, inserted_id
from maild.store.tables import JournalRow, JournalState, LedgerRow, metadata

BATCH_MAILS_MAX = 200
BATCH_BYTES_MAX = 8 * 1024 * 1024
_JOURNAL = metadata.tables[JournalRow.__tablename__]
_LEDGER = metadata.tables[LedgerRow.__tablename__]
_MESSAGE_ID = re.compile(rb"(?im)^message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s\x00]{1,900})>")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerKey:
    """Where on an IMAP server a mail lies (RFC 9051 §2.3.1.1)."""

    mailbox: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    envelope: Envelope
    raw: bytes
    ledger: LedgerKey | None
    future: Future[int]


class Journal:
    """The one writer of new mail in this process: a thread that commits what waits, together."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        on_appended: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Start the writer; `on_appended` is told how many mails were just made durable."""
        self._database = database
        self._now = now
        self._on_appended = on_appended
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._closed = False
        self._door = threading.Lock()
        """Nothing may come behind the mark that ends the queue: nobody would answer it."""
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def append(
        self, envelope: Envelope, raw: bytes, ledger: LedgerKey | None = None
    ) -> Future[int]:
        """Hand in a mail; the future gives its journal id once it is durable.

        It fails with `StoreBusy`, `DiskFull` or what the database said; then nothing was kept. A
        future that is cancelled before the writer takes the mail in hand keeps nothing either.
        A ledger key that is already known gives the id of the row that has it.
        """
        future: Future[int] = Future()
        with self._door:
            if self._closed:
                future.set_exception(StoreBusy("the daemon is stopping"))
            else:
                self._queue.put(_Waiting(envelope, raw, ledger, future))
        return future

    def close(self) -> None:
        """Commit what still waits, then end the writer."""
        with self._door:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            waiting, more = self._gather(first)
            batch = [item for item in waiting if item.future.set_running_or_notify_cancel()]
            if batch:
                self._commit(batch)
            if not more:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """Take what waits already, up to a bound; tell whether to go on afterwards."""
        batch, size = [first], len(first.raw)
        while len(batch) < BATCH_MAILS_MAX and size < BATCH_BYTES_MAX:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return batch, False
            batch.append(item)
            size += len(item.raw)
        return batch, True

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            ids = self._write(batch)
        except Exception as error:  # noqa: BLE001 - loop top: whoever waits is told
            if len(batch) > 1 and not isinstance(error, StoreBusy):
                for item in batch:
                    self._commit([item])
                return
            for item in batch:
                item.future.set_exception(error)
            return
        for item, journal_id in zip(batch, ids, strict=True):
            item.future.set_result(journal_id)
        self._on_appended(len(batch))

    def _write(self, batch: list[_Waiting]) -> list[int]:
        now = self._now()
        chunks = [blobs.compressed(item.raw) for item in batch]
        early: dict[int, int] = {}
        for n, item in enumerate(batch):
            if len(item.raw) > blobs.CHUNK_BYTES:
                with self._database.write() as connection:
                    early[n] = blobs.add(connection, item.raw, chunks[n], now)
        ids = []
        with self._database.write() as connection:
            for n, item in enumerate(batch):
                known = _known(connection, item.ledger)
                if known is not None:
                    ids.append(known)
                    continue
                blob_id = early.get(n) or blobs.add(connection, item.raw, chunks[n], now)
                ids.append(_insert(connection, item, blob_id, now))
        return ids


def message_id_of(raw: bytes) -> str:
    """Cut the first Message-ID out of a header block, without parsing; empty when none."""
    ends = [place for place in (raw.find(b"\r\n\r\n"), raw.find(b"\n\n")) if place >= 0]
    found = _MESSAGE_ID.search(raw, 0, min([*ends, 256 * 1024]))
    return found.group(1).decode("ascii", "replace") if found else ""


def _known(connection: Connection, ledger: LedgerKey | None) -> int | None:
    if ledger is None:
        return None
    known: int | None = connection.execute(
        select(_LEDGER.c.journal_id).where(
            _LEDGER.c.mailbox == ledger.mailbox,
            _LEDGER.c.folder == ledger.folder,
            _LEDGER.c.uidvalidity == ledger.uidvalidity,
            _LEDGER.c.uid == ledger.uid,
        )
    ).scalar_one_or_none()
    return known


def _insert(connection: Connection, item: _Waiting, blob_id: int, now: datetime) -> int:
    digest = hashlib.sha256(item.raw).hexdigest()
    envelope = item.envelope
    result = connection.execute(
        insert(_JOURNAL).values(
            blob_id=blob_id,
            sha256=digest,
            size=len(item.raw),
            source=envelope.source,
            mailbox=envelope.mailbox,
            mail_from=_text(envelope.mail_from),
            rcpt_to=[_text(address) for address in envelope.rcpt_to],
            client=envelope.client,
            helo=_text(envelope.helo),
            account=_text(envelope.account),
            message_id=message_id_of(item.raw),
            received_at=now,
            state=JournalState.RECEIVED,
            tries=0,
            suspect=False,
            claimed_by="",
            outcome="",
            reason="",
            identity="",
            content_hash="",
            trust="",
        )
    )
    journal_id = inserted_id(result)
    if item.ledger is not None:
        connection.execute(
            insert(_LEDGER).values(
                mailbox=item.ledger.mailbox,
                folder=item.ledger.folder,
                uidvalidity=item.ledger.uidvalidity,
                uid=item.ledger.uid,
                journal_id=journal_id,
                sha256=digest,
                after_done=False,
                passed_over="",
                at=now,
            )
        )
    return journal_id


def _text(value: str) -> str:
    """What a client said, as every database can keep it: no NUL, no lone surrogates."""
    return value.encode("utf-8", "replace").decode().replace("\0", "")
