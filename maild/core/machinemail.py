"""A machine's mail: nobody's action, never answered; on its ticket, held, or ignored."""

from __future__ import annotations

from maild.core import answers
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.thread import Found
from maild.core.token import Purpose


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

    The agent who is responsible is told once; an unproven one changes nothing and is held.
    """
    proven = scene.snapshot.proofs.token(Purpose.RETURN)
    if proven is None or found is None or found.view.ticket.number != proven.ticket:
        words = "a bounce without our token changes nothing"
        return Decision(
            outcome=Outcome.HELD, reasons=(Reason(why=Why.BOUNCE_UNPROVEN, detail=words),)
        )
    ticket, report = found.view.ticket, scene.mail.bounce
    address = report.addresses[0] if report and report.addresses else ""
    kind = report.bounce_class.value if report else "unknown"
    reason = Reason(why=Why.BOUNCE_OF_OURS, detail=f"{kind} for {address or 'an address'}")
    agent = scene.house.agent_of(ticket.assignee)
    told = (answers.trouble(scene, ticket, agent, "undelivered", reason),) if agent else ()
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
        suspect=address,
    )
