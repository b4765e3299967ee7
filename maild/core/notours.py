"""Mail to an agent's reply address by somebody who is no agent: held, or read without the address.

Who takes part in the ticket writes as themselves: an agent copied them in, or they answered all.
Who left the house, or was told of a ticket by a rule, keeps addresses made for them, and hears
that nothing was done; anybody else who got hold of one hears nothing. The agent whose address it
is gets to see the mail: they may have written it, from an address that is not registered.
"""

from __future__ import annotations

from maild.core import answers
from maild.core.address import valid
from maild.core.decision import Audience, Decision, Outcome, Reply, ReplyKind
from maild.core.house import Agent
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.ticket import Customer, Ticket
from maild.core.token import Purpose, Token, made_for

TEMPLATE = "refused"
_AGENTS = (Purpose.AGENT, Purpose.NOTE)


def decide(scene: Scene, token: Token, view: TicketView | None) -> Decision:
    """Hold a mail at an agent's token whose From is no agent of ours."""
    whose = f"#{view.ticket.number}" if view else "no ticket"
    words = f"an agent's token for {whose}, but From is no agent of ours"
    reason = Reason(why=Why.AGENT_UNPROVEN, detail=words)
    held = Decision(outcome=Outcome.HELD, reasons=(reason,))
    if not _is_persons(scene):
        return held
    if made_for(scene.world.keys, token, scene.mail.identity):
        return _refused(scene, held)
    owner = _owner(scene, token)
    return _shown(scene, held, view.ticket, owner) if view and owner else held


def takes_part(scene: Scene, view: TicketView | None) -> bool:
    """Tell whether the writer takes part in the ticket that the token names."""
    return view is not None and view.ticket.participant(scene.mail.identity) is not None


def without_tokens(scene: Scene) -> Scene:
    """Return the scene as it were had no address of an agent's been written to."""
    snapshot = scene.snapshot
    kept = tuple(t for t in snapshot.proofs.tokens if t.purpose not in _AGENTS)
    proofs = replace(snapshot.proofs, tokens=kept)
    return replace(scene, snapshot=replace(snapshot, proofs=proofs))


def _is_persons(scene: Scene) -> bool:
    """A person wrote, from an address of their own, and no proof is false."""
    identity = scene.mail.identity
    return (
        valid(identity)
        and not scene.is_ours(identity)
        and not scene.snapshot.proofs.domain_failed
        and not scene.is_automatic
        and not scene.mail.classification.must_not_answer
    )


def _owner(scene: Scene, token: Token) -> Agent | None:
    """The agent whom the token was made for."""
    keys = scene.world.keys
    return next((one for one in scene.house.agents if made_for(keys, token, one.address)), None)


def _shown(scene: Scene, held: Decision, ticket: Ticket, owner: Agent) -> Decision:
    """Show the mail to the agent at the registered address, and who says to have written it."""
    told = answers.trouble(scene, ticket, owner, "held", held.reasons[-1])
    told = replace(told, text=f"{scene.mail.identity}:\n\n{told.text}")
    return replace(held, before=ticket, replies=(told,))


def _refused(scene: Scene, held: Decision) -> Decision:
    """Write to the address, with nothing of the ticket's and nothing that the mail held."""
    identity, language = scene.mail.identity, scene.language_back()
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
