"""Ladders: the steps of a rule that come one after the other until somebody acts; pure.

A rule with steps (`[[rule.step]]`) begins a ladder where it fires. All of it follows from the
ticket's log:

| line of the log            | means                                                          |
|----------------------------|----------------------------------------------------------------|
| `escalation.started`       | the ladder of a rule began; while it runs a second one is none |
| `escalation.step`          | step `n` of `of` was taken; after the last one it is over      |
| `escalation.acknowledged`  | an agent takes care of it: every ladder ends                   |
| a reply to the customer    | likewise, unless it was taken back or never arrived            |
| given to an agent by hand  | likewise; what rules assign does not count                     |
| solved, closed, merged ... | likewise                                                       |
| `escalation.stopped`       | says which of these it was                                     |

Each step that is to come is a deadline of the kind `escalation`. Its time counts from where the
ladder began, in working time of what is promised on the ticket; with `anytime` in real time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.core import calendar, history
from maild.core.calendar import Calendar
from maild.core.decision import EventDraft
from maild.core.history import Entry
from maild.core.promise import Due
from maild.core.rule import Rule
from maild.core.ticket import PostKind, State

STARTED = "escalation.started"
STEP = "escalation.step"
ACKNOWLEDGED = "escalation.acknowledged"
STOPPED = "escalation.stopped"
GONE = "withdrawn"
"""Why a ladder ends whose rule is there no more."""
_ENDS = frozenset({State.SOLVED, State.CLOSED, State.MERGED, State.SPAM})
_ASSIGNED = frozenset({"ticket.assigned", "assignee.changed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """One run of a ladder on one ticket."""

    id: int
    """Of the line of the log with which it began."""
    rule: str
    began_at: datetime
    due: Due | None = None
    """The deadline that it is about."""
    stopped: str = ""
    """Why it ended before its last step: `acknowledged`, `answered`, `assigned`, the state of a
    ticket that ended, `withdrawn`; empty for not."""
    is_over: bool = False
    """Its last step was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of one climb, when it is due."""

    cycle: str
    due_at: datetime
    rule: str
    version: str


def climbs(log: Iterable[Entry]) -> tuple[Climb, ...]:
    """Return every run of every ladder that a log tells of, oldest first; in any order given."""
    entries = history.ordered(log)
    answers = {p.n for p in history.spoken(entries) if p.kind is PostKind.AGENT}
    found: list[Climb] = []
    running: dict[str, int] = {}
    for entry in entries:
        rule = entry.value("ladder")
        if entry.kind == STARTED and rule not in running:
            running[rule] = len(found)
            found.append(_begun(entry))
        elif entry.kind == STEP and rule in running and entry.value("n") == entry.value("of"):
            place = running.pop(rule)
            found[place] = replace(found[place], is_over=True)
        elif entry.kind == STOPPED and rule in running and entry.value("why") == GONE:
            place = running.pop(rule)
            found[place] = replace(found[place], stopped=GONE)
        elif why := _act(entry, answers):
            for place in running.values():
                found[place] = replace(found[place], stopped=why)
            running.clear()
    return tuple(found)


def rungs(log: Sequence[Entry], rules: Iterable[Rule], hours: Calendar) -> Iterator[Rung]:
    """Give the steps of every ladder that runs on a ticket, those that were taken as well."""
    known = {rule.name: rule for rule in rules}
    if not any(entry.kind == STARTED for entry in log):
        return
    for climb in climbs(log):
        rule = known.get(climb.rule)
        if rule is None or climb.stopped or climb.is_over:
            continue
        for n, step in enumerate(rule.steps, start=1):
            working = calendar.due_after(hours, climb.began_at, step.wait)
            yield Rung(
                cycle=f"{climb.id}/{n}",
                due_at=climb.began_at + step.wait if rule.anytime else working,
                rule=rule.name,
                version=version(rule),
            )


def acts(entry: Entry, answers: set[int]) -> bool:
    """Tell whether a line of the log stops ladders; `answers` are the replies that arrived."""
    return bool(_act(entry, answers))


def version(rule: Rule) -> str:
    """Return a short text that changes with the times of a ladder."""
    times = ([step.after_seconds for step in rule.steps], rule.anytime)
    return hashlib.sha256(repr(times).encode()).hexdigest()[:16]


def place(cycle: str) -> tuple[int, int]:
    """Return to which climb a deadline belongs, by its id, and which step it is, from 1."""
    climb, _, n = cycle.partition("/")
    return int(climb), int(n)


def started(rule: Rule, due: Due | None) -> EventDraft:
    """Return the line of the log with which the ladder of a rule begins."""
    data = [("ladder", rule.name), ("steps", str(len(rule.steps)))]
    if due is not None:
        data += [("due", due.kind), ("due_at", due.due_at.isoformat(timespec="seconds"))]
    return EventDraft(kind=STARTED, actor=f"rule:{rule.name}", data=tuple(data))


def taken(rule: Rule, n: int) -> EventDraft:
    """Return the line of the log for one step."""
    data = (("ladder", rule.name), ("n", str(n)), ("of", str(len(rule.steps))))
    return EventDraft(kind=STEP, actor=f"rule:{rule.name}", data=data)


def stopped(log: Iterable[Entry], cancelled: Iterable[str]) -> tuple[EventDraft, ...]:
    """Return what the log is told when steps that were to come were cancelled, by their cycles."""
    ended = {place(cycle)[0] for cycle in cancelled}
    return tuple(
        EventDraft(
            kind=STOPPED,
            actor="maild",
            data=(("ladder", climb.rule), ("why", climb.stopped or GONE)),
        )
        for climb in climbs(log)
        if climb.id in ended
    )


def _begun(entry: Entry) -> Climb:
    try:
        due_at = datetime.fromisoformat(entry.value("due_at"))
    except ValueError:
        due_at = None
    due = Due(kind=entry.value("due"), due_at=due_at, is_over=True) if due_at else None
    return Climb(id=entry.id, rule=entry.value("ladder"), began_at=entry.at, due=due)


def _act(entry: Entry, answers: set[int]) -> str:
    """Say how somebody acted, if this line of the log tells of it; empty for nobody."""
    if entry.kind == ACKNOWLEDGED:
        return "acknowledged"
    if entry.kind == history.POST_ADDED and entry.value("kind") == PostKind.AGENT:
        number = entry.value("n")
        return "answered" if number.isdecimal() and int(number) in answers else ""
    if entry.kind in _ASSIGNED:
        by_hand = "@" in entry.actor or entry.actor == "operator"
        return "assigned" if by_hand and entry.value("to") else ""
    if entry.kind == history.STATE_CHANGED and entry.value("to") in _ENDS:
        return entry.value("to")
    return ""
