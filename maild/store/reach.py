"""Who can be reached: which of our mails came back, and which addresses are suspended.

A mail of ours counts once against its recipient, however many bounces tell of it, and only when
one of them says that the failure is permanent. An address without a row has no bounce against it.
One mail a day counts: what a mail server refuses for a minute, since its operator made a mistake,
must not silence whoever is written to often.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlmodel import Field, SQLModel

from maild.core.decision import Decision, EventDraft, Returned
from maild.core.mail import BounceClass
from maild.core.suspension import HARD_BOUNCES_MAX, Marked
from maild.log import Event, event
from maild.store import tables
from maild.store.columns import BigKey, moment, one_of
from maild.store.conflict import unless_there
from maild.store.prepared import Prepared
from maild.store.tables import metadata

__all__ = ["mark", "marked", "metadata", "release", "silenced", "suspended"]


class AddressRow(SQLModel, table=True):
    """An address, lower case, that gave mail of ours back for good."""

    __tablename__ = "address"
    address: str = Field(primary_key=True)
    hard_bounces: int = 0
    """Mails that came back for good since the address was last known to be alive, one a day."""
    bounced_at: dt.datetime = moment()
    """When the last of them was counted."""
    suspended_at: dt.datetime | None = moment(nullable=True)


class ReturnedRow(SQLModel, table=True):
    """A mail of ours that came back, by the gravest of its bounces."""

    __tablename__ = "returned"
    __table_args__ = (one_of("bounce_class", BounceClass),)
    outbox_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("outbox.id"), primary_key=True, autoincrement=False)
    )
    at: dt.datetime = moment()
    bounce_class: str = Field(sa_column=Column(String(16), nullable=False))


COUNTED_EVERY = dt.timedelta(days=1)
_ADDRESS = metadata.tables[AddressRow.__tablename__]
_RETURNED = metadata.tables[ReturnedRow.__tablename__]
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_MARKED = Prepared(
    select(_ADDRESS.c.address, _ADDRESS.c.suspended_at).where(
        _ADDRESS.c.address.in_(bindparam("addresses", expanding=True))
    )
)
_RELEASE = Prepared(
    delete(_ADDRESS)
    .where(_ADDRESS.c.address == bindparam("who"))
    .returning(_ADDRESS.c.suspended_at)
)
_SENT = (
    select(_OUTBOX.c.id)
    .where(
        _OUTBOX.c.ticket_id == bindparam("ticket"),
        func.lower(_OUTBOX.c.recipient) == bindparam("address"),
        _OUTBOX.c.attempts > 0,
    )
    .order_by(
        case((_OUTBOX.c.message_id == bindparam("message_id"), 0), else_=1), _OUTBOX.c.id.desc()
    )
    .limit(1)
)
"""The mail that the bounce names; the newest one where it names none of ours."""


def marked(connection: Connection, addresses: Sequence[str]) -> tuple[Marked, ...]:
    """Return what is known against these lower-case addresses; none is a good sign."""
    if not addresses:
        return ()
    return tuple(
        Marked(address=address, is_suspended=suspended_at is not None)
        for address, suspended_at in _MARKED.rows(connection, {"addresses": list(addresses)})
    )


def silenced(connection: Connection, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return those of these lower-case addresses that are suspended."""
    return tuple(one.address for one in marked(connection, addresses) if one.is_suspended)


def mark(
    connection: Connection, decision: Decision, ticket: int, now: dt.datetime
) -> tuple[EventDraft, ...]:
    """Write down what a decision says about addresses; return what that means for the ticket."""
    if decision.alive:
        release(connection, decision.alive)
    returned = decision.returned
    if returned is None or not _is_new_failure(connection, returned, ticket, now):
        return ()
    count = _counted(connection, returned.address.lower(), now)
    if count != HARD_BOUNCES_MAX:
        return ()
    event(Event.ADDRESS_SUSPENDED, address=returned.address, ticket=ticket)
    data = (("address", returned.address), ("bounces", str(count)))
    return (EventDraft(kind="address.suspended", actor="maild", data=data),)


def release(connection: Connection, address: str) -> bool:
    """Forget what is held against an address; tell whether it was suspended."""
    return any(_RELEASE.scalars(connection, {"who": address.lower()}))


def suspended(connection: Connection) -> list[dict[str, Any]]:
    """Return the addresses that gave mail back, those that are suspended first."""
    order = (_ADDRESS.c.suspended_at.is_(None), _ADDRESS.c.address)
    return [
        {
            "address": row["address"],
            "hard_bounces": row["hard_bounces"],
            "bounced_at": _time(row["bounced_at"]),
            "suspended_at": _time(row["suspended_at"]),
        }
        for row in connection.execute(select(_ADDRESS).order_by(*order)).mappings()
    ]


def _is_new_failure(
    connection: Connection, returned: Returned, ticket: int, now: dt.datetime
) -> bool:
    """Mark the mail that came back; tell whether it is now, for the first time, lost for good."""
    wanted = {
        "ticket": ticket,
        "address": returned.address.lower(),
        "message_id": returned.message_id,
    }
    outbox_id = connection.execute(_SENT, wanted).scalar_one_or_none()
    if outbox_id is None:
        return False
    grade = returned.bounce_class
    row = {"outbox_id": outbox_id, "at": now, "bounce_class": grade}
    added = unless_there(connection, _RETURNED).returning(_RETURNED.c.outbox_id)
    is_first = connection.execute(added, row).one_or_none() is not None
    if is_first or grade is not BounceClass.PERMANENT:
        return is_first and grade is BounceClass.PERMANENT
    graver = update(_RETURNED).where(
        _RETURNED.c.outbox_id == outbox_id, _RETURNED.c.bounce_class != BounceClass.PERMANENT
    )
    return connection.execute(graver.values(bounce_class=grade, at=now)).rowcount > 0


def _counted(connection: Connection, address: str, now: dt.datetime) -> int:
    """Count a mail that came back; 0 where one of this day was counted already."""
    row = {"address": address, "hard_bounces": 0, "bounced_at": now, "suspended_at": None}
    connection.execute(unless_there(connection, _ADDRESS), row)
    count = _ADDRESS.c.hard_bounces + 1
    is_full = (count >= HARD_BOUNCES_MAX) & _ADDRESS.c.suspended_at.is_(None)
    changed = (
        update(_ADDRESS)
        .where(
            _ADDRESS.c.address == address,
            or_(_ADDRESS.c.hard_bounces == 0, _ADDRESS.c.bounced_at <= now - COUNTED_EVERY),
        )
        .values(
            hard_bounces=count,
            bounced_at=now,
            suspended_at=case((is_full, now), else_=_ADDRESS.c.suspended_at),
        )
    )
    count_now = connection.execute(changed.returning(_ADDRESS.c.hard_bounces))
    return int(count_now.scalar_one_or_none() or 0)


def _time(moment_: dt.datetime | None) -> str | None:
    return moment_.isoformat(timespec="seconds").replace("+00:00", "Z") if moment_ else None
