"""Reports: the event log read into figures (`core/kpi.py`), ticket by ticket, never all at once.

Strategy: the log decides; the tickets table only tells where to look. What happened in a period
stands on tickets that the log names from its start on; what was in the backlog then, and is not
named since, is in it still. The log of each of these tickets is read once, in the order in which
it was written.
"""

from __future__ import annotations

from sqlalchemy import Connection

from maild.core.scorecard import Report, Wish


def read(connection: Connection, wish: Wish) -> Report:
    """Return the figures of a period, as they were known at its end.

    One consistent view needs one read transaction: `with database.read() as connection`. It costs
    a few statements, whatever the number of tickets.
    """
    raise NotImplementedError
