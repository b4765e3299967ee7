"""The journal: every raw mail that was acknowledged, and what became of it.

| state    | outcome                 | means                             | leaves it by        |
|----------|-------------------------|-----------------------------------|---------------------|
| received | -                       | durable, acknowledged, waits      | claim               |
| parsing  | -                       | in a node's hand, on a lease      | end, recover        |
| done     | posted, ignored, erased | on a ticket, or set aside         | -                   |
| held     | held                    | kept whole for a person           | release, drop       |

A try counts only when the reader's child died or failed while the daemon lived, or when others
changed the ticket again and again. After a crash of
the daemon the rows it had in hand are suspects: they are taken one by one, so that a mail that
kills the daemon is found without its neighbours. A clean stop counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Boolean,
    Connection,
    Row,
    bindparam,
    func,
    or_,
    select,
    text,
    true,
    update,
)

from maild.core.decision import Outcome
from maild.core.mail import Envelope, Source
from maild.errors import HalfTaken, LostRace, TemporaryError
from maild.store import blobs
from maild.store.database import Database
from maild.store.prepared import Prepared, Record
from maild.store.tables import JournalRow, JournalState, metadata

LEASE = timedelta(minutes=2)
TRIES_MAX = 3
CLAIM_BYTES_MAX = 8 * 1024 * 1024
_TOMBSTONE: dict[str, object] = {
    "state": JournalState.DONE,
    "outcome": "erased",
    "blob_id": None,
    "identity": "",
    "content_hash": "",
    "mail_from": "",
    "rcpt_to": [],
    "client": "",
    "helo": "",
    "account": "",
    "evidence": "",
    "message_id": "",
    "trust": "",
}
_JOURNAL = metadata.tables[JournalRow.__tablename__]
_ENDED = (
    "state",
    "outcome",
    "reason",
    "rules",
    "identity",
    "content_hash",
    "trust",
    "ticket_id",
    "post_id",
    "ended_at",
)
_BLOB_OF = Prepared(select(_JOURNAL.c.blob_id).where(_JOURNAL.c.id == bindparam("row")))
_END = Prepared(
    update(_JOURNAL)
    .where(_JOURNAL.c.id == bindparam("row"), _JOURNAL.c.outcome == "")
    .values(
        claimed_by="",
        claimed_until=None,
        suspect=False,
        **{name: bindparam(f"new_{name}", type_=_JOURNAL.c[name].type) for name in _ENDED},
    )
)
_ELSEWHERE = (
    _JOURNAL.c.state == JournalState.PARSING,
    _JOURNAL.c.claimed_by != bindparam("node"),
)
_WRITERS = select(_JOURNAL.c.mail_from).where(*_ELSEWHERE, _JOURNAL.c.mail_from != "")
_MAILBOXES = select(_JOURNAL.c.mailbox).where(*_ELSEWHERE, _JOURNAL.c.source == Source.IMAP)
"""Whose mail another node has in hand, their next one waits, so that order stays; an IMAP server
does not tell whose a mail is, so that there a whole mailbox does."""
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('journal', 0))")
_DUE = (
    select(_JOURNAL.c.id, _JOURNAL.c.suspect, _JOURNAL.c.size)
    .where(
        _JOURNAL.c.state == JournalState.RECEIVED,
        or_(_JOURNAL.c.not_before.is_(None), _JOURNAL.c.not_before <= bindparam("now")),
        or_(
            bindparam("unchecked", type_=Boolean),
            _JOURNAL.c.source != Source.SMTP,
            _JOURNAL.c.evidence != "",
            _JOURNAL.c.account != "",
        ),
        _JOURNAL.c.mail_from.not_in(_WRITERS),
        or_(_JOURNAL.c.source != Source.IMAP, _JOURNAL.c.mailbox.not_in(_MAILBOXES)),
    )
    .order_by(_JOURNAL.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_JOURNAL)
    .where(_JOURNAL.c.id == bindparam("row"))
    .values(
        state=JournalState.PARSING,
        claimed_by=bindparam("node"),
        claimed_until=bindparam("until", type_=_JOURNAL.c.claimed_until.type),
    )
)
_NOTE = (
    update(_JOURNAL)
    .where(_JOURNAL.c.id == bindparam("row"))
    .values(evidence=bindparam("found", type_=_JOURNAL.c.evidence.type))
)
_LOAD = Prepared(
    select(_JOURNAL)
    .where(_JOURNAL.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_JOURNAL.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One mail in hand."""

    id: int
    envelope: Envelope
    raw: bytes
    sha256: str
    message_id: str
    received_at: datetime
    tries: int
    is_damaged: bool = False
    """Whether its raw bytes cannot be read; `raw` is empty then."""
    is_dated: bool = True
    """Whether `received_at` is believed: a clock that leapt ahead ends nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a journal row ends."""

    journal_id: int
    outcome: Outcome
    reason: str
    rules: tuple[str, ...] = ()
    identity: str = ""
    content_hash: str = ""
    trust: str = ""
    ticket_id: int | None = None
    post_id: int | None = None


