"""What became of mails when they came in, as the journal, the log and the outbox tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, Connection, bindparam, exists, func, select

from maild.core.decision import EventDraft, ReplyKind
from maild.core.replay import Past
from maild.store import tables
from maild.store.tables import JournalState, metadata

_T = metadata.tables
_JOURNAL = _T[tables.JournalRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_SINCE = (
    select(_JOURNAL.c.id)
    .where(
        _JOURNAL.c.received_at >= bindparam("since", type_=_JOURNAL.c.received_at.type),
        _JOURNAL.c.state.in_((JournalState.DONE, JournalState.HELD)),
        _JOURNAL.c.blob_id.is_not(None),
    )
    .order_by(_JOURNAL.c.id)
)
_ROWS = (
    select(
        _JOURNAL,
        exists()
        .where(
            _TICKET.c.id == _JOURNAL.c.ticket_id, _TICKET.c.created_at == _JOURNAL.c.received_at
        )
        .label("is_new"),
    )
    .where(_JOURNAL.c.id.in_(_IDS))
    .order_by(_JOURNAL.c.id)
)
_EVENTS = select(_EVENT).where(_EVENT.c.journal_id.in_(_IDS)).order_by(_EVENT.c.id)
_MAILS = (
    select(_OUTBOX.c.key)
    .where(
        _OUTBOX.c.key >= bindparam("first"),
        _OUTBOX.c.key < bindparam("last"),
    )
    .order_by(_OUTBOX.c.id)
)
_ACKNOWLEDGED = select(func.count()).where(
    _OUTBOX.c.recipient == bindparam("who"),
    _OUTBOX.c.kind == ReplyKind.ACKNOWLEDGEMENT,
    _OUTBOX.c.created_at > bindparam("from", type_=_OUTBOX.c.created_at.type),
    _OUTBOX.c.created_at < bindparam("until", type_=_OUTBOX.c.created_at.type),
)


def since(connection: Connection, moment: datetime) -> tuple[int, ...]:
    """Return the mails that came in since a time and have ended, in journal order.

    Those whose raw bytes were erased are left out: they cannot be read again.
    """
    return tuple(connection.execute(_SINCE, {"since": moment}).scalars())


def of(connection: Connection, ids: Sequence[int]) -> dict[int, Past]:
    """Return what became of mails, by journal id."""
    events: defaultdict[int, list[EventDraft]] = defaultdict(list)
    for row in connection.execute(_EVENTS, {"ids": list(ids)}).mappings():
        data = tuple(row["data"].items())
        events[row["journal_id"]].append(
            EventDraft(kind=row["kind"], actor=row["actor"], data=data)
        )
    return {
        row["id"]: Past(
            journal_id=row["id"],
            received_at=row["received_at"],
            outcome=row["outcome"],
            reason=row["reason"],
            rules=tuple(row["rules"]),
            ticket=row["ticket_id"] or 0,
            is_new=row["is_new"],
            events=tuple(events[row["id"]]),
            mails=_mails(connection, row["id"]),
            was_acknowledged=_acknowledged(connection, row["identity"], row["received_at"]),
        )
        for row in connection.execute(_ROWS, {"ids": list(ids)}).mappings().all()
    }


def _mails(connection: Connection, journal_id: int) -> tuple[tuple[str, str], ...]:
    """The keys of what a mail caused begin with its place in the journal."""
    cause = f"journal-{journal_id}/"
    found = connection.execute(_MAILS, {"first": cause, "last": f"{cause[:-1]}0"}).scalars()
    parts = (key.split("/", 2) for key in found)
    return tuple((part[1], part[2]) for part in parts)


def _acknowledged(connection: Connection, who: str, at: datetime) -> bool:
    wanted = {"who": who, "from": at - timedelta(days=1), "until": at}
    return bool(connection.execute(_ACKNOWLEDGED, wanted).scalar_one())
