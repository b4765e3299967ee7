"""`maild sla explain`: what is due on a ticket, and every stretch of time that counts or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maild.cli import show as out
from maild.cli.sla import local, rfc3339
from maild.core import facts, promise, sla
from maild.core.calendar import Calendar
from maild.core.promise import Clock, Promise
from maild.core.sla import Deadline
from maild.errors import NotAllowed
from maild.now import utc_now
from maild.rulefiles import policies
from maild.store import history, tickets


def explain(config: Path | None, number: int, *, as_json: bool) -> None:
    """Print every deadline of a ticket with the stretches that count and those that do not."""
    with out.opened(config) as (known, database), database.read() as connection:
        found = tickets.views(connection, (number,), known.house, utc_now())
        if not found:
            raise NotAllowed(f"there is no ticket {number}")
        log = history.entries(connection, number)
    context = facts.for_promises(found[0].ticket)
    promised = promise.choose(policies.promises(known), context)
    dues = sla.deadlines(log, promised.policy, promised.calendar, utc_now()) if promised else ()
    if as_json:
        out.as_document(_document(number, promised, dues))
        return
    if promised is None:
        words = f"`maild ticket show {number}` tells what else is due"
        out.line(f"#{number}: no [[sla]] matches; nothing is promised by one; {words}")
        return
    hours = promised.calendar
    out.heading(f"#{number}: {promised.policy.name}, calendar {hours.name} ({hours.zone})")
    for due in dues:
        _print(due, hours)


def _document(number: int, promised: Promise | None, dues: Sequence[Deadline]) -> dict[str, Any]:
    """Return the explanation of a ticket for programs; durations in seconds."""
    return {
        "number": number,
        "policy": promised.policy.name if promised else "",
        "calendar": promised.calendar.name if promised else "",
        "deadlines": [
            {
                "kind": due.kind,
                "state": due.standing.value,
                "started_at": rfc3339(due.started_at),
                "working_seconds": due.after.total_seconds(),
                "due_at": rfc3339(due.due_at) if due.due_at else None,
                "reached_at": rfc3339(due.reached_at) if due.reached_at else None,
                "intervals": [
                    {
                        "start": rfc3339(interval.start),
                        "end": rfc3339(interval.end),
                        "counted": interval.counted,
                        "reason": interval.state.value,
                        "working_seconds": interval.worked.total_seconds(),
                    }
                    for interval in due.intervals
                ],
            }
            for due in dues
        ],
    }


def _print(due: Deadline, hours: Calendar) -> None:
    """Print one deadline; the stretches of a clock stand below its deadline only."""
    when = local(due.due_at, hours) if due.due_at else "nothing is due"
    out.line(f"{due.kind}: {due.standing}, {when}")
    if due.kind not in tuple(Clock):
        return
    out.line(f"  {due.after} of working time from {local(due.started_at, hours)}")
    for interval in due.intervals:
        word = "counted" if interval.counted else "not counted"
        stretch = f"{local(interval.start, hours)} to {local(interval.end, hours)}"
        out.line(f"  {word} ({interval.state}): {interval.worked} in {stretch}")
    if due.reached_at:
        out.line(f"  reached {local(due.reached_at, hours)}")