def claim(
    database: Database, node: str, now: datetime, limit: int, *, unchecked: bool = True
) -> tuple[Claimed, ...]:
    """Take the oldest mails that are due, in journal order; a suspect is taken alone.

    Without `unchecked`, mails from strangers whose evidence is not known yet stay where they are.
    Nodes claim one after the other: else neither would see whose mail the other just took.
    `HalfTaken` when the database goes away meanwhile: what it names is to be put back.
    """
    wanted = {"now": now, "most": limit, "unchecked": unchecked, "node": node}
    until, ids = now + LEASE, list[int]()
    try:
        with database.write() as connection:
            if not database.is_sqlite:
                connection.execute(_ONE_AT_A_TIME)
            ids = _first_of(connection.execute(_DUE, wanted).all())
            if not ids:
                return ()
            connection.execute(_CLAIM, [{"row": row, "node": node, "until": until} for row in ids])
        return load(database, ids)
    except TemporaryError as error:
        if not ids:
            raise
        raise HalfTaken(tuple(ids)) from error


def load(database: Database, ids: Sequence[int]) -> tuple[Claimed, ...]:
    """Return journalled mails with their raw bytes, in order of their ids.

    Where these are damaged it is told for that mail alone.
    """
    with database.read() as connection:
        rows = _LOAD.mappings(connection, {"ids": list(ids)})
        raw = blobs.readable(connection, [row["blob_id"] for row in rows])
    return tuple(_claimed(row, raw.get(row["blob_id"])) for row in rows)


def note_evidence(connection: Connection, found: Sequence[tuple[int, str]]) -> None:
    """Store what our own checks found out about mails: (journal id, evidence)."""
    if found:
        rows = [{"row": row, "found": text} for row, text in found]
        connection.execute(_NOTE, rows)


