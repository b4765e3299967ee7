"""The assignee is told of a machine's mail on their ticket: to know of it, nothing follows.

No two machines can talk by it: only mail of who takes part in the ticket is told, and no agent's.
"""

from __future__ import annotations

from maild.core import answers, autoreply
from maild.core.decision import Decision
from maild.core.quick import replace
from maild.core.scene import Scene
from maild.core.ticket import State, Ticket
from maild.core.token import made_for

AUTOMATIC = "automatic"
"""The reason of such a notification."""
_TOLD_IN = frozenset({State.NEW, State.OPEN, State.PENDING, State.ON_HOLD})


def told(scene: Scene, decision: Decision) -> Decision:
    """Return the decision about an automatic mail on its ticket, with what its assignee hears.

    Of a notice of absence once a day for each sender.
    """
    ticket = decision.after
    if (
        ticket is None
        or ticket.state not in _TOLD_IN
        or not scene.mail.classification.is_autoreply
    ):
        return decision
    agent = scene.house.agent_of(ticket.assignee)
    writer = _writer(scene, ticket)
    if agent is None or not writer:
        return decision
    news = answers.notification(scene, decision, agent.address, AUTOMATIC)
    if not _is_report(scene):
        day = scene.arrival.received_at.date().isoformat()
        news = replace(news, key=f"automatic/{ticket.number}/{writer}/{day}/{agent.address}")
    return replace(decision, replies=(*decision.replies, news))


def _writer(scene: Scene, ticket: Ticket) -> str:
    """Return who of the ticket's people sent it, or whose machine did; empty for nobody's.

    A machine may write from any address, but answers to the one that we gave to its owner.
    """
    sender, tokens, keys = scene.mail.identity, scene.snapshot.proofs.tokens, scene.world.keys
    people = (one.address.lower() for one in ticket.participants)
    outside = (address for address in people if scene.house.agent_of(address) is None)
    if scene.house.agent_of(sender) is not None:
        return ""
    return next(
        (a for a in outside if a == sender or any(made_for(keys, t, a) for t in tokens)), ""
    )


def _is_report(scene: Scene) -> bool:
    """Whether a program wrote of its own accord (RFC 3834 §5): each such mail has its own news."""
    parsed = scene.mail.parsed
    is_generated = parsed.header("auto-submitted").strip().lower().startswith("auto-generated")
    is_absence = autoreply.subject_reason(parsed) or autoreply.tells_of_absence(parsed)
    return is_generated and not is_absence
