"""Does what a simulation left add up? Each check compares what was written in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from maild.core.scorecard import Span, Wish
from maild.handle import Office
from maild.simulation import compare, report
from maild.simulation.compare import OVER
from maild.simulation.report import Flows
from maild.simulation.year import Course
from maild.store import report as figures
from maild.store import tally
from maild.store.database import Connection

EXAMPLES = 3
_WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that must be so, and what was found."""

    name: str
    looked_at: int
    """Of what there is: a check that looked at nothing says nothing."""
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


def all_checks(office: Office, course: Course) -> tuple[Check, ...]:
    """Ask all there is to ask about the rows of a simulation that ended."""
    with office.database.read() as connection:
        return (
            _balance(connection, course),
            _ended(connection, course),
            _overdue(connection, course),
            _agrees(connection, office, course),
            _told(connection, course),
        )


def _balance(connection: Connection, course: Course) -> Check:
    """The log explains every change that was counted in the ticket table at midnight."""
    logged = report.days(connection)
    faults: list[str] = []
    before = 0
    for day, counted in sorted(course.backlog.items()):
        told = logged.pop(day, Flows()).change
        if told != counted - before:
            faults.append(f"{day}: the log says {told:+d}, the tickets {counted - before:+d}")
        before = counted
    faults += [f"{day}: in the log, but never counted" for day in logged]
    name = "each day, opened + reopened - solved - gone is the change of the backlog"
    return Check(name=name, looked_at=len(course.backlog), faults=tuple(faults))


def _told(connection: Connection, course: Course) -> Check:
    """What a report reads from the log is what was counted in the ticket table at midnight."""
    days = sorted(course.backlog)
    midnights = [datetime.combine(day, time(), tzinfo=UTC) for day in days]
    parts = tuple(Span(start=at, end=at + timedelta(days=1)) for at in midnights)
    whole = Span(start=parts[0].start, end=parts[-1].end)
    found = figures.read(connection, Wish(whole=whole, spans=parts)).total.spans
    faults = tuple(
        f"{day}: the report says {told.backlog}, the tickets {course.backlog[day]}"
        for day, told in zip(days, found, strict=True)
        if told.backlog != course.backlog[day]
    )
    name = "each day's backlog is in a report what was counted at its end"
    return Check(name=name, looked_at=len(days), faults=faults)


def _ended(connection: Connection, course: Course) -> Check:
    """Nothing waits on a ticket that is over, and nothing at all once everything is settled."""
    states = tally.states(connection)
    rows = [
        one
        for one in tally.deadlines(connection)
        if course.is_settled or states[one.ticket] in OVER
    ]
    faults = tuple(
        f"#{one.ticket} is {states[one.ticket]}, but {one.kind} waits for {one.due_at}"
        for one in rows
        if one.state == _WAITING
    )
    whose = "" if course.is_settled else " of a ticket that is over"
    name = f"every deadline{whose} has fired or is cancelled"
    return Check(name=name, looked_at=len(rows), faults=faults)


def _overdue(connection: Connection, course: Course) -> Check:
    """Nothing waits for a time that has passed."""
    rows = list(tally.deadlines(connection))
    faults = tuple(
        f"#{one.ticket}: {one.kind} waits for {one.due_at}"
        for one in rows
        if one.state == _WAITING and one.due_at <= course.end
    )
    name = "no deadline waits for a time that has passed"
    return Check(name=name, looked_at=len(rows), faults=faults)


def _agrees(connection: Connection, office: Office, course: Course) -> Check:
    """All is computed anew from the log, every week what is open, in the end everything."""
    states = tally.states(connection)
    found = compare.differing(connection, office, states, course.end)
    faults = [f"{at}: #{number}" for at, number in course.differing]
    faults += [f"{course.end}: #{number}" for number in found]
    name = "computed anew from the log, every ticket's deadlines are those that are written"
    return Check(name=name, looked_at=course.compared + len(states), faults=tuple(faults))
