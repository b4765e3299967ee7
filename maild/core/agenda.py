"""What is due on a ticket, and how the rows of its deadlines come to say so; pure.

| kind                 | cycle                      | due                                |
|----------------------|----------------------------|------------------------------------|
| a clock of `promise` | where its run began        | as `core/sla.py` computes it       |
| `CLOCK.warning`      | the same, and which one    | likewise                           |
| `callback`           | the log's line that set it | when it was promised               |
| `idle`, `aged`       | since when, and the rule   | so long after, as the rule says    |
| `escalation`         | the log's line, and step   | a step of a ladder (`core/ladder.py`)|

A row is known by ticket, kind and cycle, for ever: what has fired never fires again, however often
all is computed anew. `idle` counts from the last word of a person or change of state, `aged` from
the change to the state that the ticket is in. Nothing is due on a ticket that is closed, merged
or spam, on one that is solved only what grows old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from maild.core import facts, history, ladder, promise, sla, workdays
from maild.core.calendar import AROUND_THE_CLOCK, Calendar
from maild.core.history import Entry, Period
from maild.core.promise import Clock, Policy, Promise
from maild.core.rule import After, Context, Rule, RuleEvent
from maild.core.ticket import PostKind, State, Ticket

CALLBACK_SET = "callback.set"
CALLBACK_CLEARED = "callback.cleared"
_TIMELESS = frozenset({"ticket", "customer", "organisation"})
"""A condition about these is asked when a row is written, too: what cannot hold gets none."""
_PROMISED = frozenset({RuleEvent.DEADLINE_WARNED, RuleEvent.DEADLINE_MISSED})


class Kind(StrEnum):
    """What may be due; warnings of a clock have `.warning` behind its name."""

    FIRST_RESPONSE = Clock.FIRST_RESPONSE.value
    NEXT_RESPONSE = Clock.NEXT_RESPONSE.value
    RESOLUTION = Clock.RESOLUTION.value
    CALLBACK = "callback"
    IDLE = "idle"
    AGED = "aged"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that is due."""

    kind: str
    cycle: str
    due_at: datetime
    policy: str = ""
    """The policy, or the rule, that says so."""
    version: str = ""
    """Changes with what the policy says."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by, on its ticket."""
        return (self.kind, self.cycle)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A deadline as it is written."""

    id: int
    item: Item
    is_fired: bool = False
    is_cancelled: bool = False
    priority: str = ""
    """Of the ticket, when the row was written."""

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to fire."""
        return not self.is_fired and not self.is_cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """How one row fired."""

    row: Row
    is_late: bool
    is_merged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that says what is due: policies, rules that wait for a time, and ladders of rules."""

    promises: tuple[Promise, ...] = ()
    timed: tuple[Rule, ...] = ()
    ladders: tuple[Rule, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is due on any ticket, but for what agents promised."""
        return not self.promises and not self.timed and not self.ladders


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be written so that the rows say what is due."""

    new: tuple[Item, ...] = ()
    moved: tuple[tuple[Row, Item], ...] = ()
    """Other times, or a cancelled row that waits again."""
    cancelled: tuple[Row, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether the rows say it already."""
        return not (self.new or self.moved or self.cancelled)


def plan(promises: Sequence[Promise], rules: Sequence[Rule]) -> Plan:
    """Pick what says when something is due; a ladder that nothing can begin is left out."""
    return Plan(
        promises=tuple(promises),
        timed=tuple(r for r in rules if r.after and r.on is not RuleEvent.SURVEY_DUE),
        ladders=tuple(r for r in rules if r.steps and (promises or r.on not in _PROMISED)),
    )


def version_of(promised: Promise) -> str:
    """Return a short text that changes with a policy or its calendar."""
    return _version(promised.policy, promised.calendar)


def version(whole: Plan) -> str:
    """Return a short text that changes when anything may be due at another time than before."""
    policies = [version_of(promised) for promised in whole.promises]
    rules = [(rule.name, rule.on.value, rule.after, rule.when) for rule in whole.timed]
    ladders = [(rule.name, ladder.version(rule)) for rule in whole.ladders]
    return _digest(policies, rules, ladders)


def due(ticket: Ticket, log: Iterable[Entry], whole: Plan, now: datetime) -> tuple[Item, ...]:
    """Return all that waits for its time on a ticket, or is overdue and was not answered.

    `log` is in any order. The same log gives the same at any later time, but for what has come
    due meanwhile.
    """
    entries = history.ordered(log)
    stood = history.periods(entries, now)
    if not stood or stood[-1].state in (*sla.GONE, State.CLOSED):
        return ()
    known = facts.for_promises(ticket)
    promised = promise.choose(whole.promises, known)
    hours = promised.calendar if promised else AROUND_THE_CLOCK
    items = [*_timed(known, entries, whole.timed, hours, stood[-1])]
    if stood[-1].state not in sla.ENDED:
        items += _steps(entries, whole.ladders, hours)
        items += _promised(entries, promised, now)
        items += _callbacks(entries)
    return tuple(items)


