"""Is the mail whole, in and out? Asked of the database, some rows at a time; nothing is written.

Each function is one check: it takes a consistent view and the present, and gives its findings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, or_, select

from maild.core.decision import Outcome
from maild.store import blobs, tables
from maild.store.finding import YOUNG, Finding, batches
from maild.store.tables import JournalState, OutboxState, metadata

MAILS_AT_ONCE = 20
_T = metadata.tables
_BLOB = _T[tables.Blob.__tablename__]
_CHUNK = _T[tables.BlobChunk.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_LEDGER = _T[tables.LedgerRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_ATTEMPT = _T[tables.AttemptRow.__tablename__]


def raw_mail(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Every mail has its bytes, and their SHA-256 (I1); an erased one has none."""
    del now
    rows = select(_JOURNAL.c.id, _JOURNAL.c.blob_id, _JOURNAL.c.sha256, _JOURNAL.c.size)
    rows = rows.add_columns(_JOURNAL.c.outcome).order_by(_JOURNAL.c.id)
    for some in batches(connection, rows, MAILS_AT_ONCE):
        known = [row.blob_id for row in some if row.blob_id is not None]
        found = blobs.readable(connection, known) if known else {}
        for row in some:
            words = _bytes_of(row, found.get(row.blob_id))
            if words:
                yield Finding(check="raw-mail", row=f"journal {row.id}", text=words)


