"""A machine's mail: nobody's action, never answered; on its ticket, held, or ignored."""

from __future__ import annotations

from dataclasses import replace

from maild.core import answers
from maild.core.decision import Decision, EventDraft, Outcome, Reply, Returned
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.thread import Found
from maild.core.ticket import Ticket
from maild.core.token import Purpose, Token, made_for


def own_loop(scene: Scene) -> Decision:
    """Ignore a mail of our own that came back to us."""
    message_id = scene.mail.parsed.message_id
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(Reason(why=Why.OWN_LOOP, detail=f"<{message_id}> is our own"),),
    )


def same_mail(scene: Scene) -> Decision:
    """Ignore a mail that is in the journal already."""
    same_as = scene.snapshot.same_as
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(Reason(why=Why.SAME_MAIL, detail=f"journal row {same_as} is the same mail"),),
        same_as=same_as,
    )


def bounce(scene: Scene, found: Found | None) -> Decision:
    """A bounce counts only when it carries the token of our return path; it never makes a ticket.

    The agent who is responsible is told once, unless it is their own address that failed: that
    news would fail the same way, for ever. An unproven bounce changes nothing and is held.
    """
    proven = scene.snapshot.proofs.token(Purpose.RETURN)
    if proven is None or found is None or found.pointed != proven.ticket:
        words = "a bounce without our token changes nothing"
        return Decision(
            outcome=Outcome.HELD, reasons=(Reason(why=Why.BOUNCE_UNPROVEN, detail=words),)
        )
    ticket, report = found.view.ticket, scene.mail.bounce
    address = _failed_address(scene, proven, ticket)
    kind = report.bounce_class.value if report else "unknown"
    reason = Reason(why=Why.BOUNCE_OF_OURS, detail=f"{kind} for {address or 'an address'}")
    agent = scene.house.agent_of(ticket.assignee)
    told: tuple[Reply, ...] = ()
    if agent is not None and agent != scene.house.agent_of(address):
        news = answers.trouble(scene, ticket, agent, "undelivered", reason)
        told = (replace(news, unreached=address),)
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(reason,),
        before=ticket,
        after=ticket,
        events=(
            EventDraft(
                kind="reply.bounced", actor="maild", data=(("address", address), ("class", kind))
            ),
        ),
        replies=told,
        returned=_returned(scene, address),
    )


def _returned(scene: Scene, address: str) -> Returned | None:
    report = scene.mail.bounce
    if not address or report is None:
        return None
    return Returned(
        address=address, bounce_class=report.bounce_class, message_id=report.message_id
    )


def _failed_address(scene: Scene, proven: Token, ticket: Ticket) -> str:
    """The address that the token was made for, among those that may be meant; else empty.

    A report may name another one: that which the mail was forwarded to, or anything at all.
    """
    named = scene.mail.bounce.addresses if scene.mail.bounce else ()
    people = (p.address for p in ticket.participants)
    agents = (a.address for a in scene.house.agents)
    every = (*named, ticket.customer.address, *people, *agents)
    return next((a for a in every if made_for(scene.world.keys, proven, a)), "")
