"""Addresses that gave our mail back: what is no longer written to them, and how that ends.

Three permanent bounces, each of another mail of ours, suspend an address. It is written to again
when its very owner writes to us with some proof, or when an operator releases it.
"""

from __future__ import annotations

from dataclasses import dataclass

from maild.core.decision import Audience, Decision, EventDraft, Outcome, Reply, ReplyKind
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.snapshot import World
from maild.core.ticket import PostKind, Ticket
from maild.core.token import Purpose, made_for
from maild.core.trust import Level
from maild.core.undelivered import language_of, responsible, unanswered

HARD_BOUNCES_MAX = 3
"""So many permanent bounces suspend an address."""
_PERSONS = (PostKind.CUSTOMER, PostKind.AGENT, PostKind.NOTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An address, lower case, that gave mail of ours back."""

    address: str
    is_suspended: bool


def writer(scene: Scene, decision: Decision) -> str:
    """Return the address whose owner wrote this mail beyond doubt, else an empty string.

    A token of somebody else proves where a mail belongs, and not who wrote it. Of an agent it is
    the registered address.
    """
    kinds = [post.kind for post in decision.posts]
    if decision.outcome is not Outcome.POSTED or not kinds or kinds[0] not in _PERSONS:
        return ""
    identity, proofs = scene.mail.identity, scene.snapshot.proofs
    agent = scene.house.agent_of(identity) if identity else None
    address = agent.address if agent else identity
    personal = (token for token in proofs.tokens if token.purpose is not Purpose.RETURN)
    is_own = any(made_for(scene.world.keys, token, address) for token in personal)
    if not address or decision.trust == Level.FAILED.label:
        return ""
    return address if proofs.domain or is_own else ""


def reachable(decision: Decision, marked: tuple[Marked, ...], world: World) -> Decision:
    """Take away the mails to suspended addresses, and say so on the ticket.

    `marked` is what is known of the recipients and of the writer. The agent whose own words do
    not go out is told by mail; other lost mails are only on record.
    """
    known = {one.address: one.is_suspended for one in marked}
    alive = decision.alive if decision.alive in known else ""
    if alive != decision.alive:
        decision = replace(decision, alive=alive)
    if known.get(alive):
        lifted = EventDraft(
            kind="address.released", actor=alive, data=(("address", alive), ("why", "it wrote"))
        )
        decision = replace(decision, events=(*decision.events, lifted))
    gone = {address for address, suspended in known.items() if suspended and address != alive}
    lost = [reply for reply in decision.replies if reply.recipient.lower() in gone]
    ticket = decision.after or decision.before
    if not lost or ticket is None:
        return decision
    customer = ticket.customer.address
    is_unanswered = any(
        reply.kind is ReplyKind.REPLY and reply.recipient.lower() == customer.lower()
        for reply in lost
    )
    after, moves = unanswered(ticket) if is_unanswered else (decision.after, ())
    kept = [
        replace(reply, unreached=customer)
        if reply.kind is ReplyKind.NOTIFICATION and customer.lower() in gone
        else reply
        for reply in decision.replies
        if reply.recipient.lower() not in gone
    ]
    told = [
        news
        for reply in lost
        if reply.kind is ReplyKind.REPLY
        for news in _told(reply, decision, ticket, world)
        if news.recipient not in gone
    ]
    return replace(
        decision,
        after=after,
        replies=(*kept, *told),
        reasons=(*decision.reasons, *(_reason(reply) for reply in lost)),
        events=(*decision.events, *(_suspended(reply) for reply in lost), *moves),
    )


def _reason(reply: Reply) -> Reason:
    words = f"{reply.recipient} gave our mail back {HARD_BOUNCES_MAX} times"
    return Reason(why=Why.SUSPENDED, detail=words)


def _suspended(reply: Reply) -> EventDraft:
    number = (("n", str(reply.post_n)),) if reply.post_n else ()
    data = (("to", reply.recipient), ("kind", reply.kind.value), *number)
    return EventDraft(kind="reply.suspended", actor="maild", data=data)


def _told(reply: Reply, decision: Decision, ticket: Ticket, world: World) -> list[Reply]:
    """Tell the agent who wrote the reply, else those who have the ticket."""
    written = (p for p in decision.posts if p.kind is PostKind.AGENT and p.n == reply.post_n)
    author = next((post.author for post in written), "")
    return [
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
            reason=Why.SUSPENDED.value,
            unreached=reply.recipient,
            key=f"{reply.key}/suspended/{address}",
        )
        for address in ((author,) if author else responsible(ticket, world.house))
    ]
