"""What a simulation shows: a table by month, and totals, from the rows that it left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import quantiles
from typing import Any

from maild.core.agenda import Kind
from maild.core.ticket import State
from maild.simulation.year import Course
from maild.store import tally
from maild.store.database import Connection, Database
from maild.store.tally import UNSOLVED, Flow

PROMISED = (Kind.FIRST_RESPONSE, Kind.NEXT_RESPONSE, Kind.RESOLUTION)
COLUMNS = (
    "month",
    "opened",
    "solved",
    "reopened",
    "backlog",
    "response_median_hours",
    "response_p90_hours",
    "sla_percent",
    "reminders",
    "escalations",
    "mails",
)
_WARNING = ".warning"
_TENTHS = 10
_FIRED, _WAITING = "fired", "waiting"


@dataclass(slots=True, kw_only=True)
class Flows:
    """How many tickets came and went."""

    opened: int = 0
    reopened: int = 0
    solved: int = 0
    gone: int = 0
    """From the backlog to closed, merged or spam, without being solved."""

    @property
    def change(self) -> int:
        """Of the backlog."""
        return self.opened + self.reopened - self.solved - self.gone

    def count(self, flow: Flow) -> None:
        """Count one line of the log."""
        was, stays = flow.source in UNSOLVED, flow.target in UNSOLVED
        if not flow.source:
            self.opened += 1
            was = True
        elif stays and not was:
            self.reopened += 1
        if was and not stays:
            self.solved += flow.target == State.SOLVED
            self.gone += flow.target != State.SOLVED


@dataclass(slots=True, kw_only=True)
class Month:
    """One month, or all of them."""

    flows: Flows = field(default_factory=Flows)
    backlog: int = 0
    responses: list[float] = field(default_factory=list)
    """Hours from the first mail to the first answer, by the clock on the wall."""
    kept: int = 0
    """Promised deadlines that were due in it, and were met or fell away."""
    missed: int = 0
    reminders: int = 0
    """Warnings to agents, and times at which a rule spoke because nobody else did."""
    escalations: int = 0
    mails: int = 0


def days(connection: Connection) -> dict[date, Flows]:
    """Return what the log says of each day (UTC)."""
    found: defaultdict[date, Flows] = defaultdict(Flows)
    for flow in tally.flows(connection):
        found[flow.at.date()].count(flow)
    return dict(found)


def months(database: Database, course: Course) -> dict[str, Month]:
    """Return what the rows say of each month (UTC), in order."""
    found: defaultdict[str, Month] = defaultdict(Month)
    for day, backlog in sorted(course.backlog.items()):
        found[_month(day)].backlog = backlog
    with database.read() as connection:
        for flow in tally.flows(connection):
            found[_month(flow.at)].flows.count(flow)
        for ticket in tally.opened(connection):
            if ticket.answered_at is not None:
                hours = (ticket.answered_at - ticket.at).total_seconds() / 3600
                found[_month(ticket.at)].responses.append(hours)
        for at in tally.mails(connection):
            found[_month(at)].mails += 1
        _count_deadlines(found, tally.deadlines(connection))
    return dict(sorted(found.items()))


def whole(parts: Iterable[Month]) -> Month:
    """Return all months as one."""
    sums, everything = Counter[str](), Month()
    for part in parts:
        for name in ("opened", "reopened", "solved", "gone"):
            sums[name] += getattr(part.flows, name)
        for name in ("kept", "missed", "reminders", "escalations", "mails"):
            sums[name] += getattr(part, name)
        everything.responses += part.responses
        everything.backlog = part.backlog
    everything.flows = Flows(**{n: sums[n] for n in ("opened", "reopened", "solved", "gone")})
    for name in ("kept", "missed", "reminders", "escalations", "mails"):
        setattr(everything, name, sums[name])
    return everything


def row(name: str, month: Month) -> dict[str, Any]:
    """Return a month with `COLUMNS`; None for what it has nothing of."""
    due = month.kept + month.missed
    return {
        "month": name,
        "opened": month.flows.opened,
        "solved": month.flows.solved,
        "reopened": month.flows.reopened,
        "backlog": month.backlog,
        "response_median_hours": _share(month.responses, _TENTHS // 2),
        "response_p90_hours": _share(month.responses, _TENTHS - 1),
        "sla_percent": round(100 * month.kept / due, 1) if due else None,
        "reminders": month.reminders,
        "escalations": month.escalations,
        "mails": month.mails,
    }


def _count_deadlines(found: defaultdict[str, Month], rows: Iterable[tally.Ended]) -> None:
    for one in rows:
        if one.kind in PROMISED and one.state != _WAITING:
            month = found[_month(one.due_at)]
            month.missed += one.state == _FIRED
            month.kept += one.state != _FIRED
        if one.fired_at is None or one.is_merged:
            continue
        month = found[_month(one.fired_at)]
        month.escalations += one.kind == Kind.ESCALATION
        month.reminders += one.kind.endswith(_WARNING) or one.kind in (Kind.IDLE, Kind.CALLBACK)


def _share(values: Sequence[float], tenth: int) -> float | None:
    """Return what so many tenths of the values lie below; None without values."""
    if not values:
        return None
    if len(values) == 1:
        return round(values[0], 1)
    return round(quantiles(values, n=_TENTHS, method="inclusive")[tenth - 1], 1)


def _month(at: date | datetime) -> str:
    return f"{at:%Y-%m}"
