"""What customers wrote about in some time, and who came back soon: for reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, func, select

from maild.core.measure import Share
from maild.core.scorecard import Span
from maild.core.ticket import PostKind, State
from maild.core.topics import TEXT_CHARACTERS_MAX, Told
from maild.store import tables
from maild.store.tables import metadata

_AT_ONCE = 1000
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequent:
    """A customer who opened several tickets."""

    address: str
    name: str
    tickets: int


def told(connection: Connection, span: Span) -> Iterator[Told]:
    """Yield what customers said in a period, ticket by ticket: its subject, and their own words.

    Spam says nothing. The texts of an erased person are gone, and so are their topics.
    """
    words = func.substr(_POST.c.reply_text, 1, TEXT_CHARACTERS_MAX)
    statement = (
        select(_TICKET.c.id, _TICKET.c.language, _TICKET.c.subject, words.label("words"))
        .join(_POST, _POST.c.ticket_id == _TICKET.c.id)
        .where(
            _POST.c.kind == PostKind.CUSTOMER,
            _POST.c.at >= span.start,
            _POST.c.at < span.end,
            _TICKET.c.state != State.SPAM,
        )
        .order_by(_TICKET.c.id, _POST.c.n)
    )
    found = connection.execution_options(yield_per=_AT_ONCE).execute(statement)
    for _, rows in groupby(found, lambda row: row.id):
        some = list(rows)
        texts = (some[0].subject, *(row.words for row in some))
        yield Told(language=some[0].language, text=" . ".join(texts))


def repeat_contacts(connection: Connection, span: Span, within: timedelta) -> Share:
    """Return the share of tickets whose customer had opened another one shortly before.

    Formula: of the tickets opened in the period (spam left out), those whose customer opened an
    earlier one at most `within` before.
    """
    since = span.start - within
    rows = connection.execute(
        select(_TICKET.c.customer_id, _TICKET.c.created_at)
        .where(
            _TICKET.c.created_at >= since,
            _TICKET.c.created_at < span.end,
            _TICKET.c.state != State.SPAM,
        )
        .order_by(_TICKET.c.created_at, _TICKET.c.id)
    )
    last: dict[int, datetime] = {}
    hits = n = 0
    for customer, at in rows:
        if at >= span.start:
            n += 1
            hits += customer in last and at - last[customer] <= within
        last[customer] = at
    return Share(hits=hits, n=n)


def frequent(
    connection: Connection, span: Span, *, least: int = 2, most: int = 5
) -> tuple[Frequent, ...]:
    """Return the customers who opened most tickets in a period, those with at least so many."""
    count = func.count(_TICKET.c.id)
    statement = (
        select(_CUSTOMER.c.address, _CUSTOMER.c.name, count.label("tickets"))
        .join(_TICKET, _TICKET.c.customer_id == _CUSTOMER.c.id)
        .where(
            _TICKET.c.created_at >= span.start,
            _TICKET.c.created_at < span.end,
            _TICKET.c.state != State.SPAM,
        )
        .group_by(_CUSTOMER.c.id, _CUSTOMER.c.address, _CUSTOMER.c.name)
        .having(count >= least)
        .order_by(count.desc(), _CUSTOMER.c.address)
        .limit(most)
    )
    return tuple(
        Frequent(address=row.address, name=row.name, tickets=row.tickets)
        for row in connection.execute(statement)
    )
