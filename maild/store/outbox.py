"""The outbox: every mail of ours, one row a recipient, its bytes fixed when it is committed.

| state     | means                                           | leaves it by                 |
|-----------|-------------------------------------------------|------------------------------|
| scheduled | must not go before its time                     | claim, hold                  |
| queued    | due, or waits for its next try                  | claim, hold                  |
| sending   | a node has it in hand until its lease ends      | sent, again, failed, recover |
| sent      | the relay said 250 after the final dot          | -                            |
| failed    | the relay said 5xx, or five days went by        | retry                        |
| held      | an operator, or silence after the dot, three times | retry, drop               |

An attempt is recorded before the relay is dialled. A node that dies with a row in hand may have
sent it: the row is tried again with the same bytes and the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from maild.core.decision import ReplyKind
from maild.store import tables
from maild.store.commit import unless_there
from maild.store.database import Database
from maild.store.tables import OutboxState, metadata
from maild.store.takeback import TAKEN_BACK

LEASE = timedelta(minutes=20)
"""Longer than the ten minutes that a relay may take after the final dot (RFC 5321 §4.5.3.2.6)."""
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_ATTEMPT = metadata.tables[tables.AttemptRow.__tablename__]
_DUE = (
    select(_OUTBOX)
    .where(
        _OUTBOX.c.state.in_((OutboxState.QUEUED, OutboxState.SCHEDULED)),
        _OUTBOX.c.next_try_at <= bindparam("now"),
    )
    .order_by(_OUTBOX.c.next_try_at, _OUTBOX.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("row"))
    .values(
        state=OutboxState.SENDING,
        claimed_by=bindparam("node"),
        claimed_until=bindparam("until", type_=_OUTBOX.c.claimed_until.type),
        attempts=_OUTBOX.c.attempts + 1,
    )
)
_ADD_ATTEMPT = insert(_ATTEMPT)
_RECORD_ATTEMPT = (
    update(_ATTEMPT)
    .where(_ATTEMPT.c.outbox_id == bindparam("row"), _ATTEMPT.c.n == bindparam("number"))
    .values(result=bindparam("outcome"), answer=bindparam("words"))
)
_RECORD = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("row"), _OUTBOX.c.state != OutboxState.SENT)
    .values(
        state=bindparam("new_state"),
        next_try_at=func.coalesce(
            bindparam("again_at", type_=_OUTBOX.c.next_try_at.type), _OUTBOX.c.next_try_at
        ),
        last_error=bindparam("words"),
        sent_at=bindparam("sent", type_=_OUTBOX.c.sent_at.type),
        unknown_ends=bindparam("unknown"),
        told=bindparam("was_told"),
        claimed_by="",
        claimed_until=None,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One mail of ours, ready to be stored or sent."""

    id: int = 0
    key: str
    ticket_id: int | None
    post_id: int | None = None
    kind: ReplyKind
    mailbox: str
    envelope_from: str
    recipient: str
    message_id: str
    sha256: str
    size: int
    literal: bytes
    pieces: list[list[Any]]
    created_at: datetime
    not_before: datetime
    attempts: int = 0
    unknown_ends: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What became of one attempt."""

    outbox_id: int
    attempt: int
    state: OutboxState
    result: str
    """`accepted`, `temporary`, `permanent` or `unknown`."""
    answer: str
    next_try_at: datetime | None = None
    unknown_ends: int = 0
    told: bool = False


def add(connection: Connection, mails: Sequence[Outgoing], now: datetime) -> None:
    """Store mails; one whose key is there already is left as it is."""
    if not mails:
        return
    rows = [
        {
            "key": mail.key,
            "ticket_id": mail.ticket_id,
            "post_id": mail.post_id,
            "kind": mail.kind,
            "mailbox": mail.mailbox,
            "envelope_from": mail.envelope_from,
            "recipient": mail.recipient,
            "message_id": mail.message_id,
            "sha256": mail.sha256,
            "size": mail.size,
            "literal": mail.literal,
            "pieces": mail.pieces,
            "state": OutboxState.SCHEDULED if mail.not_before > now else OutboxState.QUEUED,
            "created_at": mail.created_at,
            "not_before": mail.not_before,
            "next_try_at": mail.not_before,
            "attempts": 0,
            "unknown_ends": 0,
            "claimed_by": "",
            "last_error": "",
            "told": False,
        }
        for mail in mails
    ]
    connection.execute(unless_there(connection, _OUTBOX), rows)


def claim(database: Database, node: str, now: datetime, limit: int) -> tuple[Outgoing, ...]:
    """Take the mails that are due, oldest first, and record the attempt before it is made."""
    with database.write() as connection:
        rows = connection.execute(_DUE, {"now": now, "most": limit}).mappings().all()
        if not rows:
            return ()
        until = now + LEASE
        connection.execute(
            _CLAIM, [{"row": row["id"], "node": node, "until": until} for row in rows]
        )
        connection.execute(
            _ADD_ATTEMPT,
            [
                {
                    "outbox_id": row["id"],
                    "n": row["attempts"] + 1,
                    "at": now,
                    "result": "",
                    "answer": "",
                }
                for row in rows
            ],
        )
    return tuple(_outgoing(row) for row in rows)


def record(connection: Connection, attempts: Sequence[Attempted], now: datetime) -> None:
    """Write down what became of attempts.

    What was sent stays sent: a node that comes late with the news of its own attempt, after the
    lease was over and another one sent the mail, does not send it again.
    """
    if not attempts:
        return
    connection.execute(
        _RECORD_ATTEMPT,
        [
            {"row": a.outbox_id, "number": a.attempt, "outcome": a.result, "words": a.answer}
            for a in attempts
        ],
    )
    connection.execute(
        _RECORD,
        [
            {
                "row": a.outbox_id,
                "new_state": a.state,
                "again_at": a.next_try_at,
                "words": "" if a.state is OutboxState.SENT else a.answer,
                "sent": now if a.state is OutboxState.SENT else None,
                "unknown": a.unknown_ends,
                "was_told": a.told,
            }
            for a in attempts
        ],
    )


def recover(connection: Connection, nodes: Sequence[str], now: datetime) -> int:
    """Take back what dead nodes had in hand: named ones, and all whose lease is over."""
    gone = or_(_OUTBOX.c.claimed_by.in_(nodes), _OUTBOX.c.claimed_until < now)
    return connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.state == OutboxState.SENDING, gone)
        .values(state=OutboxState.QUEUED, claimed_by="", claimed_until=None)
    ).rowcount


def put_back(connection: Connection, ids: Sequence[int]) -> None:
    """Return claimed rows that were not tried; the recorded attempt is taken off again."""
    connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.id.in_(ids), _OUTBOX.c.state == OutboxState.SENDING)
        .values(
            state=OutboxState.QUEUED,
            attempts=_OUTBOX.c.attempts - 1,
            claimed_by="",
            claimed_until=None,
        )
    )
    newest = select(_OUTBOX.c.attempts).where(_OUTBOX.c.id == _ATTEMPT.c.outbox_id)
    connection.execute(
        _ATTEMPT.delete().where(
            _ATTEMPT.c.outbox_id.in_(ids),
            _ATTEMPT.c.result == "",
            _ATTEMPT.c.n > newest.scalar_subquery(),
        )
    )


def next_due(connection: Connection) -> datetime | None:
    """Return when the next mail is due, or None."""
    moment: datetime | None = connection.execute(
        select(func.min(_OUTBOX.c.next_try_at)).where(
            _OUTBOX.c.state.in_((OutboxState.QUEUED, OutboxState.SCHEDULED))
        )
    ).scalar_one()
    return moment


def move(connection: Connection, outbox_id: int, to: OutboxState, now: datetime) -> bool:
    """Let an operator retry (queued), hold or drop (failed) a mail that is not under way.

    What its author took back stays where it is: it was promised that nobody gets it.
    """
    movable = (OutboxState.SCHEDULED, OutboxState.QUEUED, OutboxState.FAILED, OutboxState.HELD)
    return bool(
        connection.execute(
            update(_OUTBOX)
            .where(
                _OUTBOX.c.id == outbox_id,
                _OUTBOX.c.state.in_(movable),
                _OUTBOX.c.last_error != TAKEN_BACK,
            )
            .values(state=to, next_try_at=now)
        ).rowcount
    )


def _outgoing(row: Any) -> Outgoing:
    return Outgoing(
        id=row["id"],
        key=row["key"],
        ticket_id=row["ticket_id"],
        post_id=row["post_id"],
        kind=ReplyKind(row["kind"]),
        mailbox=row["mailbox"],
        envelope_from=row["envelope_from"],
        recipient=row["recipient"],
        message_id=row["message_id"],
        sha256=row["sha256"],
        size=row["size"],
        literal=row["literal"],
        pieces=row["pieces"],
        created_at=row["created_at"],
        not_before=row["not_before"],
        attempts=row["attempts"] + 1,
        unknown_ends=row["unknown_ends"],
        told=row["told"],
    )
