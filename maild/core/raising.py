"""How rules escalate: tier and priority, words for the log, pages, and what readers are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from maild.core import calendar, deferred, escalated, facts
from maild.core.calendar import Calendar
from maild.core.decision import Decision, EventDraft, Reply
from maild.core.escalated import Escalation
from maild.core.house import House
from maild.core.rule import Action
from maild.core.scene import Occasion
from maild.core.ticket import Priority, Ticket
from maild.core.turn import Turn
from maild.core.webhook import Page

TEMPLATE = "escalation"
TIERS_MAX = 3
NOTED = "ticket.noted"
PAGED = "page.queued"
_ORDER = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)


def tier_of(value: str, ticket: Ticket) -> int:
    """Return the tier that `2`, `+1` or `-1` means for a ticket; it stays within the three."""
    if value[:1] not in ("+", "-"):
        return int(value)
    return min(max(ticket.tier + int(value), 1), TIERS_MAX)


def priority_of(value: str, ticket: Ticket) -> Priority:
    """Return the priority that `high`, `+1` or `-1` means; it stays within the four."""
    if value[:1] not in ("+", "-"):
        return Priority(value)
    place = _ORDER.index(ticket.priority) + int(value)
    return _ORDER[min(max(place, 0), len(_ORDER) - 1)]


def able(house: House, queue: str, tier: int) -> tuple[str, ...]:
    """Return the agents of a queue who work on a tier or above."""
    return tuple(a.address for a in house.agents if a.serves(queue) and a.tier >= tier)


def tier(turn: Turn, decision: Decision, action: Action) -> Decision:
    """Set the tier, and say why; an agent of a lower one lets go where others can take over.

    A ticket that opens has no tier to leave.
    """
    before, house = decision.after, turn.situation.house
    to = tier_of(action.value, before) if before else 0
    if before is None or before.tier == to:
        return decision
    after = replace(before, tier=to)
    events = [EventDraft(kind="tier.changed", actor=turn.actor, data=(("to", str(to)),))]
    if before.number:
        kind = escalated.ESCALATED if to > before.tier else escalated.RETURNED
        data = (("from", str(before.tier)), ("to", str(to)), ("why", turn.why))
        events.append(EventDraft(kind=kind, actor=turn.actor, data=data))
    holder = house.agent_of(before.assignee)
    if holder is not None and holder.tier < to and able(house, before.queue, to):
        after = replace(after, assignee="")
        events.append(EventDraft(kind="ticket.assigned", actor=turn.actor, data=(("to", ""),)))
    return replace(decision, after=after, events=(*decision.events, *events))


def note(turn: Turn, decision: Decision, action: Action) -> Decision:
    """Write words into the ticket's log."""
    if decision.after is None:
        return decision
    event = EventDraft(kind=NOTED, actor=turn.actor, data=(("text", action.value),))
    return replace(decision, events=(*decision.events, event))


def page(turn: Turn, decision: Decision, action: Action) -> Decision:
    """Call a webhook, once for one event; outside working hours it waits, unless it need not."""
    ticket, situation = decision.after, turn.situation
    key = situation.key("page", action.value)
    if ticket is None or any(known.key == key for known in decision.pages):
        return decision
    dues = situation.dues if isinstance(situation, Occasion) else ()
    hours = None if action.anytime or turn.rule.anytime else _hours(turn, ticket)
    opening = calendar.next_opening(hours, situation.now) if hours else situation.now
    wanted = Page(
        webhook=action.value,
        event=turn.happening.on.value,
        rule=turn.rule.name,
        step=turn.step,
        due=dues[0] if dues else None,
        not_before=opening if opening > situation.now else None,
        hours=hours,
        key=key,
    )
    events = [EventDraft(kind=PAGED, actor=turn.actor, data=(("to", action.value),))]
    if wanted.not_before is not None and (dues or turn.rule.steps):
        events.append(deferred.noted(key, action.value, wanted.not_before, dues))
    return replace(decision, pages=(*decision.pages, wanted), events=(*decision.events, *events))


def told(turn: Turn, decision: Decision, reply: Reply) -> Reply:
    """Let a mail about an event tell of the escalation, where there is one."""
    tiers = escalated.of_events(tuple((e.kind, e.actor, e.data) for e in decision.events))
    if not turn.rule.steps and not tiers.to_tier:
        return reply
    found = Escalation(
        by=tiers.by or turn.actor,
        why=tiers.why or turn.why,
        from_tier=tiers.from_tier,
        to_tier=tiers.to_tier,
        step=turn.step,
        steps=len(turn.rule.steps),
        next_at=_next(turn, decision.after),
    )
    return replace(reply, template=TEMPLATE, escalation=found)


def _hours(turn: Turn, ticket: Ticket) -> Calendar | None:
    """Return the working hours of a ticket's policy; None where they never begin."""
    hours = facts.hours_of(turn.situation.world.promises, ticket)
    return hours if hours.week_seconds else None


def _next(turn: Turn, ticket: Ticket | None) -> datetime | None:
    """Return when the step after this one comes, if nobody acts."""
    rule = turn.rule
    if ticket is None or turn.step >= len(rule.steps):
        return None
    began = turn.climb.began_at if turn.climb else turn.situation.now
    wait = rule.steps[turn.step].wait
    if rule.anytime:
        return began + wait
    hours = facts.hours_of(turn.situation.world.promises, ticket)
    return calendar.due_after(hours, began, wait)
