"""The outbox: every mail of ours, one row a recipient, its bytes fixed when it is committed.

| state     | means                                           | leaves it by                 |
|-----------|-------------------------------------------------|------------------------------|
| scheduled | must not go before its time                     | claim, hold                  |
| queued    | due, or waits for its next try                  | claim, hold                  |
| sending   | a node has it in hand until its lease ends      | sent, again, failed, recover |
| sent      | the relay said 250 after the final dot          | -                            |
| failed    | the relay said 5xx, or five days went by        | retry                        |
| held      | an operator, or silence after the dot, three times | retry, drop               |

An attempt is recorded when a row is claimed; just before the relay is dialled the row is marked,
and its lease begins anew. A node that dies with a marked row in hand may have sent it: that is
silence after the final dot, and the same bytes wait ten minutes. Other rows come back at once.
While all of it is held (`store/hold.py`) nothing is claimed.
Whoever lost its claim meanwhile changes nothing any more, but for the news that a mail is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, insert, or_, select, update

from maild.core.backoff import SILENCE_DELAY
from maild.core.decision import ReplyKind
from maild.core.quick import quick
from maild.errors import HalfTaken, TemporaryError
from maild.store import hold, tables
from maild.store.conflict import add_unless_there
from maild.store.database import Database
from maild.store.prepared import Prepared
from maild.store.tables import OutboxState, metadata
from maild.store.takeback import FREED, TAKEN_BACK

LEASE = timedelta(minutes=20)
"""Longer than any hand-over lasts, with ten minutes after the final dot (`outbox/send.py`)."""
GIVEN_UP = "given up by an operator"
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_ATTEMPT = metadata.tables[tables.AttemptRow.__tablename__]


@quick
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
    first_try_at: datetime | None = None
    """None while the relay was never dialled for it."""
    told: bool = False


_KEPT = [_OUTBOX.c[one.name] for one in fields(Outgoing)]
_DUE = (
    select(*_KEPT)
    .where(
        _OUTBOX.c.state.in_((OutboxState.QUEUED, OutboxState.SCHEDULED)),
        _OUTBOX.c.next_try_at <= bindparam("now"),
        or_(
            _OUTBOX.c.kind == ReplyKind.PAGE,
            _OUTBOX.c.mailbox.not_in(bindparam("but", expanding=True)),
        ),
        hold.FLOWS,
    )
    .order_by(_OUTBOX.c.next_try_at, _OUTBOX.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEW = _DUE.where(_OUTBOX.c.state == OutboxState.QUEUED, _OUTBOX.c.attempts == 0)
"""What was never tried, and never had to wait."""
_DUE_NOW, _NEW_NOW = Prepared(_DUE), Prepared(_NEW)
_CLAIM = Prepared(
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("row"))
    .values(
        state=OutboxState.SENDING,
        claimed_by=bindparam("node"),
        claimed_until=bindparam("until", type_=_OUTBOX.c.claimed_until.type),
        attempts=_OUTBOX.c.attempts + 1,
    )
)
_IN_HAND = and_(
    _OUTBOX.c.id == bindparam("row"),
    _OUTBOX.c.claimed_by == bindparam("node"),
    _OUTBOX.c.attempts == bindparam("number"),
    _OUTBOX.c.state == OutboxState.SENDING,
)
"""The claim is still the one that was made."""
_DIAL = Prepared(
    update(_OUTBOX)
    .where(_IN_HAND)
    .values(
        claimed_until=bindparam("until", type_=_OUTBOX.c.claimed_until.type),
        dialled=bindparam("leaves_trace"),
        first_try_at=func.coalesce(
            _OUTBOX.c.first_try_at, bindparam("begun", type_=_OUTBOX.c.first_try_at.type)
        ),
    )
)
_PUT_BACK = Prepared(
    update(_OUTBOX)
    .where(_IN_HAND)
    .values(
        state=OutboxState.QUEUED,
        attempts=_OUTBOX.c.attempts - 1,
        first_try_at=bindparam("begun", type_=_OUTBOX.c.first_try_at.type),
        dialled=False,
        claimed_by="",
        claimed_until=None,
    )
)
_DROP_ATTEMPT = Prepared(
    _ATTEMPT.delete().where(
        _ATTEMPT.c.outbox_id == bindparam("row"), _ATTEMPT.c.n == bindparam("number")
    )
)
_ADD_ATTEMPT = Prepared(insert(_ATTEMPT))
_RECORD_ATTEMPT = Prepared(
    update(_ATTEMPT)
    .where(_ATTEMPT.c.outbox_id == bindparam("row"), _ATTEMPT.c.n == bindparam("number"))
    .values(result=bindparam("outcome"), answer=bindparam("words"))
)
_IS_NEWS = and_(_OUTBOX.c.id == bindparam("row"), _OUTBOX.c.state != OutboxState.SENT)
_DONE = update(_OUTBOX).values(dialled=False, claimed_by="", claimed_until=None)
_RECORD_SENT = Prepared(
    _DONE.where(_IS_NEWS).values(
        state=OutboxState.SENT,
        last_error="",
        sent_at=bindparam("sent", type_=_OUTBOX.c.sent_at.type),
    )
)
_RECORD_OURS = Prepared(
    _DONE.where(_IN_HAND).values(
        state=bindparam("new_state"),
        next_try_at=func.coalesce(
            bindparam("again_at", type_=_OUTBOX.c.next_try_at.type), _OUTBOX.c.next_try_at
        ),
        last_error=bindparam("words"),
        unknown_ends=bindparam("unknown"),
        told=bindparam("was_told"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A mail that is about to be handed over."""

    mail: Outgoing
    leaves_trace: bool
    """A second copy would be seen: when we die now, nobody knows the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Which of the mails that are due a sender takes."""

    is_timed: bool = True
    """Else only those that never had to wait, since nobody knows what time it is."""
    but: tuple[str, ...] = ()
    """Mailboxes whose mail is passed over; a page takes no relay."""


