"""The account of automatic mail: who got how much of it lately (`core/budget.py`).

A line for each mail that was written, and for each that the breaker stopped; of one that waits for
its turn it bears the time of that, and counts from then on. Nothing is asked of lines that are
older than the longest window, and they are thrown away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

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
from maild.store.prepared import Prepared
from maild.store.tables import metadata

__all__ = ["Breaker", "book", "breaker", "forget", "metadata", "used"]

KEPT = max(scope.window for scope in Scope)


class AutomaticRow(SQLModel, table=True):
    """One automatic mail that was written, or that the breaker stopped."""

    __tablename__ = "automatic"
    __table_args__ = (
        one_of("entry", Entry),
        Index("ix_automatic_recipient_entry_at", "recipient", "entry", "at"),
        Index("ix_automatic_domain_entry_at", "domain", "entry", "at"),
        Index("ix_automatic_entry_at", "entry", "at"),
    )
    id: int = row_id()
    at: dt.datetime = moment()
    entry: str = Field(sa_column=Column(String(16), nullable=False))
    recipient: str
    domain: str
    """Of the recipient; in the line of news of a new ticket whose it is (`core/news.py`)."""
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
_ADD = Prepared(insert(_AUTOMATIC))
_AT_ONCE = 6
"""Budgets that are asked for by one statement: there is one for each combination that occurs."""


def used(connection: Connection, charges: Sequence[Charge], now: dt.datetime) -> tuple[Used, ...]:
    """Return what was drawn on these budgets by now; none is counted further than it reaches."""
    if not charges:
        return ()
    counts: list[int] = []
    for first in range(0, len(charges), _AT_ONCE):
        some = charges[first : first + _AT_ONCE]
        values: dict[str, Any] = {}
        for nth, one in enumerate(some):
            values |= _values(one, now, nth)
        [found] = _counting(tuple(c.scope for c in some)).rows(connection, values)
        counts += found
    return tuple(Used(charge=c, mails=mails) for c, mails in zip(charges, counts, strict=True))


def queued(
    connection: Connection, drawn: Sequence[Used], full: Collection[Charge], now: dt.datetime
) -> tuple[Used, ...]:
    """Return what was drawn, and of some budgets the times of the newest lines as well."""
    found: list[Used] = []
    for one in drawn:
        if one.charge in full:
            values = _values(one.charge, now, 0)
            newest = _newest(one.charge.scope).scalars(connection, values)
            found.append(replace(one, newest=tuple(newest)))
        else:
            found.append(one)
    return tuple(found)


def book(connection: Connection, lines: Sequence[Booking], now: dt.datetime) -> None:
    """Add lines to the account."""
    if lines:
        _ADD.run(
            connection,
            [
                {
                    "at": line.at or now,
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
    """Throw away lines that no budget asks for; return how many.

    An index finds them by their kinds, of which it names all.
    """
    is_old = (_AUTOMATIC.c.entry.in_(list(Entry)), _AUTOMATIC.c.at < now - KEPT)
    return connection.execute(delete(_AUTOMATIC).where(*is_old)).rowcount


def breaker(connection: Connection, house: House, now: dt.datetime) -> Breaker:
    """Say how the breaker stands."""
    most = house.automatic_per_ten_minutes
    asked = Charge(scope=Scope.BREAKER, most=2 * most)
    mails = _counted(connection, asked, now)
    return Breaker(is_open=mails >= most, mails=mails, most=most)


def _counted(connection: Connection, charge: Charge, now: dt.datetime) -> int:
    """Count the lines of a budget, and no further than it reaches."""
    values = _values(charge, now, 0)
    [found] = _counting((charge.scope,)).scalars(connection, values)
    return int(found)


def _values(charge: Charge, now: dt.datetime, nth: int) -> dict[str, Any]:
    return {
        f"since_{nth}": now - charge.scope.window,
        f"now_{nth}": now,
        f"recipient_{nth}": charge.recipient,
        f"domain_{nth}": charge.domain,
        f"mailbox_{nth}": charge.mailbox,
        f"ticket_{nth}": charge.ticket,
        f"most_{nth}": charge.most,
    }


@cache
def _counting(scopes: tuple[Scope, ...]) -> Prepared:
    """Count the lines of some budgets, a column each."""
    columns = [_count(scope, nth) for nth, scope in enumerate(scopes)]
    return Prepared(cast("Select[Any]", select(*columns)))


def _count(scope: Scope, nth: int) -> ColumnElement[int]:
    now = bindparam(f"now_{nth}", type_=_AUTOMATIC.c.at.type)
    rows: Select[Any] = select(literal_column("1")).where(
        *_lines(scope, nth), _AUTOMATIC.c.at <= now
    )
    most = bindparam(f"most_{nth}", type_=Integer)
    counted = select(func.count()).select_from(rows.limit(most).subquery())
    return counted.scalar_subquery().label(f"of_{nth}")


@cache
def _newest(scope: Scope) -> Prepared:
    """The times of the newest lines of a budget, of those that are to come as well."""
    at = _AUTOMATIC.c.at
    most = bindparam("most_0", type_=Integer)
    return Prepared(select(at).where(*_lines(scope, 0)).order_by(at.desc()).limit(most))


def _lines(scope: Scope, nth: int) -> tuple[ColumnElement[bool], ...]:
    """Tell the lines of a budget since its window began."""
    is_new = _AUTOMATIC.c.at > bindparam(f"since_{nth}", type_=_AUTOMATIC.c.at.type)
    is_recipient = _AUTOMATIC.c.recipient == bindparam(f"recipient_{nth}")
    # No index knows this form: a sender has few lines in an hour, an agent may have thousands.
    is_reader = _AUTOMATIC.c.recipient.concat(literal_column("''")) == bindparam(
        f"recipient_{nth}"
    )
    is_mailbox = _AUTOMATIC.c.mailbox == bindparam(f"mailbox_{nth}")
    is_domain = _AUTOMATIC.c.domain == bindparam(f"domain_{nth}")
    is_ticket = _AUTOMATIC.c.ticket == bindparam(f"ticket_{nth}")
    is_to_agent = _AUTOMATIC.c.entry.in_((Entry.AGENT, Entry.REMINDER))
    return {
        Scope.PAIR: (_TO_CUSTOMER, is_recipient, is_mailbox),
        Scope.ADDRESS: (_TO_CUSTOMER, is_recipient),
        Scope.DOMAIN: (_TO_CUSTOMER, is_domain),
        Scope.BREAKER: (_AUTOMATIC.c.entry.in_((Entry.CUSTOMER, Entry.STOPPED)),),
        Scope.DESK: (is_to_agent, is_recipient, is_ticket),
        Scope.NEWS: (_AUTOMATIC.c.entry == Entry.AGENT, is_domain, is_reader),
        Scope.TIMED: (_AUTOMATIC.c.entry == Entry.REMINDER, is_recipient),
        Scope.PAGE: (_AUTOMATIC.c.entry == Entry.PAGE, is_recipient),
    }[scope] + (is_new,)


_TO_CUSTOMER = _AUTOMATIC.c.entry == Entry.CUSTOMER