def envelope_of(connection: Connection, sha256: str) -> Envelope | None:
    """Return how a mail with these bytes came in the first time, None when it never did."""
    row = (
        connection.execute(
            select(_JOURNAL).where(_JOURNAL.c.sha256 == sha256).order_by(_JOURNAL.c.id).limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return _envelope(row) if row else None


def raw_mail(connection: Connection, journal_id: int) -> bytes:
    """Return the raw bytes of a journal row; raises KeyError when they were erased."""
    found = _BLOB_OF.scalars(connection, {"row": journal_id})
    if not found or found[0] is None:
        raise KeyError(journal_id)
    return blobs.get(connection, found[0])


def end(connection: Connection, ending: Ending, now: datetime) -> None:
    """Give a row its one outcome; `LostRace` when somebody gave it one already."""
    end_all(connection, [ending], now)


def end_all(connection: Connection, endings: Sequence[Ending], now: datetime) -> None:
    """Give rows their outcomes; `LostRace` when somebody gave one of them one already."""
    if not endings:
        return
    rows = [
        {
            "row": ending.journal_id,
            "new_state": (
                JournalState.HELD if ending.outcome is Outcome.HELD else JournalState.DONE
            ),
            "new_outcome": ending.outcome,
            "new_reason": ending.reason,
            "new_rules": list(ending.rules),
            "new_identity": ending.identity,
            "new_content_hash": ending.content_hash,
            "new_trust": ending.trust,
            "new_ticket_id": ending.ticket_id,
            "new_post_id": ending.post_id,
            "new_ended_at": now,
        }
        for ending in endings
    ]
    if _END.run(connection, rows) != len(rows):
        ids = ", ".join(str(ending.journal_id) for ending in endings)
        raise LostRace(f"of the journal rows {ids} one has an outcome already")


def put_back(
    connection: Connection, ids: Sequence[int], not_before: datetime | None, node: str = ""
) -> None:
    """Send rows back into the line, without counting a try; with `node` only those it has."""
    theirs = _JOURNAL.c.claimed_by == node if node else true()
    connection.execute(
        update(_JOURNAL)
        .where(_JOURNAL.c.id.in_(ids), _JOURNAL.c.state == JournalState.PARSING, theirs)
        .values(
            state=JournalState.RECEIVED, claimed_by="", claimed_until=None, not_before=not_before
        )
    )


def count_try(connection: Connection, journal_id: int, not_before: datetime) -> int:
    """Count a failed try and send the row back; return how many have been counted."""
    put_back(connection, [journal_id], not_before)
    connection.execute(
        update(_JOURNAL).where(_JOURNAL.c.id == journal_id).values(tries=_JOURNAL.c.tries + 1)
    )
    tries: int = connection.execute(
        select(_JOURNAL.c.tries).where(_JOURNAL.c.id == journal_id)
    ).scalar_one()
    return tries


def recover(connection: Connection, nodes: Sequence[str], now: datetime) -> int:
    """Take back what dead nodes had in hand: named ones, and all whose lease is over."""
    gone = or_(_JOURNAL.c.claimed_by.in_(nodes), _JOURNAL.c.claimed_until < now)
    return connection.execute(
        update(_JOURNAL)
        .where(_JOURNAL.c.state == JournalState.PARSING, gone)
        .values(state=JournalState.RECEIVED, claimed_by="", claimed_until=None, suspect=True)
    ).rowcount


def release(connection: Connection, journal_id: int) -> bool:
    """Send a held mail through the line once more; tell whether it was held."""
    return bool(
        connection.execute(
            update(_JOURNAL)
            .where(_JOURNAL.c.id == journal_id, _JOURNAL.c.outcome == Outcome.HELD)
            .values(state=JournalState.RECEIVED, outcome="", reason="", tries=0, ended_at=None)
        ).rowcount
    )


def drop(connection: Connection, journal_id: int, reason: str, now: datetime) -> bool:
    """Erase a held mail; SHA-256, size, time and reason stay. Tell whether it was held."""
    held = (_JOURNAL.c.id == journal_id, _JOURNAL.c.outcome == Outcome.HELD)
    blob_id = connection.execute(select(_JOURNAL.c.blob_id).where(*held)).scalar_one_or_none()
    erased = connection.execute(
        update(_JOURNAL).where(*held).values(_TOMBSTONE | {"reason": reason, "ended_at": now})
    ).rowcount
    if erased and blob_id is not None:
        blobs.erase(connection, blob_id)
    return bool(erased)


def erase(connection: Connection, ids: Sequence[int], reason: str, now: datetime) -> int:
    """Make tombstones of rows that no node has in hand, whatever they were; return how many.

    A blob goes with the last row that refers to it.
    """
    wanted = (
        _JOURNAL.c.id.in_(ids),
        _JOURNAL.c.state != JournalState.PARSING,
        _JOURNAL.c.outcome != "erased",
    )
    rows = connection.execute(select(_JOURNAL.c.id, _JOURNAL.c.blob_id).where(*wanted)).all()
    found = [row.id for row in rows]
    if not found:
        return 0
    values = _TOMBSTONE | {"reason": reason, "rules": [], "not_before": None}
    ended = {"ended_at": func.coalesce(_JOURNAL.c.ended_at, now), "suspect": False}
    connection.execute(update(_JOURNAL).where(_JOURNAL.c.id.in_(found)).values(values | ended))
    wanted_blobs = {row.blob_id for row in rows if row.blob_id is not None}
    shared = connection.execute(
        select(_JOURNAL.c.blob_id).where(_JOURNAL.c.blob_id.in_(wanted_blobs))
    ).scalars()
    for blob_id in sorted(wanted_blobs - set(shared)):
        blobs.erase(connection, blob_id)
    return len(found)


def next_due(connection: Connection) -> datetime | None:
    """Return when the next mail that waits for its time is due, or None."""
    moment: datetime | None = connection.execute(
        select(func.min(_JOURNAL.c.not_before)).where(_JOURNAL.c.state == JournalState.RECEIVED)
    ).scalar_one()
    return moment


def _claimed(row: Record, raw: bytes | None) -> Claimed:
    is_whole = raw is not None and len(raw) == row["size"]
    return Claimed(
        id=row["id"],
        envelope=_envelope(row),
        raw=raw if raw is not None and is_whole else b"",
        sha256=row["sha256"],
        message_id=row["message_id"],
        received_at=row["received_at"],
        tries=row["tries"],
        is_damaged=not is_whole,
    )


def _envelope(row: Record) -> Envelope:
    return Envelope(
        mail_from=row["mail_from"],
        rcpt_to=tuple(row["rcpt_to"]),
        source=Source(row["source"]),
        mailbox=row["mailbox"],
        client=row["client"],
        helo=row["helo"],
        account=row["account"],
        evidence=row["evidence"],
    )


def _first_of(found: Sequence[Row[int, bool, int]]) -> list[int]:
    """A suspect is taken alone, so that a mail that kills us is found without its neighbours.

    What is in hand lies in memory, so that large mails come in smaller batches.
    """
    if found and found[0].suspect:
        return [found[0].id]
    ids: list[int] = []
    size = 0
    for row in found:
        size += row.size
        if row.suspect or (ids and size > CLAIM_BYTES_MAX):
            break
        ids.append(row.id)
    return ids
