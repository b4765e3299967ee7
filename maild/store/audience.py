"""The audience of an announcement: customers who wait for something of ours, each once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, select

from maild.core import index
from maild.core.house import House
from maild.core.ticket import Customer, State
from maild.store import customers, search, surveys, tables
from maild.store.tables import metadata

WAITING = (State.NEW, State.OPEN, State.PENDING, State.ON_HOLD)
KEYS_MAX = 500
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_KEYS: BindParameter[str] = bindparam("keys", expanding=True)
_OPEN = (
    select(_TICKET.c.id, _TICKET.c.tags, _TICKET.c.queue, _TICKET.c.language, *customers.COLUMNS)
    .select_from(customers.WITH_TICKET)
    .where(_TICKET.c.state.in_(WAITING))
    .order_by(_TICKET.c.id.desc())
)
_WRITTEN = select(_OUTBOX.c.key).where(_OUTBOX.c.key.in_(_KEYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who is meant: every filter that is not empty must fit."""

    segment: str = ""
    organisation: str = ""
    tag: str = ""
    queue: str = ""
    about: str = ""
    """Words that the ticket must hold, as `#search` finds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One customer, and the newest of their tickets that fits."""

    number: int
    customer: Customer
    language: str
    """Of the ticket."""


def listeners(connection: Connection, wish: Wish, house: House) -> tuple[Listener, ...]:
    """Return who is meant and wants such mail, in the order of their tickets."""
    found: dict[str, Listener] = {}
    about = _about(connection, wish)
    for row in connection.execute(_OPEN).mappings():
        if about is not None and row["id"] not in about:
            continue
        customer = customers.customer_of(row, house)
        if _fits(row, customer, wish):
            found.setdefault(customer.address, _listener(row, customer))
    left = surveys.unsubscribed(connection, found)
    meant = (one for address, one in found.items() if address.lower() not in left)
    return tuple(sorted(meant, key=lambda one: one.number))


def written(connection: Connection, keys: Sequence[str]) -> frozenset[str]:
    """Return which of these mails of ours were written before."""
    found: set[str] = set()
    for at in range(0, len(keys), KEYS_MAX):
        part: Iterable[str] = keys[at : at + KEYS_MAX]
        found |= set(connection.execute(_WRITTEN, {"keys": list(part)}).scalars())
    return frozenset(found)


def _listener(row: RowMapping, customer: Customer) -> Listener:
    return Listener(number=row["id"], customer=customer, language=row["language"])


def _about(connection: Connection, wish: Wish) -> frozenset[int] | None:
    if not wish.about:
        return None
    wanted = index.wanted(wish.about)
    return frozenset(search.numbers(connection, wanted, limit=2**31 - 1))


def _fits(row: RowMapping, customer: Customer, wish: Wish) -> bool:
    return (
        wish.segment in ("", customer.segment)
        and wish.organisation in ("", customer.organisation)
        and wish.queue in ("", row["queue"])
        and (not wish.tag or wish.tag in row["tags"])
    )