def changes(rows: Iterable[Row], items: Iterable[Item], priority: str) -> Changes:
    """Return what must be written; what has fired stays as it is."""
    known = {row.item.key: row for row in rows}
    wanted = {item.key: item for item in items}
    return Changes(
        new=tuple(item for key, item in wanted.items() if key not in known),
        moved=tuple(
            (known[key], item)
            for key, item in wanted.items()
            if key in known and not known[key].is_fired and _differs(known[key], item, priority)
        ),
        cancelled=tuple(row for key, row in known.items() if row.is_waiting and key not in wanted),
    )


def _differs(row: Row, item: Item, priority: str) -> bool:
    return row.is_cancelled or row.item != item or row.priority != priority


def _promised(entries: Sequence[Entry], promised: Promise | None, now: datetime) -> Iterator[Item]:
    """Give what `core/sla.py` says, but for what was reached or stands still."""
    if promised is None:
        return
    version = _version(promised.policy, promised.calendar)
    nth: dict[tuple[str, datetime], int] = {}
    for found in sla.waiting(entries, promised.policy, promised.calendar, now):
        run = found.started_at.astimezone(UTC).isoformat()
        place = nth[found.kind, found.started_at] = nth.get((found.kind, found.started_at), 0) + 1
        if found.reached_at is None and found.due_at is not None:
            yield Item(
                kind=found.kind,
                cycle=f"{run}/{place}",
                due_at=found.due_at,
                policy=promised.policy.name,
                version=version,
            )


def _callbacks(entries: Sequence[Entry]) -> Iterator[Item]:
    """Give the call that was promised last, unless it was taken back or the ticket ended since."""
    last: Entry | None = None
    for entry in entries:
        if entry.kind == CALLBACK_SET:
            last = entry
        elif entry.kind == CALLBACK_CLEARED or _is_end(entry):
            last = None
    until = _instant(last.value("until")) if last else None
    if last is not None and until is not None:
        yield Item(kind=Kind.CALLBACK, cycle=str(last.id), due_at=until)


def _steps(entries: Sequence[Entry], rules: Sequence[Rule], hours: Calendar) -> Iterator[Item]:
    """Give the steps of the ladders that run."""
    for rung in ladder.rungs(entries, rules, hours):
        yield Item(
            kind=Kind.ESCALATION,
            cycle=rung.cycle,
            due_at=rung.due_at,
            policy=rung.rule,
            version=rung.version,
        )


def _is_end(entry: Entry) -> bool:
    ends = (*sla.ENDED, *sla.GONE)
    return entry.kind == history.STATE_CHANGED and entry.value("to") in ends


def _instant(text: str) -> datetime | None:
    """Read RFC 3339; None for what is none, or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _timed(
    known: Context,
    entries: Sequence[Entry],
    rules: Sequence[Rule],
    hours: Calendar,
    stood: Period,
) -> Iterator[Item]:
    """Give the times of the rules that wait for one and may fire then."""
    last_word: datetime | None = None
    for rule in rules:
        assert rule.after is not None, "a timed rule says after how long"
        if rule.tables <= _TIMELESS and not rule.verdict(known).holds:
            continue
        is_idle = rule.on is RuleEvent.TICKET_IDLE
        if is_idle and stood.state in sla.ENDED:
            continue
        if is_idle:
            last_word = last_word or _last_word(entries)
        since = max(stood.start, last_word) if is_idle and last_word else stood.start
        yield Item(
            kind=Kind.IDLE if is_idle else Kind.AGED,
            cycle=f"{since.astimezone(UTC).isoformat()}/{rule.name}",
            due_at=workdays.after(hours, since, rule.after),
            policy=rule.name,
            version=_version_after(rule.after),
        )


def _last_word(entries: Sequence[Entry]) -> datetime:
    """Return when a person wrote last, notes included."""
    persons = (PostKind.CUSTOMER, PostKind.AGENT, PostKind.NOTE)
    written = (
        entry.at
        for entry in entries
        if entry.kind == history.POST_ADDED and entry.value("kind") in persons
    )
    return max(written, default=entries[0].at)


@lru_cache(maxsize=256)
def _version(policy: Policy, hours: Calendar) -> str:
    content = (hours.name, hours.zone, hours.hours, hours.holidays, hours.closed, hours.open)
    return _digest(policy, content)


@lru_cache(maxsize=256)
def _version_after(after: After) -> str:
    return _digest(after)


def _digest(*values: object) -> str:
    """Return a short hash of values whose text shows all of them."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
