"""An operator gives the tickets of an agent to somebody else: who leaves, or is away for long."""

from __future__ import annotations

from dataclasses import dataclass, replace

from maild.core import assign, assigning, reminders
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.reason import Reason, Why
from maild.core.rule import RuleEvent
from maild.core.scene import Situation
from maild.core.terms import LEAST_LOADED, Terms
from maild.core.ticket import Ticket
from maild.errors import NotAllowed

OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What an operator wishes."""

    of: str
    """Whose tickets; lower case, perhaps nobody of the house any more."""
    to: str = ""
    """Who gets all of them, although perhaps full; empty for whoever can take each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What became of one ticket."""

    ticket: int
    to: str
    """Empty for nobody: it waits in its queue."""
    queue: str
    why: str


def decide(situation: Situation, ticket: Ticket, wanted: Handover) -> Decision:
    """Give one ticket to somebody else, and tell them; where nobody can take it, to nobody."""
    choice = _choice(situation, ticket, wanted)
    after = replace(ticket, assignee=choice.address, queue=choice.queue)
    others = (("others", "; ".join(choice.passed)),) if choice.passed else ()
    because = ("because", f"handed over: {choice.why}")
    events = [
        EventDraft(
            kind=assigning.ASSIGNED,
            actor=OPERATOR,
            data=(("from", ticket.assignee), ("to", choice.address), because, *others),
        )
    ]
    if choice.queue != ticket.queue:
        moved = EventDraft(kind="queue.changed", actor=OPERATOR, data=(("to", choice.queue),))
        events.insert(0, moved)
    words = f"handed over to {choice.address or 'nobody'}, {choice.why}"
    decision = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.OPERATOR, detail=words),),
        before=ticket,
        after=after,
        events=tuple(events),
    )
    if not choice.address:
        return decision
    on = RuleEvent.TICKET_ASSIGNED
    return replace(
        decision, replies=(reminders.reminder(situation, decision, choice.address, on),)
    )


def told(decision: Decision) -> Handed:
    """Say what became of the ticket of a decision."""
    ticket = decision.after
    assert ticket is not None, "a handover is about a ticket"
    why = decision.reasons[0].detail.partition(", ")[2]
    return Handed(ticket=ticket.number, to=ticket.assignee, queue=ticket.queue, why=why)


def _choice(situation: Situation, ticket: Ticket, wanted: Handover) -> assign.Choice:
    crew = assigning.crew_of(situation)
    if not wanted.to:
        search = assign.Search(
            how=LEAST_LOADED,
            ticket=ticket,
            terms=Terms(sticky=True),
            last_agent=assigning.last_agent(situation, ticket),
            without=wanted.of,
        )
        return assign.choose(search, crew)
    agent = crew.house.agent_of(wanted.to)
    if agent is None:
        raise NotAllowed(f"{wanted.to} is no agent")
    if assign.is_away(agent.address, crew):
        raise NotAllowed(f"{agent.address} is away; nothing more was handed over")
    return assign.Choice(address=agent.address, queue=ticket.queue, why="by the operator")
