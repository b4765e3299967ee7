"""A rule says who a customer is: the segment, or the organisation, kept from now on."""

from __future__ import annotations

from dataclasses import replace

from maild.core import clientele
from maild.core.decision import Decision, EventDraft, Placed
from maild.core.reason import Reason, Why
from maild.core.scene import Situation


def segment(decision: Decision, value: str, rule: str) -> Decision:
    """Put the customer of a ticket into a segment, unless a person or an import said another."""
    ticket = decision.after
    if ticket is None or ticket.customer.segment == value:
        return decision
    said_by = ticket.customer.segment_from
    if said_by in clientele.LASTING:
        words = f"{rule}: the segment stays {ticket.customer.segment}, from {said_by}"
        return replace(decision, reasons=(*decision.reasons, Reason(why=Why.RULE, detail=words)))
    customer = replace(ticket.customer, segment=value, segment_from=f"rule:{rule}")
    placed = Placed(address=customer.address, segment=value, by=f"rule:{rule}")
    event = EventDraft(kind="segment.changed", actor=f"rule:{rule}", data=(("to", value),))
    return replace(
        decision,
        after=replace(ticket, customer=customer),
        placed=(*decision.placed, placed),
        events=(*decision.events, event),
    )


def organisation(situation: Situation, decision: Decision, value: str, rule: str) -> Decision:
    """Say which organisation the customer of a ticket is of, where none is known."""
    ticket = decision.after
    if ticket is None or ticket.customer.organisation:
        return decision
    known = ticket.customer.segment if ticket.customer.segment_from else ""
    bare = replace(ticket.customer, organisation=value, segment=known)
    customer = clientele.placed(bare, situation.house)
    placed = Placed(address=customer.address, organisation=customer.organisation)
    data = (("to", customer.organisation),)
    event = EventDraft(kind="organisation.changed", actor=f"rule:{rule}", data=data)
    return replace(
        decision,
        after=replace(ticket, customer=customer),
        placed=(*decision.placed, placed),
        events=(*decision.events, event),
    )
