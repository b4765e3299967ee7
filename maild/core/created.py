"""The line with which the log of a ticket begins: where the ticket belongs at that instant.

Figures are computed from the log alone (`core/traits.py` reads it back), so that whatever a ticket
brings with it stands here; what happens to it later has lines of its own.
"""

from __future__ import annotations

from datetime import datetime

from maild.core.decision import EventDraft
from maild.core.history import TICKET_CREATED
from maild.core.ticket import Ticket


def created(
    ticket: Ticket, actor: str, *more: tuple[str, str], at: datetime | None = None
) -> EventDraft:
    """Return the line; `for` says whose ticket it is, where that is not who opened it.

    What most tickets have is left out: tier 1, no agent, no tags, no organisation.
    """
    customer = ticket.customer
    usual = [
        ("queue", ticket.queue),
        ("priority", ticket.priority.value),
        ("language", ticket.language),
        ("segment", customer.segment),
    ]
    rare = [
        ("organisation", customer.organisation),
        ("tier", str(ticket.tier) if ticket.tier != 1 else ""),
        ("assignee", ticket.assignee),
        ("tags", " ".join(ticket.tags)),
        ("for", customer.address if customer.address.lower() != actor.lower() else ""),
    ]
    told = (*usual, *((name, value) for name, value in rare if value))
    return EventDraft(kind=TICKET_CREATED, actor=actor, data=(*told, *more), at=at)
