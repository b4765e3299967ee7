"""A rule gives a ticket to an agent: the choice is made, carried out, and explained in the log."""

from __future__ import annotations

from dataclasses import replace

from maild.core import assign, dossier
from maild.core.decision import Decision, EventDraft
from maild.core.reason import Reason, Why
from maild.core.scene import Situation
from maild.core.terms import Terms
from maild.core.ticket import Ticket

ASSIGNED = "ticket.assigned"
FAILED = "assignment.failed"


def crew_of(situation: Situation) -> assign.Crew:
    """Return who works here, as it was looked up."""
    return assign.Crew(
        house=situation.house,
        calendars=situation.world.calendars,
        loads=situation.snapshot.loads,
        now=situation.now,
    )


def assigned(
    situation: Situation, decision: Decision, how: str, terms: Terms, rule: str
) -> Decision:
    """Give the ticket of a decision to an agent; where nobody can take it, it stays as it is."""
    ticket = decision.after
    if ticket is None:
        return decision
    search = assign.Search(
        how=how, ticket=ticket, terms=terms, last_agent=last_agent(situation, ticket)
    )
    return carried_out(decision, assign.choose(search, crew_of(situation)), rule)


def last_agent(situation: Situation, ticket: Ticket) -> str:
    """Return who had the customer's last other ticket, by the registered address."""
    known = dossier.find(situation.snapshot.dossiers, ticket.customer.address)
    agent = situation.house.agent_of(known.last_agent(ticket.number))
    return agent.address if agent else ""


def carried_out(decision: Decision, choice: assign.Choice, rule: str) -> Decision:
    """Change the ticket as was chosen, and say in its log why, and why nobody else."""
    ticket = decision.after
    assert ticket is not None, "only a ticket is given to somebody"
    others = "; ".join(choice.passed)
    words = f"{rule}: assigned to {choice.address or 'nobody'}, {choice.why}"
    reason = Reason(why=Why.RULE, detail=f"{words} ({others})" if others else words)
    after = replace(ticket, queue=choice.queue)
    if choice.address:
        after = replace(after, assignee=choice.address)
    told = (("because", choice.why), *((("others", others),) if others else ()))
    events = tuple(
        EventDraft(kind=kind, actor=f"rule:{rule}", data=(*to, *told))
        for kind, to in _changes(ticket, after, choice)
    )
    return replace(
        decision,
        after=after,
        reasons=(*decision.reasons, reason),
        events=(*decision.events, *events),
    )


def _changes(
    before: Ticket, after: Ticket, choice: assign.Choice
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    if not choice.address:
        return ((FAILED, ()),)
    moved = ("queue.changed", (("to", after.queue),))
    taken = (ASSIGNED, (("to", after.assignee),))
    return (
        *((moved,) if after.queue != before.queue else ()),
        *((taken,) if after.assignee != before.assignee else ()),
    )
