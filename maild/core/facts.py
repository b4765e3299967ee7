"""What a condition sees of a ticket and its customer: the tables of `core.rule.FIELDS`."""

from __future__ import annotations

from collections.abc import Mapping

from maild.core.rule import Context, Value
from maild.core.ticket import Customer, Ticket


def of_ticket(ticket: Ticket | None) -> Mapping[str, Value]:
    """Return the table `ticket`; everything is empty when there is none yet."""
    return {
        "number": ticket.number if ticket else 0,
        "subject": ticket.subject if ticket else "",
        "state": ticket.state.value if ticket else "",
        "queue": ticket.queue if ticket else "",
        "priority": ticket.priority.value if ticket else "",
        "tier": ticket.tier if ticket else 0,
        "assignee": ticket.assignee if ticket else "",
        "tags": list(ticket.tags) if ticket else [],
        "language": ticket.language if ticket else "",
        "is_new": ticket is not None and ticket.number == 0,
    }


def of_customer(customer: Customer) -> Mapping[str, Value]:
    """Return the table `customer`, but for what only a mail can prove."""
    return {
        "address": customer.address,
        "name": customer.name,
        "domain": customer.address.rpartition("@")[2],
        "segment": customer.segment,
        "organisation": customer.organisation,
    }


def for_promises(ticket: Ticket) -> Context:
    """Return what the `match` of a policy may ask about."""
    return {"ticket": of_ticket(ticket), "customer": of_customer(ticket.customer)}
