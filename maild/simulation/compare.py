"""Are the deadlines that are written those that the log gives, computed anew?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from maild.core import agenda
from maild.core.ticket import State
from maild.handle import Office
from maild.store import deadlines, history, tally, tickets
from maild.store.database import Connection

OVER = (State.CLOSED, State.MERGED, State.SPAM)
_AT_ONCE = 500


def open_tickets(connection: Connection) -> list[int]:
    """Return the tickets on which something may be due."""
    return [number for number, state in tally.states(connection).items() if state not in OVER]


def differing(
    connection: Connection, office: Office, numbers: Iterable[int], now: datetime
) -> list[int]:
    """Return the tickets whose rows would have to be changed to say what their logs say."""
    left, found = iter(numbers), []
    while some := list(islice(left, _AT_ONCE)):
        views = tickets.views_by_number(connection, some, office.world.house, now)
        rows = deadlines.of_tickets(connection, some)
        logs = history.of_tickets(connection, some)
        for number, view in views.items():
            items = agenda.due(view.ticket, logs.get(number, ()), office.plan, now)
            changes = agenda.changes(rows.get(number, ()), items, view.ticket.priority)
            if not changes.is_nothing:
                found.append(number)
    return found
