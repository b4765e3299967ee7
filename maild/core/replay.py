"""Yesterday's mail under today's rules: what would come out differently; pure.

A mail is decided once more, as far as the log can tell in the world as it was when it came in:
tickets that did not exist yet are left out, the others have the state, place and people's words of
that moment. Who works here, who is a customer of whom, and what agents have in hand is taken as
it is today; so an agent who was found by load is not compared, only that one was looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.core import history
from maild.core.chronicle import WITHHELD
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.history import Entry
from maild.core.rule import Rule, Verb
from maild.core.snapshot import Snapshot, TicketView
from maild.core.ticket import State, Ticket

_PLACES = {
    "queue.changed": "queue",
    "tier.changed": "tier",
    "ticket.assigned": "assignee",
    "assignee.changed": "assignee",
}
_TAGS = ("tag.added", "tag.removed", "tag.changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What became of a mail when it came in."""

    journal_id: int
    received_at: datetime
    outcome: str
    reason: str = ""
    rules: tuple[str, ...] = ()
    ticket: int = 0
    is_new: bool = False
    """It opened that ticket."""
    events: tuple[EventDraft, ...] = ()
    """What the log says was done because of it."""
    mails: tuple[tuple[str, str], ...] = ()
    """What was written because of it: kind and recipient."""
    was_acknowledged: bool = False
    """The sender had got an acknowledgement within a day before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that was done and would not be done today, or the other way round."""

    was: str
    """Empty where it was not done."""
    now: str
    """Empty where it would not be done."""


def as_then(snapshot: Snapshot, past: Past, logs: Mapping[int, Sequence[Entry]]) -> Snapshot:
    """Return what was known when a mail came in, from what is known now and the tickets' logs."""
    views = (
        _view(view, history.ordered(logs.get(view.ticket.number, ())), past.received_at)
        for view in snapshot.tickets
        if view.ticket.created_at < past.received_at
    )
    return replace(
        snapshot,
        now=past.received_at,
        same_as=snapshot.same_as if snapshot.same_as < past.journal_id else 0,
        same_id_other_content=False,
        waits_for=0,
        tickets=tuple(views),
        acknowledged_today=past.was_acknowledged,
    )


def differences(past: Past, decision: Decision, rules: Sequence[Rule]) -> tuple[Difference, ...]:
    """Compare what was done with what would be done: rules, outcome, ticket, changes, mails."""
    found = [_outcome(past, decision), _ticket(past, decision)]
    free = _assigning_freely(rules)
    then = (_changed(event, free) for event in past.events)
    now = (_changed(event, free) for event in decision.events)
    found += _sets("rule ", past.rules, decision.rules)
    found += _sets("", filter(None, then), filter(None, now))
    if not free & {*past.rules, *decision.rules}:
        mails = (f"{kind} to {address}" for kind, address in past.mails)
        over = {_withheld(event) for event in past.events}
        written = (_mail(reply.key) for reply in decision.replies)
        written = (one for one in written if one not in over)
        found += _sets("mail: ", mails, (f"{kind} to {address}" for kind, address in written))
    return tuple(one for one in found if one is not None)


def _view(view: TicketView, log: Sequence[Entry], at: datetime) -> TicketView:
    before = [entry for entry in log if entry.at < at]
    if not before:
        return view
    return replace(
        view,
        ticket=_ticket_then(view.ticket, before, at),
        post_count=sum(entry.kind == history.POST_ADDED for entry in before),
        recent=tuple(post for post in view.recent if post.at < at),
    )


def _ticket_then(ticket: Ticket, log: Sequence[Entry], at: datetime) -> Ticket:
    periods = history.periods(log, at)
    state = periods[-1].state if periods else ticket.state
    since = periods[-1].start if periods else None
    values: dict[str, object] = {"tier": 1, "assignee": ""}
    tags: set[str] = set()
    for entry in log:
        if entry.kind == history.TICKET_CREATED and entry.value("queue"):
            values["queue"] = entry.value("queue")
        elif entry.kind in _PLACES:
            values[_PLACES[entry.kind]] = entry.value("to")
        elif entry.kind in _TAGS:
            tags = (
                tags - {entry.value("to")}
                if "removed" in entry.kind
                else tags | {entry.value("to")}
            )
    values["tier"] = int(str(values["tier"] or 1))
    return replace(
        ticket,
        state=state,
        priority=history.priority_at(log, at),
        tags=tuple(sorted(tags)),
        solved_at=since if state in (State.SOLVED, State.CLOSED) else None,
        closed_at=since if state is State.CLOSED else None,
        **values,  # type: ignore[arg-type]
    )


def _outcome(past: Past, decision: Decision) -> Difference | None:
    if past.outcome == decision.outcome:
        return None
    why = "; ".join(str(reason) for reason in decision.reasons)
    return Difference(was=f"{past.outcome}: {past.reason}", now=f"{decision.outcome}: {why}")


def _ticket(past: Past, decision: Decision) -> Difference | None:
    """Compare which ticket it is on; a new one has no number yet."""
    if past.outcome != Outcome.POSTED or decision.outcome is not Outcome.POSTED:
        return None
    number = decision.after.number if decision.after else past.ticket
    was = "a new ticket" if past.is_new else f"on ticket {past.ticket}"
    now = f"on ticket {number}" if number else "a new ticket"
    return None if was == now else Difference(was=was, now=now)


def _assigning_freely(rules: Sequence[Rule]) -> frozenset[str]:
    """The rules that look for an agent: whom they find depends on the day."""
    return frozenset(
        rule.name
        for rule in rules
        for action in rule.actions
        if action.verb is Verb.ASSIGN and "@" not in action.value
    )


def _changed(event: EventDraft, free: frozenset[str]) -> str:
    """Say what a rule changed; empty for what others did."""
    by, _, rule = event.actor.partition(":")
    if by != "rule":
        return ""
    value = "" if rule in free and event.kind in _PLACES else dict(event.data).get("to", "")
    return f"{event.kind} {value}".strip() + f" (rule {rule})"


def _mail(key: str) -> tuple[str, str]:
    """Return kind and recipient, as the key of a mail of ours has them."""
    _, kind, address = (*key.split("/", 2), "", "")[:3]
    return kind, address


def _withheld(event: EventDraft) -> tuple[str, str]:
    """Return kind and recipient of a mail that was over budget: budgets are not asked again."""
    data = dict(event.data) if event.kind == WITHHELD else {}
    return data.get("kind", ""), data.get("to", "").lower()


def _sets(what: str, then: Iterable[str], now: Iterable[str]) -> list[Difference | None]:
    """Return what is only in one of them, in the order in which it was done."""
    was, is_now = list(dict.fromkeys(then)), list(dict.fromkeys(now))
    gone: list[Difference | None] = [
        Difference(was=f"{what}{one}", now="") for one in was if one not in is_now
    ]
    return [*gone, *(Difference(was="", now=f"{what}{one}") for one in is_now if one not in was)]