ANY_DUE = Due()


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
            "dialled": False,
            "claimed_by": "",
            "last_error": "",
            "told": False,
        }
        for mail in mails
    ]
    add_unless_there(connection, _OUTBOX, rows)


def claim(
    database: Database, node: str, now: datetime, limit: int, wanted: Due = ANY_DUE
) -> tuple[Outgoing, ...]:
    """Take the mails that are due, oldest first, and record the attempt before it is made.

    `HalfTaken` when the database goes away meanwhile: then `undo_claim`.
    """
    due, rows = _DUE_NOW if wanted.is_timed else _NEW_NOW, list[Any]()
    try:
        with database.write() as connection:
            rows += due.mappings(connection, {"now": now, "most": limit, "but": wanted.but})
            if not rows:
                return ()
            claims = [{"row": row["id"], "node": node, "until": now + LEASE} for row in rows]
            _CLAIM.run(connection, claims)
            _ADD_ATTEMPT.run(connection, [_begun(row, now) for row in rows])
    except TemporaryError as error:
        if not rows:
            raise
        raise HalfTaken(tuple(row["id"] for row in rows)) from error
    return tuple(_outgoing(row, row["attempts"] + 1) for row in rows)


def undo_claim(connection: Connection, node: str, ids: Sequence[int], at: datetime) -> None:
    """Return what a claim of that moment took, if it did; what was claimed since then stays."""
    ours = and_(_OUTBOX.c.claimed_by == node, _OUTBOX.c.claimed_until == at + LEASE)
    rows = connection.execute(select(*_KEPT).where(_OUTBOX.c.id.in_(ids), ours)).mappings()
    put_back(connection, node, [_outgoing(row, row["attempts"]) for row in rows])


def dial(connection: Connection, node: str, calls: Sequence[Call], now: datetime) -> bool:
    """Mark mails just before they are sent, and renew their lease.

    False when one of them is in other hands by now: then let nothing of it stand.
    """
    values = {"until": now + LEASE, "begun": now}
    rows = [
        {**_claim_of(node, call.mail), **values, "leaves_trace": call.leaves_trace}
        for call in calls
    ]
    return not rows or _DIAL.run(connection, rows) == len(rows)


