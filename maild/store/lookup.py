"""Look up what a decision may know: one consistent view of the world around one mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from maild.core import subject
from maild.core.customermail import sender, thread_index_key
from maild.core.decision import ReplyKind
from maild.core.house import House
from maild.core.mail import Mail
from maild.core.proof import Proofs, answered_ids
from maild.core.snapshot import Arrival, Snapshot
from maild.core.ticket import Customer
from maild.store import tables
from maild.store.tables import JournalState, metadata
from maild.store.tickets import views, with_organisation

IDS_MAX = 50
_T = metadata.tables
_JOURNAL = _T[tables.JournalRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_KEY = _T[tables.MessageKeyRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]

_CUT_ID = select(_JOURNAL.c.message_id).where(_JOURNAL.c.id == bindparam("own")).scalar_subquery()
"""The Message-ID as it was cut at intake: rows are compared as all were cut, not as parsed."""
_SAME = (
    select(_JOURNAL.c.id)
    .where(
        _JOURNAL.c.content_hash == bindparam("content_hash"),
        _JOURNAL.c.identity == bindparam("identity"),
        _JOURNAL.c.message_id == func.coalesce(_CUT_ID, bindparam("message_id")),
        _JOURNAL.c.id != bindparam("own"),
        _JOURNAL.c.outcome != "",
    )
    .order_by(_JOURNAL.c.id)
    .limit(1)
)
_SAME_ID = select(_POST.c.id).where(_POST.c.message_id == bindparam("message_id")).limit(1)
_OWN = select(_OUTBOX.c.id).where(_OUTBOX.c.message_id == bindparam("message_id")).limit(1)
_KEYS = select(_KEY.c.message_id, _KEY.c.ticket_id).where(
    _KEY.c.message_id.in_(bindparam("ids", expanding=True))
)
_AHEAD = select(func.min(_JOURNAL.c.id)).where(
    _JOURNAL.c.message_id.in_(bindparam("ids", expanding=True)),
    _JOURNAL.c.state.in_((JournalState.RECEIVED, JournalState.PARSING)),
    _JOURNAL.c.id < bindparam("own"),
)
_BY_ADDRESS = select(_CUSTOMER).where(_CUSTOMER.c.address == bindparam("address"))
_ACKNOWLEDGED = (
    select(_OUTBOX.c.id)
    .where(
        _OUTBOX.c.recipient == bindparam("address"),
        _OUTBOX.c.kind == ReplyKind.ACKNOWLEDGEMENT,
        _OUTBOX.c.created_at > bindparam("since"),
    )
    .limit(1)
)


def for_mail(
    connection: Connection, arrival: Arrival, proofs: Proofs, house: House, now: datetime
) -> Snapshot:
    """Return everything that `core.decide.on_mail` may know; agents' loads are left out."""
    mail = arrival.mail
    address = sender(mail)
    ids = answered_ids(mail)[:IDS_MAX]
    keyed = _keyed(connection, ids)
    names = tuple(box.name for box in house.mailboxes)
    by_subject = subject.tagged_number(mail.parsed.subject, names)
    by_thread_index = next(iter(_keyed(connection, _thread_index_key(mail))), 0)
    numbers = [
        *(token.ticket for token in (*proofs.tokens, *proofs.threads)),
        *keyed,
        by_thread_index,
        by_subject,
    ]
    same_as = _same(connection, arrival)
    return Snapshot(
        now=now,
        proofs=proofs,
        customer=_customer(connection, address, mail, house),
        same_as=same_as,
        same_id_other_content=not same_as and _exists(connection, _SAME_ID, mail),
        is_own=_exists(connection, _OWN, mail),
        waits_for=_waits_for(connection, ids, arrival.journal_id),
        tickets=views(connection, numbers, house, now),
        by_reference=keyed,
        by_thread_index=by_thread_index,
        by_subject=by_subject,
        acknowledged_today=_acknowledged(connection, address, now),
    )


def _customer(connection: Connection, address: str, mail: Mail, house: House) -> Customer:
    row = connection.execute(_BY_ADDRESS, {"address": address}).mappings().one_or_none()
    name = mail.parsed.from_[0].name if mail.parsed.from_ else ""
    if row is None:
        return with_organisation(Customer(address=address, name=name, segment=""), house)
    return with_organisation(
        Customer(
            address=address,
            name=row["name"] or name,
            language=row["language"],
            segment=row["segment"],
            organisation=row["organisation"],
        ),
        house,
    )


def _same(connection: Connection, arrival: Arrival) -> int:
    mail = arrival.mail
    values = {
        "content_hash": mail.content_hash,
        "identity": mail.identity,
        "message_id": mail.parsed.message_id,
        "own": arrival.journal_id,
    }
    row = connection.execute(_SAME, values).one_or_none()
    return row.id if row else 0


def _exists(connection: Connection, statement: Select[Any], mail: Mail) -> bool:
    message_id = mail.parsed.message_id
    if not message_id:
        return False
    return connection.execute(statement, {"message_id": message_id}).first() is not None


def _keyed(connection: Connection, ids: Sequence[str]) -> tuple[int, ...]:
    if not ids:
        return ()
    rows = connection.execute(_KEYS, {"ids": list(ids)})
    found: dict[str, int] = {row.message_id: row.ticket_id for row in rows}
    return tuple(dict.fromkeys(found[message_id] for message_id in ids if message_id in found))


def _thread_index_key(mail: Mail) -> tuple[str, ...]:
    """Outlook's mark counts only where the mail names no id that it answers."""
    key = thread_index_key(mail.parsed.thread_index)
    return (key,) if key and not answered_ids(mail) else ()


def _waits_for(connection: Connection, ids: Sequence[str], own: int) -> int:
    if not ids or not own:
        return 0
    return connection.execute(_AHEAD, {"ids": list(ids), "own": own}).scalar_one() or 0


def _acknowledged(connection: Connection, address: str, now: datetime) -> bool:
    since = now - timedelta(days=1)
    return (
        connection.execute(_ACKNOWLEDGED, {"address": address, "since": since}).first() is not None
    )
