"""A rule opens a ticket where there is none: what a customer answered about us needs an answer."""

from __future__ import annotations

from maild.core.created import created
from maild.core.decision import Decision, EventDraft
from maild.core.quick import replace
from maild.core.rule import Action
from maild.core.ticket import Participant, Ticket
from maild.core.turn import Turn


def opened(turn: Turn, decision: Decision, action: Action) -> Decision:
    """Open a ticket for who voted, with what they said; nothing where there is a ticket.

    Nothing is sent to the customer because of it: an agent writes, or nobody.
    """
    vote, situation = turn.happening.vote, turn.situation
    if decision.after is not None or vote is None or not decision.posts:
        return decision
    customer, post = situation.snapshot.customer, decision.posts[0]
    box = situation.mailbox
    ticket = Ticket(
        subject=f"{vote.kind.value.upper()} {vote.score}/{vote.kind.most}",
        queue=box.queue if action.value == "true" else action.value,
        language=post.language or situation.language(customer.language),
        mailbox=box.name,
        customer=customer,
        participants=(Participant(address=customer.address, name=customer.name),),
        created_at=post.at,
    )
    added = (("kind", post.kind.value), ("n", str(post.n)))
    events = (
        created(ticket, turn.actor, at=post.at),
        EventDraft(kind="post.added", actor=post.author, data=added, at=post.at),
    )
    return replace(decision, after=ticket, events=(*events, *decision.events))
