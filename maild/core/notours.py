"""Mail to an agent's reply address by somebody who is no agent: held, and refused politely.

Who left the house, or was told of a ticket by a rule, keeps addresses made for them. Such a person
hears that nothing was done; anybody else who got hold of one hears nothing.
"""

from __future__ import annotations

from maild.core.address import valid
from maild.core.decision import Audience, Decision, Outcome, Reply, ReplyKind
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.ticket import Customer, Ticket
from maild.core.token import Token, made_for

TEMPLATE = "refused"


def decide(scene: Scene, token: Token, view: TicketView | None) -> Decision:
    """Hold a mail at an agent's token whose From is no agent of ours."""
    whose = f"#{view.ticket.number}" if view else "no ticket"
    words = f"an agent's token for {whose}, but From is no agent of ours"
    reason = Reason(why=Why.AGENT_UNPROVEN, detail=words)
    held = Decision(outcome=Outcome.HELD, reasons=(reason,))
    return _refused(scene, held) if _may_hear(scene, token) else held


def _may_hear(scene: Scene, token: Token) -> bool:
    """The token was made for this very address, a person wrote, and no proof is false."""
    identity, proofs = scene.mail.identity, scene.snapshot.proofs
    return (
        made_for(scene.world.keys, token, identity)
        and valid(identity)
        and not scene.is_ours(identity)
        and not proofs.domain_failed
        and not scene.is_automatic
        and not scene.mail.classification.must_not_answer
    )


def _refused(scene: Scene, held: Decision) -> Decision:
    """Write to the address, with nothing of the ticket's and nothing that the mail held."""
    identity, language = scene.mail.identity, scene.language(scene.mail.language)
    draft = Ticket(
        mailbox=scene.mailbox.name,
        language=language,
        customer=Customer(address=identity),
        created_at=scene.arrival.received_at,
    )
    told = Reply(
        kind=ReplyKind.TEMPLATE,
        audience=Audience.CUSTOMER,
        template=TEMPLATE,
        recipient=identity,
        mailbox=scene.mailbox.name,
        language=language,
        subject="",
        fixed=True,
        in_reply_to=scene.mail.parsed.message_id,
        key=scene.key(TEMPLATE, identity),
    )
    return Decision(outcome=held.outcome, reasons=held.reasons, before=draft, replies=(told,))
