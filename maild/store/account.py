"""The account of automatic mail: who got how much of it lately (`core/budget.py`).

A line for each mail that was written, and for each that the breaker stopped. Nothing is asked of
lines that are older than the longest window, and they are thrown away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    ScalarSelect,
    Select,
    String,
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


def used(connection: Connection, charges: Sequence[Charge], now: dt.datetime) -> tuple[Used, ...]:
    """Return what was drawn on these budgets; none is counted further than it reaches."""
    if not charges:
        return ()
    columns = [
        _count(charge, now, charge.most).label(f"n{place}") for place, charge in enumerate(charges)
    ]
    numbers = connection.execute(select(*columns)).one()
    return tuple(Used(charge=c, mails=int(n)) for c, n in zip(charges, numbers, strict=True))


def book(connection: Connection, lines: Sequence[Booking], now: dt.datetime) -> None:
    """Add lines to the account."""
    if lines:
        connection.execute(
            insert(_AUTOMATIC),
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
    asked = select(_count(Charge(scope=Scope.BREAKER), now, 2 * most))
    mails = int(connection.execute(asked).scalar_one())
    return Breaker(is_open=mails >= most, mails=mails, most=most)


def _count(charge: Charge, now: dt.datetime, most: int) -> ScalarSelect[int]:
    rows: Select[tuple[int]] = select(literal_column("1")).where(
        *_lines_of(charge), _AUTOMATIC.c.at > now - charge.scope.window
    )
    return select(func.count()).select_from(rows.limit(most).subquery()).scalar_subquery()


def _lines_of(charge: Charge) -> tuple[ColumnElement[bool], ...]:
    entry, recipient = _AUTOMATIC.c.entry, _AUTOMATIC.c.recipient == charge.recipient
    if charge.scope is Scope.BREAKER:
        return (entry.in_((Entry.CUSTOMER, Entry.STOPPED)),)
    if charge.scope is Scope.DOMAIN:
        return (entry == Entry.CUSTOMER, _AUTOMATIC.c.domain == charge.domain)
    if charge.scope is Scope.DESK:
        return (entry == Entry.AGENT, recipient, _AUTOMATIC.c.ticket == charge.ticket)
    if charge.scope is Scope.PAIR:
        return (entry == Entry.CUSTOMER, recipient, _AUTOMATIC.c.mailbox == charge.mailbox)
    return (entry == Entry.CUSTOMER, recipient)
