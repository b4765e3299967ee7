"""What an operator changes at the command line: the same decision, the same log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.house import House
from maild.core.reason import Reason, Why
from maild.core.ticket import Priority, State, Ticket
from maild.errors import NotAllowed

KEYS = ("state", "queue", "priority", "tier", "assignee", "tag", "subject", "language")
TIERS = ("1", "2", "3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One `key=value`."""

    key: str
    value: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Read `key=value`; NotAllowed names the keys that there are."""
        key, equals, value = text.partition("=")
        if not equals or key not in KEYS:
            raise NotAllowed(f"{text!r} is not key=value with a key of: {', '.join(KEYS)}")
        return cls(key=key, value=value)


def refuse(changes: tuple[Change, ...], house: House) -> None:
    """Raise NotAllowed for the first value that could stand on no ticket of the house."""
    for change in changes:
        _fitting(change, house)


def decide(ticket: Ticket, changes: tuple[Change, ...], house: House, now: datetime) -> Decision:
    """Apply an operator's changes to a ticket; NotAllowed when a value cannot stand."""
    after = ticket
    for change in changes:
        after = _changed(after, change, house, now)
    events = tuple(
        EventDraft(kind=f"{change.key}.changed", actor="operator", data=(("to", change.value),))
        for change in changes
    )
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.OPERATOR, detail=", ".join(c.key for c in changes)),),
        before=ticket,
        after=after,
        events=events,
    )


def _changed(ticket: Ticket, change: Change, house: House, now: datetime) -> Ticket:
    value = _fitting(change, house)
    if isinstance(value, State):
        return _moved(ticket, value, now)
    if change.key == "tag":
        return ticket.with_tag(change.value)
    return replace(ticket, **{change.key: value})  # type: ignore[arg-type]


def _fitting(change: Change, house: House) -> str | int:
    """The value as a ticket holds it."""
    key, value = change.key, change.value
    if key == "state":
        return State(_one_of(value, tuple(State)))
    if key == "priority":
        return Priority(_one_of(value, tuple(Priority)))
    if key == "tier":
        return int(_one_of(value, TIERS))
    if key == "assignee":
        return _agent(value, house)
    if key == "queue" and house.queues:
        return _one_of(value, tuple(queue.name for queue in house.queues))
    return value


def _agent(value: str, house: House) -> str:
    agent = house.agent_of(value)
    if value and agent is None:
        raise NotAllowed(f"{value} is no agent")
    return agent.address if agent else ""


def _moved(ticket: Ticket, state: State, now: datetime) -> Ticket:
    ended = state in (State.SOLVED, State.CLOSED)
    return replace(
        ticket,
        state=state,
        solved_at=(ticket.solved_at or now) if ended else None,
        closed_at=now if state == State.CLOSED else None,
    )


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise NotAllowed(f"{value!r} is none of: {', '.join(known)}")
    return value