def record(connection: Connection, node: str, done: Sequence[Attempted], now: datetime) -> bool:
    """Write down what became of attempts; False when that changed nothing for one of the mails.

    Who lost its claim has no say any more. Only that a mail was sent is true whoever says it.
    """
    if not done:
        return True
    ends = [
        {"row": one.outbox_id, "number": one.attempt, "outcome": one.result, "words": one.answer}
        for one in done
    ]
    _RECORD_ATTEMPT.run(connection, ends)
    sent = [{"row": one.outbox_id, "sent": now} for one in done if one.state is OutboxState.SENT]
    others = [
        {"row": one.outbox_id, "number": one.attempt, "node": node, **_end_of(one)}
        for one in done
        if one.state is not OutboxState.SENT
    ]
    changed = _RECORD_SENT.run(connection, sent) + _RECORD_OURS.run(connection, others)
    return changed == len(done)


def recover(connection: Connection, nodes: Sequence[str], now: datetime) -> int:
    """Take back what dead nodes had in hand: named ones, and all whose lease is over.

    What was dialled may have been sent, and waits like a mail whose relay fell silent.
    """
    gone = or_(_OUTBOX.c.claimed_by.in_(nodes), _OUTBOX.c.claimed_until < now)
    return connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.state == OutboxState.SENDING, gone)
        .values(
            state=OutboxState.QUEUED,
            next_try_at=case(
                (_OUTBOX.c.dialled.is_(True), now + SILENCE_DELAY), else_=_OUTBOX.c.next_try_at
            ),
            unknown_ends=_OUTBOX.c.unknown_ends + case((_OUTBOX.c.dialled.is_(True), 1), else_=0),
            dialled=False,
            claimed_by="",
            claimed_until=None,
        )
    ).rowcount


def put_back(connection: Connection, node: str, mails: Sequence[Outgoing]) -> None:
    """Return claimed mails that no relay was tried for; the recorded attempt is taken off again.

    They may be marked: whoever says so here knows better than the mark, and gives back what it
    changed.
    """
    for mail in mails:
        if _PUT_BACK.run(connection, [{**_claim_of(node, mail), "begun": mail.first_try_at}]):
            _DROP_ATTEMPT.run(connection, [{"row": mail.id, "number": mail.attempts}])


def content(connection: Connection, outbox_id: int) -> tuple[bytes, list[list[Any]]]:
    """Return the bytes of a mail of ours as they are kept (`outbox/pieces.py`)."""
    row = connection.execute(
        select(_OUTBOX.c.literal, _OUTBOX.c.pieces).where(_OUTBOX.c.id == outbox_id)
    ).one()
    return row.literal, row.pieces


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

    What its author took back stays where it is: it was promised that nobody gets it. So does a
    survey that was taken back: its links lead nowhere.
    A retry begins anew: five days, and two silences after the final dot.
    """
    changes: dict[str, Any] = {"state": to, "next_try_at": now}
    if to is OutboxState.QUEUED:
        changes |= {"first_try_at": None, "unknown_ends": 0}
    elif to is OutboxState.FAILED:
        changes |= {"last_error": GIVEN_UP}
    movable = (OutboxState.SCHEDULED, OutboxState.QUEUED, OutboxState.FAILED, OutboxState.HELD)
    return bool(
        connection.execute(
            update(_OUTBOX)
            .where(
                _OUTBOX.c.id == outbox_id,
                _OUTBOX.c.state.in_(movable),
                _OUTBOX.c.last_error != TAKEN_BACK,
                _OUTBOX.c.key.not_like(f"survey/%{FREED}%"),
            )
            .values(changes)
        ).rowcount
    )


def _begun(row: Any, now: datetime) -> dict[str, Any]:
    number = row["attempts"] + 1
    return {"outbox_id": row["id"], "n": number, "at": now, "result": "", "answer": ""}


def _claim_of(node: str, mail: Outgoing) -> dict[str, Any]:
    return {"row": mail.id, "node": node, "number": mail.attempts}


def _end_of(done: Attempted) -> dict[str, Any]:
    return {
        "new_state": done.state,
        "again_at": done.next_try_at,
        "words": done.answer,
        "unknown": done.unknown_ends,
        "was_told": done.told,
    }


def _outgoing(row: Any, attempts: int) -> Outgoing:
    return Outgoing(**{**row, "kind": ReplyKind(row["kind"]), "attempts": attempts})
