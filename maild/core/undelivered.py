"""A mail of ours did not get through, or is late: what follows on its ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maild.core.decision import Audience, Decision, EventDraft, Outcome, Reply, ReplyKind
from maild.core.house import House
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.snapshot import World
from maild.core.ticket import PostKind, State, Ticket
from maild.core.webhook import RECIPIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What happened to one mail of ours."""

    outbox_id: int
    kind: ReplyKind
    recipient: str
    answer: str
    """The relay's words."""
    is_final: bool
    """False: it is only late and is tried again."""
    at: datetime
    post_n: int = 0
    """Number of the post that it carried; 0 for none."""


def decide(failure: Failure, ticket: Ticket, world: World) -> Decision:
    """Say it on the ticket, and tell an agent when a customer did not get an agent's words.

    A mail to an agent that fails is told to nobody by mail: that would fail the same way. Of a
    page that nobody took the lead of the queue hears, else those who have the ticket.
    """
    what = "page" if failure.kind is ReplyKind.PAGE else "reply"
    kind = f"{what}.failed" if failure.is_final else f"{what}.delayed"
    number = (("n", str(failure.post_n)),) if failure.post_n else ()
    data = (("to", failure.recipient), ("answer", failure.answer[:500]), *number)
    reason = Reason(why=Why.UNDELIVERED, detail=f"{failure.recipient}: {failure.answer[:200]}")
    is_lost = failure.is_final and failure.kind is ReplyKind.REPLY
    is_theirs = failure.recipient.lower() == ticket.customer.address.lower()
    after, moves = unanswered(ticket) if is_lost and is_theirs else (ticket, ())
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(reason,),
        before=ticket,
        after=after,
        events=(EventDraft(kind=kind, actor="maild", data=data), *moves),
        replies=_told(failure, ticket, world, reason),
    )


def unwritable(
    reply: Reply, decision: Decision, ticket: Ticket, world: World, why: str
) -> tuple[Reply, ...]:
    """Tell the author of a reply, else those who have the ticket, that it cannot be written.

    `why` says it for people. Of other mails than an agent's words nobody is told by mail.
    """
    if reply.kind is not ReplyKind.REPLY:
        return ()
    written = (p for p in decision.posts if p.kind is PostKind.AGENT and p.n == reply.post_n)
    author = next((post.author for post in written), "")
    return tuple(
        Reply(
            kind=ReplyKind.TROUBLE,
            audience=Audience.AGENT,
            template="undelivered",
            recipient=address,
            mailbox=reply.mailbox,
            language=language_of(world, address, ticket),
            subject=reply.subject,
            text=reply.text,
            post_kind=PostKind.AGENT,
            reason=Why.UNDELIVERED.value,
            detail=why,
            unreached=reply.recipient,
            key=f"{reply.key}/refused/{address}",
        )
        for address in ((author,) if author else responsible(ticket, world.house))
    )


def unanswered(ticket: Ticket) -> tuple[Ticket, tuple[EventDraft, ...]]:
    """Return a ticket whose customer did not get an agent's answer: it waits for us, not for them.

    What was solved or put on hold stays so: that a person said in so many words.
    """
    if ticket.state is not State.PENDING:
        return ticket, ()
    data = (("from", ticket.state.value), ("to", State.OPEN.value))
    opened = replace(ticket, state=State.OPEN, pending_until=None)
    return opened, (EventDraft(kind="state.changed", actor="maild", data=data),)


def lead(ticket: Ticket, house: House) -> tuple[str, ...]:
    """Return who leads the queue of a ticket: one address or none."""
    return tuple(queue.lead for queue in house.queues if queue.name == ticket.queue and queue.lead)


def responsible(ticket: Ticket, house: House) -> tuple[str, ...]:
    """Return who is told about a ticket: its assignee, else everybody who serves its queue."""
    if house.agent_of(ticket.assignee) is not None:
        return (ticket.assignee,)
    return tuple(agent.address for agent in house.agents if agent.serves(ticket.queue))


def language_of(world: World, address: str, ticket: Ticket) -> str:
    """Return the language in which an agent is written to about a ticket."""
    agent = world.house.agent_of(address)
    wished = (*(agent.languages if agent else ()), world.house.mailbox(ticket.mailbox).language)
    return next((code for code in wished if code in world.languages), "en")


def _told(failure: Failure, ticket: Ticket, world: World, reason: Reason) -> tuple[Reply, ...]:
    is_page = failure.kind is ReplyKind.PAGE
    if failure.kind is not ReplyKind.REPLY and not is_page:
        return ()
    template = "undelivered" if failure.is_final else "delayed"
    readers = responsible(ticket, world.house)
    if is_page:
        template, readers = "unpaged", lead(ticket, world.house) or readers
    return tuple(
        Reply(
            kind=ReplyKind.TROUBLE,
            audience=Audience.AGENT,
            template=template,
            recipient=address,
            mailbox=ticket.mailbox,
            language=language_of(world, address, ticket),
            subject=ticket.subject,
            post_kind=None if is_page else PostKind.AGENT,
            reason="late" if is_page and not failure.is_final else reason.why.value,
            detail=failure.answer,
            unreached=failure.recipient.removeprefix(RECIPIENT),
            key=f"outbox-{failure.outbox_id}/{'failed' if failure.is_final else 'late'}/{address}",
        )
        for address in readers
    )
