"""The account of automatic mail: who got how much of it lately (`core/budget.py`).

A line for each mail that was written, and for each that the breaker stopped. Nothing is asked of
lines that are older than the longest window, and they are thrown away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    String,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
)
from sqlmodel import Field, SQLModel

from maild.core.budget import Booking, Charge, Entry, Scope, Used
from maild.core.house import House
from maild.store.columns import BigKey, moment, one_of, row_id
from maild.store.tables import metadata

__all__ = ["Breaker", "book", "breaker", "forget", "metadata", "used"]

KEPT = max(scope.window for scope in Scope)


class AutomaticRow(SQLModel, table=True):
    """One automatic mail that was written, or that the breaker stopped."""

    __tablename__ = "automatic"
    __table_args__ = (
        one_of("entry", Entry),
        Index("ix_automatic_recipient_at", "recipient", "at"),
        Index("ix_automatic_domain_at", "domain", "at"),
        Index("ix_automatic_at", "at"),
    )
    id: int = row_id()
    at: dt.datetime = moment()
    entry: str = Field(sa_column=Column(String(16), nullable=False))
    recipient: str
    domain: str
    mailbox: str
    ticket: int = Field(sa_column=Column(BigKey, nullable=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Whether automatic mail to customers flows."""

    is_open: bool
    """Nothing flows: more is asked for than the band allows."""
    mails: int
    """Asked for within the window; counted up to twice the band."""
    most: int


_AUTOMATIC = metadata.tables[AutomaticRow.__tablename__]
_ADD = insert(_AUTOMATIC)


def used(connection: Connection, charges: Sequence[Charge], now: dt.datetime) -> tuple[Used, ...]:
    """Return what was drawn on these budgets; none is counted further than it reaches."""
    if not charges:
        return ()
    since = {scope: now - scope.window for scope in Scope}
    return tuple(
        Used(charge=one, mails=_counted(connection, one, since[one.scope])) for one in charges
    )


def book(connection: Connection, lines: Sequence[Booking], now: dt.datetime) -> None:
    """Add lines to the account."""
    if lines:
        connection.execute(
            _ADD,
            [
                {
                    "at": now,
                    "entry": line.entry,
                    "recipient": line.recipient,
                    "domain": line.domain,
                    "mailbox": line.mailbox,
                    "ticket": line.ticket,
                }
                for line in lines
            ],
        )


def forget(connection: Connection, now: dt.datetime) -> int:
    """Throw away lines that no budget asks for; return how many."""
    return connection.execute(delete(_AUTOMATIC).where(_AUTOMATIC.c.at < now - KEPT)).rowcount


def breaker(connection: Connection, house: House, now: dt.datetime) -> Breaker:
    """Say how the breaker stands."""
    most = house.automatic_per_ten_minutes
    asked = Charge(scope=Scope.BREAKER, most=2 * most)
    mails = _counted(connection, asked, now - asked.scope.window)
    return Breaker(is_open=mails >= most, mails=mails, most=most)


def _counted(connection: Connection, charge: Charge, since: dt.datetime) -> int:
    """Count the lines of a budget, and no further than it reaches."""
    values = {
        "since": since,
        "recipient": charge.recipient,
        "domain": charge.domain,
        "mailbox": charge.mailbox,
        "ticket": charge.ticket,
        "most": charge.most,
    }
    return int(connection.execute(_COUNTS[charge.scope], values).scalar_one())


def _count(*lines: ColumnElement[bool]) -> Select[Any]:
    rows: Select[Any] = select(literal_column("1")).where(
        *lines, _AUTOMATIC.c.at > bindparam("since")
    )
    return select(func.count()).select_from(
        rows.limit(bindparam("most", type_=Integer)).subquery()
    )


_TO_CUSTOMER = _AUTOMATIC.c.entry == Entry.CUSTOMER
_RECIPIENT = _AUTOMATIC.c.recipient == bindparam("recipient")
_TO_AGENT = _AUTOMATIC.c.entry.in_((Entry.AGENT, Entry.REMINDER))
_COUNTS = {
    Scope.PAIR: _count(_TO_CUSTOMER, _RECIPIENT, _AUTOMATIC.c.mailbox == bindparam("mailbox")),
    Scope.ADDRESS: _count(_TO_CUSTOMER, _RECIPIENT),
    Scope.DOMAIN: _count(_TO_CUSTOMER, _AUTOMATIC.c.domain == bindparam("domain")),
    Scope.BREAKER: _count(_AUTOMATIC.c.entry.in_((Entry.CUSTOMER, Entry.STOPPED))),
    Scope.DESK: _count(_TO_AGENT, _RECIPIENT, _AUTOMATIC.c.ticket == bindparam("ticket")),
    Scope.TIMED: _count(_AUTOMATIC.c.entry == Entry.REMINDER, _RECIPIENT),
    Scope.PAGE: _count(_AUTOMATIC.c.entry == Entry.PAGE, _RECIPIENT),
}
