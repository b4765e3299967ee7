"""Deadlines of one ticket have come due: what follows, in one decision; pure.

Of a clock's warnings that are due together with its deadline only the deadline speaks, and of
several rules that waited for the ticket to move only the last one; the others fire with it,
merged. Whatever is told to somebody about all of them is told in one mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maild.core import ladder, ruling
from maild.core.agenda import Fired, Item, Kind, Row
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.facts import Happening
from maild.core.ladder import Climb
from maild.core.promise import Clock, Due
from maild.core.proof import Proofs
from maild.core.reason import Reason, Why
from maild.core.rule import RuleEvent
from maild.core.scene import Occasion
from maild.core.snapshot import AgentLoad, Snapshot, TicketView, World

LATE_AFTER = timedelta(minutes=5)
_WARNING = ".warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """The deadlines of one ticket that are due now."""

    rows: tuple[Row, ...]
    """At least one."""
    open: tuple[Item, ...]
    """All that waits on the ticket, these included: a warning tells when it gets serious."""
    climbs: tuple[Climb, ...] = ()
    """The ladders that ran and run, where a step of one is due."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What happens without a mail."""

    name: str
    """Unique for ever."""
    now: datetime
    actor: str = "maild"
    dues: tuple[Due, ...] = ()


def fired(firing: Firing) -> tuple[Fired, ...]:
    """Say of each row whether it is late, and whether another one speaks for it."""
    speaking = {row.id for row in _speaking(firing.rows)}
    return tuple(
        Fired(
            row=row,
            is_late=firing.now - row.item.due_at > LATE_AFTER,
            is_merged=row.id not in speaking,
        )
        for row in _in_order(firing.rows)
    )


def on_time(
    firing: Firing, view: TicketView, world: World, loads: tuple[AgentLoad, ...] = ()
) -> Decision:
    """Decide about all deadlines of a ticket that are due; equal arguments, equal decision."""
    done = fired(firing)
    steps = [one for one in done if one.row.item.kind == Kind.ESCALATION]
    others = [one for one in done if one not in steps]
    happenings = [_happening(one, firing) for one in others if not one.is_merged]
    dues = [h.due for h in happenings] + [_behind(one, firing) for one in steps]
    cause = Cause(
        name=f"deadline-{min(row.id for row in firing.rows)}",
        now=firing.now,
        dues=tuple(dict.fromkeys(due for due in dues if due is not None)),
    )
    scene = occasion(view, world, loads, cause)
    decision = Decision(
        outcome=Outcome.POSTED,
        reasons=tuple(_reason(one) for one in done),
        before=view.ticket,
        after=view.ticket,
        events=tuple(_event(one) for one in others),
    )
    for happening in happenings:
        decision = ruling.happen(scene, decision, happening)
    for one in steps:
        decision = ruling.climb(scene, decision, one.row.item, firing.climbs)
    return ruling.follow(scene, decision)


def occasion(
    view: TicketView, world: World, loads: tuple[AgentLoad, ...], cause: Cause
) -> Occasion:
    """Put together what rules are asked about when something happens to a ticket."""
    return Occasion(
        snapshot=Snapshot(
            now=cause.now,
            proofs=Proofs(),
            customer=view.ticket.customer,
            tickets=(view,),
            loads=loads,
            dossiers=view.dossiers,
        ),
        world=world,
        mailbox=world.house.mailbox(view.ticket.mailbox),
        name=cause.name,
        actor=cause.actor,
        dues=cause.dues,
    )


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """By time; what is due at the same time by what it is, not by who wrote it first."""
    return sorted(rows, key=lambda row: (row.item.due_at, row.item.kind, row.item.cycle))


def _speaking(rows: Sequence[Row]) -> list[Row]:
    """Leave out what another row speaks for."""
    latest = {_voice(row): row for row in _in_order(rows)}
    return list(latest.values())


def _voice(row: Row) -> str:
    """What speaks with one voice: a clock's run and its warnings; all that waits for movement.

    Every step of a ladder is taken, also when several are due together.
    """
    if row.item.kind in (Kind.IDLE, Kind.AGED):
        return "movement"
    if row.item.kind == Kind.ESCALATION:
        return row.item.cycle
    return f"{row.item.kind.removesuffix(_WARNING)} {row.item.cycle.partition('/')[0]}"


def _happening(one: Fired, firing: Firing) -> Happening:
    item = one.row.item
    on, rule = _event_of(item), ""
    due = Due(kind=item.kind, due_at=item.due_at, is_over=True)
    if on is RuleEvent.DEADLINE_WARNED:
        due = _deadline(item, firing.open)
    elif on.is_timed:
        rule = item.policy
    return Happening(on=on, actor="maild", due=due, is_late=one.is_late, rule=rule)


def _behind(step: Fired, firing: Firing) -> Due | None:
    """Return the deadline that a step of a ladder is about."""
    number, _ = ladder.place(step.row.item.cycle)
    return next((climb.due for climb in firing.climbs if climb.id == number), None)


def _event_of(item: Item) -> RuleEvent:
    if item.kind == Kind.CALLBACK:
        return RuleEvent.TICKET_CALLBACK
    if item.kind in (Kind.IDLE, Kind.AGED):
        return RuleEvent.TICKET_IDLE if item.kind == Kind.IDLE else RuleEvent.TICKET_AGED
    is_warning = item.kind.endswith(_WARNING)
    return RuleEvent.DEADLINE_WARNED if is_warning else RuleEvent.DEADLINE_MISSED


def _deadline(warning: Item, waiting: Sequence[Item]) -> Due:
    """Return what a warning warns of."""
    kind, run = warning.kind.removesuffix(_WARNING), warning.cycle.partition("/")[0]
    same = (i for i in waiting if i.kind == kind and i.cycle.partition("/")[0] == run)
    found = next(same, replace(warning, kind=kind))
    return Due(kind=found.kind, due_at=found.due_at)


def _event(one: Fired) -> EventDraft:
    item = one.row.item
    data = [("kind", item.kind), ("due_at", item.due_at.isoformat(timespec="seconds"))]
    data += [("policy", item.policy)] if item.policy else []
    data += [("since", item.cycle.partition("/")[0])] if _is_promised(item) else []
    data += [("late", "yes")] if one.is_late else []
    data += [("merged", "yes")] if one.is_merged else []
    return EventDraft(kind=_event_of(item).value, actor="maild", data=tuple(data))


def _is_promised(item: Item) -> bool:
    """Whether it is of a clock: figures must know of which run of it."""
    return item.kind.removesuffix(_WARNING) in tuple(Clock)


def _reason(one: Fired) -> Reason:
    item = one.row.item
    words = [item.kind, f"due {item.due_at.isoformat(timespec='seconds')}"]
    words += ["late"] if one.is_late else []
    words += ["merged"] if one.is_merged else []
    return Reason(why=Why.DEADLINE, detail=", ".join(words))
