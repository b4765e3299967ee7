"""Digests that are due, one straight line: whose morning it is -> read -> write, agent by agent.

Each digest has a transaction of its own, which holds its row and its mail.
"""

from __future__ import annotations

from collections.abc import Sequence

from maild.carry import Office, carry_out
from maild.core import digest, morning
from maild.core.digest import Candidate, Digest, Held, Pile, Waiting
from maild.core.house import Digests
from maild.core.morning import Morning
from maild.store import absence, digests, tickets
from maild.store.database import Connection


def due(office: Office) -> tuple[Morning, ...]:
    """Return the digests that are due now."""
    if office.world.house.digest is Digests.NONE:
        return ()
    now = office.now()
    with office.database.read() as connection:
        written = digests.written(connection, now)
        away = absence.all_away(connection, now)
    return morning.due(now, office.world, written, away.keys())


def write(office: Office, one: Morning) -> bool:
    """Write a digest; False when somebody else did, or there is nothing to tell."""
    now = office.now()
    with office.database.write() as connection:
        if not digests.take(connection, one.agent.address, one.day, now):
            return False
        told = _read(connection, office, one)
        if told.is_empty:
            return False
        digests.sent(connection, one.agent.address, one.day)
        decision = morning.decide(one, told, office.world, now)
        return bool(carry_out(connection, office, [(decision, None)])[0].written)


def _read(connection: Connection, office: Office, one: Morning) -> Digest:
    agent = one.agent
    own = digests.own(connection, agent.address)
    over = digests.over(connection, agent.address, one.since, one.until)
    count, oldest = digests.unassigned(connection, agent.queues or None)
    return Digest(
        since=one.since,
        is_yesterday=one.is_yesterday,
        zone=one.zone,
        own=_pile(connection, office, own, digest.OWN_MAX),
        over=_pile(connection, office, over, digest.OVER_MAX),
        unassigned=Pile(
            shown=tuple(
                Waiting(ticket=view.ticket)
                for view in tickets.views(connection, oldest, office.world.house, office.now())
            ),
            count=count,
        ),
        queues=tuple(
            digests.figures(connection, queue, one.since, one.until) for queue in one.leads
        ),
        held=digests.held(connection) if one.leads else Held(),
    )


def _pile(
    connection: Connection, office: Office, candidates: Sequence[Candidate], most: int
) -> Pile:
    """Show the first of them."""
    first = digest.ordered(candidates)[:most]
    numbers = [one.number for one in first]
    known = tickets.views_by_number(connection, numbers, office.world.house, office.now())
    return Pile(
        shown=tuple(Waiting(ticket=known[one.number].ticket, due=one.due) for one in first),
        count=len(candidates),
    )
