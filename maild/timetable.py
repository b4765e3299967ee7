"""After a decision, the deadlines of its tickets are brought to what their logs say now.

In the same transaction: a ticket and its deadlines never disagree. Where nothing is promised and
no rule waits for a time, this costs two questions for all tickets of the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.core import agenda, deferred, facts, ladder, owing, promise, reached
from maild.core.agenda import Changes, Item, Kind, Plan, Row
from maild.core.decision import Decision, EventDraft
from maild.core.history import Entry
from maild.core.ladder import Climb
from maild.core.ontime import Firing
from maild.core.snapshot import World
from maild.core.ticket import Ticket
from maild.store import commit, deadlines, history, takeback, unasked
from maild.store.database import Connection
from maild.store.deadlines import Written

MOVED = "deadline.moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What all tickets of one transaction are looked at by."""

    plan: Plan
    now: datetime
    why: str = ""
    """What changed the plan itself: then each ticket's log is told all that follows."""
    promised: frozenset[int] = frozenset()
    """Tickets on which an agent may just have promised a call."""


def bring(connection: Connection, look: Round, tickets: Iterable[Ticket]) -> None:
    """Write down what is due on tickets (those with a number)."""
    _brought(connection, look, tickets)


def announced(
    connection: Connection,
    look: Round,
    world: World,
    cases: Sequence[tuple[Decision, Ticket | None]],
) -> list[Decision]:
    """Let notices tell by when an answer will be due, as `bring` is going to write it down.

    Before anything but the ticket itself is written. Where nothing is promised it costs nothing.
    """
    asked = {
        ticket.number
        for decision, ticket in cases
        if look.plan.promises and ticket is not None and owing.is_asked(decision)
    }
    logs = history.of_tickets(connection, sorted(asked)) if asked else {}
    return [
        owing.told(
            decision,
            ticket=ticket,
            log=logs.get(ticket.number, ()),
            plan=look.plan,
            world=world,
            now=look.now,
        )
        if ticket is not None and ticket.number in asked
        else decision
        for decision, ticket in cases
    ]


def firings(connection: Connection, look: Round, tickets: Sequence[Ticket]) -> dict[int, Firing]:
    """Bring the rows of tickets; return what is due on them, by number of those that have some."""
    numbers = [ticket.number for ticket in tickets]
    look = replace(look, promised=frozenset(numbers))
    before, changed = _brought(connection, look, tickets)
    every = {**before, **deadlines.of_tickets(connection, changed)}
    waiting = {number: [row for row in rows if row.is_waiting] for number, rows in every.items()}
    due = {
        number: tuple(row for row in rows if row.item.due_at <= look.now)
        for number, rows in waiting.items()
    }
    climbs = _climbs(connection, due)
    return {
        number: Firing(
            rows=due[number],
            open=tuple(row.item for row in waiting[number]),
            climbs=climbs.get(number, ()),
            now=look.now,
        )
        for number in numbers
        if due.get(number)
    }


def _brought(
    connection: Connection, look: Round, tickets: Iterable[Ticket]
) -> tuple[dict[int, tuple[Row, ...]], list[int]]:
    """Bring the rows of tickets; return them as they were, and on which tickets they changed."""
    known = {ticket.number: ticket for ticket in tickets if ticket.number}
    rows = deadlines.of_tickets(connection, sorted(known))
    wanted = sorted(known)
    if look.plan.is_empty:
        asked = {n for n, own in rows.items() if any(row.is_waiting for row in own)}
        asked |= look.promised | takeback.waiting(connection, wanted)
        wanted = sorted(asked & known.keys())
    logs = history.of_tickets(connection, wanted) if wanted else {}
    written: list[Written] = []
    for number in wanted:
        ticket, log, own = known[number], logs.get(number, ()), rows.get(number, ())
        items = agenda.due(ticket, log, look.plan, look.now)
        changes = agenda.changes(own, items, ticket.priority)
        if not changes.is_nothing:
            written.append(Written(ticket=number, priority=ticket.priority, changes=changes))
        told = (*_told(changes, ticket, look.why), *_stopped(changes, log))
        told = (*told, *_reached(ticket, look, log, own))
        told = (*told, *_withdrawn(connection, deferred.untrue(log, look.now)))
        commit.add_events(connection, number, told, 0, look.now)
    deadlines.bring(connection, written)
    return rows, [one.ticket for one in written]


def _climbs(
    connection: Connection, due: Mapping[int, Iterable[Row]]
) -> dict[int, tuple[Climb, ...]]:
    """Return the ladders of the tickets on which a step of one is due."""
    numbers = [
        number
        for number, rows in due.items()
        if any(row.item.kind == Kind.ESCALATION for row in rows)
    ]
    logs = history.of_tickets(connection, numbers) if numbers else {}
    return {number: ladder.climbs(log) for number, log in logs.items()}


def _stopped(changes: Changes, log: Iterable[Entry]) -> tuple[EventDraft, ...]:
    """Say which ladders ended because somebody acted, and how."""
    kind = Kind.ESCALATION
    cycles = [row.item.cycle for row in changes.cancelled if row.item.kind == kind]
    return ladder.stopped(log, cycles) if cycles else ()


def _reached(
    ticket: Ticket, look: Round, log: Sequence[Entry], rows: Iterable[Row]
) -> tuple[EventDraft, ...]:
    """Say which clocks were reached just now, and in time or not."""
    if look.why or not look.plan.promises or not reached.is_news(log, look.now):
        return ()
    promised = promise.choose(look.plan.promises, facts.for_promises(ticket))
    if promised is None:
        return ()
    return reached.told(log, promised, {row.item.key for row in rows}, look.now)


def _withdrawn(connection: Connection, wanted: Sequence[EventDraft]) -> tuple[EventDraft, ...]:
    """Take back notices that wait for working hours and are true no more; say which."""
    told = {(data := dict(one.data))["key"]: data for one in wanted}
    keys = takeback.withdraw(connection, told)
    surveys = {key: int(told[key]["survey"]) for key in keys if "survey" in told[key]}
    unasked.free(connection, surveys)
    return tuple(one for one in wanted if dict(one.data)["key"] in keys)


def _told(changes: Changes, ticket: Ticket, why: str) -> Iterable[EventDraft]:
    """Say which times moved because of another policy, calendar or priority.

    That a clock began, stood still or was answered is told by the log itself.
    """
    for row, item in changes.moved:
        reason = why or _reason(row, item, ticket)
        if reason and row.is_waiting and row.item.due_at != item.due_at:
            yield _moved(item.kind, row.item.due_at, item.due_at, reason)
    if why:
        for item in changes.new:
            yield _moved(item.kind, None, item.due_at, why)
        for row in changes.cancelled:
            yield _moved(row.item.kind, row.item.due_at, None, why)


def _reason(row: Row, item: Item, ticket: Ticket) -> str:
    """Say why a time moved: the priority or the promise; empty for the course of things."""
    if row.priority != ticket.priority:
        return "priority"
    is_other = (row.item.policy, row.item.version) != (item.policy, item.version)
    return "policy" if is_other else ""


def _moved(kind: str, old: datetime | None, new: datetime | None, why: str) -> EventDraft:
    data = [("kind", kind), ("from", _text(old)), ("to", _text(new)), ("why", why)]
    return EventDraft(kind=MOVED, actor="maild", data=tuple(data))


def _text(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
