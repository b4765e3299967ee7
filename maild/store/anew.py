"""Tickets whose deadlines are to be computed anew: what is known of their customer changed.

Another segment or organisation is another policy. Who changes it writes down in the same
transaction which open tickets that concerns; the clock (`maild/alarm.py`) takes some at a time,
so that a list of a hundred thousand customers stops nobody. Rows of `meta`, a number each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, delete, or_, select

from maild.core.ticket import State
from maild.store import tables
from maild.store.conflict import unless_there
from maild.store.prepared import Prepared
from maild.store.tables import metadata

_PREFIX = "deadlines.anew:"
_END = "deadlines.anew;"
_AT_ONCE = 500
_OVER = (State.CLOSED, State.MERGED, State.SPAM)
_TICKET = metadata.tables[tables.TicketRow.__tablename__]
_CUSTOMER = metadata.tables[tables.CustomerRow.__tablename__]
_META = metadata.tables[tables.Meta.__tablename__]
_OPEN = (
    select(_TICKET.c.id)
    .join(_CUSTOMER, _CUSTOMER.c.id == _TICKET.c.customer_id)
    .where(
        or_(
            _CUSTOMER.c.address.in_(bindparam("addresses", expanding=True)),
            _CUSTOMER.c.organisation.in_(bindparam("organisations", expanding=True)),
        ),
        _TICKET.c.state.not_in(_OVER),
    )
    .order_by(_TICKET.c.id)
)
_NEXT = (
    select(_META.c.name)
    .where(_META.c.name > _PREFIX, _META.c.name < _END)
    .order_by(_META.c.name)
    .limit(bindparam("most"))
)
_WAITS = Prepared(_NEXT)
_TAKE = delete(_META).where(_META.c.name.in_(bindparam("names", expanding=True)))


def ask(
    connection: Connection, addresses: Sequence[str], organisations: Sequence[str] = ()
) -> int:
    """Let the open tickets of these customers and organisations be computed; return how many."""
    count = 0
    for start in range(0, max(len(addresses), len(organisations)), _AT_ONCE):
        wanted = {
            "addresses": list(addresses[start : start + _AT_ONCE]),
            "organisations": list(organisations[start : start + _AT_ONCE]),
        }
        rows = [
            {"name": f"{_PREFIX}{number}", "value": ""}
            for number in connection.execute(_OPEN, wanted).scalars().all()
        ]
        if rows:
            connection.execute(unless_there(connection, _META), rows)
        count += len(rows)
    return count


def waits(connection: Connection) -> bool:
    """Tell whether there is anything to take."""
    return bool(_WAITS.rows(connection, {"most": 1}))


def take(connection: Connection, most: int) -> Collection[int]:
    """Take some tickets; whoever does computes them in the same transaction, and nobody else."""
    chosen = _NEXT.with_for_update(skip_locked=True)
    names = connection.execute(chosen, {"most": most}).scalars().all()
    if names:
        connection.execute(_TAKE, {"names": list(names)})
    return [int(name.removeprefix(_PREFIX)) for name in names]
