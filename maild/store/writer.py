"""The one writer of new mail in a process: it makes what waits durable, together.

A mail is acknowledged when the future of `Journal.append` resolves: then its transaction is
durable. Many waiting mails share one transaction; no timer delays a lone one.
"""

from __future__ import annotations

import math
import queue
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from maild.core.mail import Envelope
from maild.errors import StoreBusy
from maild.metrics import Metric, count, measure
from maild.store import blobs
from maild.store.database import Database, inserted_ids
from maild.store.tables import JournalRow, JournalState, LedgerRow, metadata

BATCH_MAILS_MAX = 200
BATCH_BYTES_MAX = 8 * 1024 * 1024
HEADER_BYTES_MAX = 256 * 1024
SILENT_SECONDS = 60.0
"""A database that says nothing for so long gets no more: what waits for it lies in memory."""
_JOURNAL = metadata.tables[JournalRow.__tablename__]
_LEDGER = metadata.tables[LedgerRow.__tablename__]
_ADD_ENTRY = insert(_LEDGER)
_ENTERED = select(_LEDGER.c.uid, _LEDGER.c.journal_id).where(
    _LEDGER.c.mailbox == bindparam("mailbox"),
    _LEDGER.c.folder == bindparam("folder"),
    _LEDGER.c.uidvalidity == bindparam("uidvalidity"),
    _LEDGER.c.uid.in_(bindparam("uids", expanding=True)),
    _LEDGER.c.journal_id.is_not(None),
)
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
        self._busy_since = math.inf
        """When the writer went to the database, on the monotonic clock."""
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
            elif time.monotonic() - self._busy_since > SILENT_SECONDS:
                future.set_exception(StoreBusy("the database is silent"))
            else:
                self._queue.put(_Waiting(envelope, raw, ledger, future))
        return future

    @property
    def thread(self) -> threading.Thread:
        """The writer's own: nothing becomes durable without it."""
        return self._thread

    def close(self) -> None:
        """Commit what still waits, then end the writer."""
        with self._door:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while self._turn():
            pass

    def _turn(self) -> bool:
        """Commit what comes next; tell whether to go on. It keeps no mail while it waits."""
        first = self._queue.get()
        if first is None:
            return False
        waiting, more = self._gather(first)
        batch = [item for item in waiting if item.future.set_running_or_notify_cancel()]
        if batch:
            self._busy_since = time.monotonic()
            self._commit(batch)
            self._busy_since = math.inf
        return more

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
        measure(Metric.COMMIT_BATCH, len(batch))
        self._on_appended(len(batch))

    def _write(self, batch: list[_Waiting]) -> list[int]:
        """Store what is not known yet; return the journal ids of the whole batch, in order."""
        now = self._now()
        bodies = [blobs.compressed(item.raw) for item in batch]
        rows = [_row(item, body, now) for item, body in zip(batch, bodies, strict=True)]
        for row, body in zip(rows, bodies, strict=True):
            if len(body.chunks) > 1:
                with self._database.write() as connection:
                    row["blob_id"] = blobs.add(connection, [body], now)[0]
        with self._database.write() as connection:
            known = _known(connection, [item.ledger for item in batch if item.ledger])
            new = [n for n, item in enumerate(batch) if item.ledger not in known]
            small = [n for n in new if "blob_id" not in rows[n]]
            for n, blob_id in zip(small, _stored(connection, bodies, small, now), strict=True):
                rows[n]["blob_id"] = blob_id
            added = inserted_ids(connection, _JOURNAL, [rows[n] for n in new]) if new else []
            ids = dict(zip(new, added, strict=True))
            _enter(connection, [(batch[n].ledger, rows[n]["sha256"], ids[n]) for n in new], now)
        for n in new:
            count(Metric.MAIL_JOURNALLED, source=batch[n].envelope.source)
        return [ids[n] if n in ids else known[batch[n].ledger] for n in range(len(batch))]


def message_id_of(raw: bytes) -> str:
    """Cut the first Message-ID out of a header block, without parsing; empty when none."""
    head = raw[:HEADER_BYTES_MAX]
    ends = [place for place in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if place >= 0]
    found = _MESSAGE_ID.search(head, 0, min([*ends, len(head)]))
    return found.group(1).decode("ascii", "replace") if found else ""


def _known(connection: Connection, keys: Sequence[LedgerKey]) -> dict[LedgerKey | None, int]:
    """Return the journal ids of the keys that are in the ledger already."""
    places: defaultdict[tuple[str, str, int], dict[int, LedgerKey]] = defaultdict(dict)
    for key in keys:
        places[key.mailbox, key.folder, key.uidvalidity][key.uid] = key
    found: dict[LedgerKey | None, int] = {}
    for (mailbox, folder, uidvalidity), by_uid in places.items():
        place = {"mailbox": mailbox, "folder": folder, "uidvalidity": uidvalidity}
        for row in connection.execute(_ENTERED, {**place, "uids": list(by_uid)}):
            found[by_uid[row.uid]] = row.journal_id
    return found


def _row(item: _Waiting, body: blobs.Compressed, now: datetime) -> dict[str, Any]:
    """The journal row, but for the blob's id."""
    envelope = item.envelope
    return {
        "sha256": body.sha256,
        "size": body.size,
        "source": envelope.source,
        "mailbox": envelope.mailbox,
        "mail_from": _text(envelope.mail_from),
        "rcpt_to": [_text(address) for address in envelope.rcpt_to],
        "client": envelope.client,
        "helo": _text(envelope.helo),
        "account": _text(envelope.account),
        "evidence": envelope.evidence,
        "message_id": message_id_of(item.raw),
        "received_at": now,
        "state": JournalState.RECEIVED,
        "tries": 0,
        "suspect": False,
        "claimed_by": "",
        "outcome": "",
        "reason": "",
        "rules": [],
        "identity": "",
        "content_hash": "",
        "trust": "",
    }


def _stored(
    connection: Connection, bodies: Sequence[blobs.Compressed], which: Sequence[int], now: datetime
) -> list[int]:
    return blobs.add(connection, [bodies[n] for n in which], now) if which else []


def _enter(
    connection: Connection, mails: Sequence[tuple[LedgerKey | None, str, int]], now: datetime
) -> None:
    """Note in the ledger what came from an IMAP server: key, SHA-256 and journal id."""
    rows = [
        {
            "mailbox": key.mailbox,
            "folder": key.folder,
            "uidvalidity": key.uidvalidity,
            "uid": key.uid,
            "journal_id": journal_id,
            "sha256": sha256,
            "after_done": False,
            "passed_over": "",
            "at": now,
        }
        for key, sha256, journal_id in mails
        if key is not None
    ]
    if rows:
        connection.execute(_ADD_ENTRY, rows)


def _text(value: str) -> str:
    """What a client said, as every database can keep it: no NUL, no lone surrogates."""
    return value.encode("utf-8", "replace").decode().replace("\0", "")
