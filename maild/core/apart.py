"""Which mails of a batch have nothing to do with each other, so that they can be handled at once.

Two mails touch when one may change what the other is decided by: they share a sender, an id
(their own or one that they answer), a ticket, or their content. A mail about a ticket may also
change what the ticket's customer may do. `anna+1@` and `anna+2@` are one sender: whoever proves
nothing is acknowledged once a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maild.core.address import without_detail
from maild.core.customermail import keys_of, sender
from maild.core.snapshot import Arrival, Snapshot, TicketView


def leading(arrivals: Sequence[Arrival], snapshots: Sequence[Snapshot]) -> int:
    """Return how many of the first mails touch no mail before them; at least one, if there is one.

    `snapshots` belong to `arrivals`, one each.
    """
    seen: set[tuple[str, str | int]] = set()
    for count, (arrival, snapshot) in enumerate(zip(arrivals, snapshots, strict=True)):
        marks = set(_marks(arrival, snapshot))
        if marks & seen:
            return count
        seen |= marks
    return len(arrivals)


def by_customer(views: Sequence[TicketView]) -> list[TicketView]:
    """Leave out a customer's second ticket: what is decided may ask about their others."""
    first = {view.ticket.customer.address.lower(): view for view in reversed(views)}
    return [view for view in views if first[view.ticket.customer.address.lower()] is view]


def _marks(arrival: Arrival, snapshot: Snapshot) -> Iterator[tuple[str, str | int]]:
    yield "sender", without_detail(sender(arrival.mail))
    yield "content", arrival.mail.content_hash
    for key in keys_of(arrival.mail):
        yield "id", key
    for asked in snapshot.questions:
        yield "question", asked.question.journal_id
    for survey in snapshot.surveys:
        yield "survey", survey.id
    for view in snapshot.tickets:
        yield "ticket", view.ticket.number
        yield "sender", without_detail(view.ticket.customer.address)