def outcomes(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Every mail ends in exactly one way (I2), and a post of its own is on its ticket."""
    del now
    rows = select(_JOURNAL, _POST.c.ticket_id.label("told_on"), _POST.c.id.label("told_as"))
    rows = rows.outerjoin_from(_JOURNAL, _POST, _POST.c.journal_id == _JOURNAL.c.id)
    for some in batches(connection, rows.order_by(_JOURNAL.c.id)):
        for row in some:
            words = _ending_of(row)
            if words:
                yield Finding(check="outcome", row=f"journal {row.id}", text=words)


def stored_bytes(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Every blob has its chunks, and somebody it belongs to."""
    chunks = func.count(_CHUNK.c.n).label("found")
    rows = select(_BLOB.c.id, _BLOB.c.chunks, _BLOB.c.created_at, chunks)
    rows = rows.add_columns(exists().where(_JOURNAL.c.blob_id == _BLOB.c.id).label("has_owner"))
    rows = rows.outerjoin_from(_BLOB, _CHUNK, _CHUNK.c.blob_id == _BLOB.c.id)
    rows = rows.group_by(_BLOB.c.id, _BLOB.c.chunks, _BLOB.c.created_at).order_by(_BLOB.c.id)
    for some in batches(connection, rows):
        for row in some:
            name = f"blob {row.id}"
            if row.found != row.chunks:
                words = f"has {row.found} of {row.chunks} chunks"
                yield Finding(check="blob", row=name, text=words)
            if not row.has_owner and row.created_at < now - YOUNG:
                words = "belongs to no mail: waste of a crash"
                yield Finding(check="blob", row=name, text=words, is_note=True)


def ledger(connection: Connection, now: datetime) -> Iterator[Finding]:
    """What came from an IMAP server is in the journal with the same bytes."""
    del now
    rows = select(_LEDGER.c.id, _LEDGER.c.mailbox, _LEDGER.c.uid, _LEDGER.c.journal_id)
    rows = rows.add_columns(_LEDGER.c.sha256, _LEDGER.c.passed_over)
    rows = rows.add_columns(_JOURNAL.c.sha256.label("journalled"))
    rows = rows.outerjoin_from(_LEDGER, _JOURNAL, _JOURNAL.c.id == _LEDGER.c.journal_id)
    for some in batches(connection, rows.order_by(_LEDGER.c.id)):
        for row in some:
            words = ""
            if row.journal_id is None and not row.passed_over:
                words = "was neither taken nor passed over with a reason"
            elif row.journal_id is not None and row.sha256 != row.journalled:
                words = f"has another SHA-256 than journal {row.journal_id}"
            if words:
                name = f"ledger {row.id} ({row.mailbox}, UID {row.uid})"
                yield Finding(check="ledger", row=name, text=words)


def outbox(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Every mail of ours is where its columns say, and every attempt is written down (I3)."""
    counted = func.count(_ATTEMPT.c.id).label("counted")
    highest = func.coalesce(func.max(_ATTEMPT.c.n), 0).label("highest")
    columns = (_OUTBOX.c[name] for name in ("id", "state", "attempts", "claimed_by", "sent_at"))
    rows = select(*columns, _OUTBOX.c.claimed_until, counted, highest)
    rows = rows.outerjoin_from(_OUTBOX, _ATTEMPT, _ATTEMPT.c.outbox_id == _OUTBOX.c.id)
    for some in batches(connection, rows.group_by(_OUTBOX.c.id).order_by(_OUTBOX.c.id)):
        for row in some:
            words = _state_of(row, now)
            if words:
                yield Finding(check="outbox", row=f"outbox {row.id}", text=words)


def waiting_for_ever(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Nothing is in a hand whose lease ended long ago."""
    late = and_(
        _JOURNAL.c.state == JournalState.PARSING,
        or_(_JOURNAL.c.claimed_by == "", _JOURNAL.c.claimed_until < now - YOUNG),
    )
    for row in connection.execute(select(_JOURNAL.c.id).where(late)):
        words = "is in the hand of a node that is gone: a daemon takes it back when it starts"
        yield Finding(check="lease", row=f"journal {row.id}", text=words, is_note=True)


def sent_mails(connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    """Give the mails of ours with what their bytes are made of, some at a time."""
    columns = ("id", "literal", "pieces", "sha256", "size")
    rows = select(*(_OUTBOX.c[name] for name in columns)).order_by(_OUTBOX.c.id)
    yield from batches(connection, rows, MAILS_AT_ONCE)


def _bytes_of(row: Row[Any], raw: bytes | None) -> str:
    if row.outcome == "erased":
        return "" if row.blob_id is None else "is erased, and its bytes are still there"
    if row.blob_id is None:
        return "has no bytes, and was not erased"
    if raw is None:
        return f"its bytes cannot be read (blob {row.blob_id})"
    if len(raw) != row.size:
        return f"has {len(raw)} bytes of {row.size} (blob {row.blob_id})"
    is_same = hashlib.sha256(raw).hexdigest() == row.sha256
    return "" if is_same else f"has other bytes than came in (blob {row.blob_id})"


def _ending_of(row: Row[Any]) -> str:
    is_over = row.state in (JournalState.DONE, JournalState.HELD)
    if is_over != bool(row.outcome) or (row.state == JournalState.HELD) != (
        row.outcome == Outcome.HELD
    ):
        return f"is {row.state} with the outcome {row.outcome or 'none'}"
    if is_over and row.ended_at is None:
        return "ended at no time"
    if row.told_as is not None and row.ticket_id is None:
        return "was posted on no ticket"
    if row.told_as is not None and row.outcome not in (Outcome.POSTED, "erased"):
        return f"is post {row.told_as}, and ended as {row.outcome or 'nothing'}"
    return ""


def _state_of(row: Row[Any], now: datetime) -> str:
    if row.state == OutboxState.SENT and row.sent_at is None:
        return "is sent, at no time"
    if row.state == OutboxState.SENT and not row.counted:
        return "is sent, without an attempt"
    if row.highest > row.attempts or row.counted > row.attempts:
        return (
            f"has {row.counted} attempts up to number {row.highest}, and knows of {row.attempts}"
        )
    if row.state == OutboxState.SENDING and not row.claimed_by:
        return "is being sent by nobody"
    if row.claimed_until is not None and row.claimed_until < now - YOUNG:
        return "is in the hand of a node that is gone"
    return ""
