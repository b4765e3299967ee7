"""What a ring of the clock costs with a million open tickets: nothing due, and a thousand due."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from tests.ontime.office import desk_in

RINGS = 50
_WARNED_HOURS, _MISSED_HOURS = 3.21, 0.8
"""Until the warning of a first response in four hours, and from there until it is missed."""
_COUNTED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
_TICKETS = f"""{_COUNTED}
INSERT INTO ticket (id, version, subject, state, queue, priority, tier, assignee, tags, language,
    mailbox, customer_id, created_at, updated_at)
SELECT i, 1, 'Help', 'open', 'support', 'normal', 1, '', '[]', 'en', 'Support', 1, :now, :now FROM n
"""
_EVENTS = f"""{_COUNTED}
INSERT INTO event (ticket_id, at, kind, actor, data)
SELECT i, :now, 'ticket.created', 'customer@customer.example', '{{}}' FROM n
"""
_DEADLINES = f"""{_COUNTED}
INSERT INTO deadline (ticket_id, kind, cycle, due_at, state, policy, policy_version, priority,
    claimed_by, late, merged)
SELECT i, 'resolution', 'far', :later, 'waiting', '', '', 'normal', '', 0, 0 FROM n
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What rings took, in seconds."""

    idle: float
    """The median of those with nothing due."""
    longest: float
    """Of those that it took until nothing was due."""
    rings: int
    together: float
    processor: float
    """Processor time of all of these."""


def rung(folder: Path, open_tickets: int, due: int) -> Rung:
    """Ring with nothing due, and then until so many have fired that are due just now."""
    folder.mkdir()
    with desk_in(folder) as desk:
        customers = desk.opens(due)
        desk.alarm.plan()
        stamp, later = (
            moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
            for moment in (desk.now, desk.now + timedelta(days=3652))
        )
        values = {"count": open_tickets, "now": stamp, "later": later}
        with desk.database.write() as connection:
            first = max(customers) + 1
            for statement in (_TICKETS, _EVENTS, _DEADLINES):
                shifted = statement.replace("SELECT 1 UNION", f"SELECT {first} UNION")
                connection.execute(text(shifted), values | {"count": open_tickets + first - 1})
        desk.alarm.ring()
        idle = statistics.median(_seconds(desk.alarm.ring) for _ in range(RINGS))
        desk.sleep(_WARNED_HOURS)
        # Not a whole step: that would plan a million tickets anew, which no policy asks for.
        while desk.alarm.ring():
            pass
        desk.sleep(_MISSED_HOURS)
        rings = []
        fired, processor = 0, time.process_time()
        while fired < due:
            began = time.perf_counter()
            fired += desk.alarm.ring()
            rings.append(time.perf_counter() - began)
        return Rung(
            idle=idle,
            longest=max(rings),
            rings=len(rings),
            together=sum(rings),
            processor=time.process_time() - processor,
        )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
