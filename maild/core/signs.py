"""What an agent should know of a customer's mail beside its words: who writes, where answers go.

Nothing of it proves anything, and nothing follows from it; agents read it, nobody else.
"""

from __future__ import annotations

from maild.core import boundary
from maild.core.decision import Signs
from maild.core.scene import Scene
from maild.core.ticket import Participant, Post, PostKind, Role, State, Ticket
from maild.core.trust import UNPROVEN

__all__ = ["of"]


def of(scene: Scene, before: Ticket | None, after: Ticket, post: Post | None) -> Signs | None:
    """Read the signs of a mail that a ticket has just got; None where it is no customer's."""
    if post is None or post.kind is not PostKind.CUSTOMER:
        return None
    if before is None:
        return Signs(
            unproven=_unproven(scene, post),
            answers_to=_answers_to(scene),
            names=_named(scene, after),
        )
    return Signs(
        unproven=_unproven(scene, post),
        answers_to=_answers_to(scene),
        newcomer=_newcomer(scene, before, post),
        solved_at=before.solved_at if before.state is State.SOLVED else None,
    )


def _unproven(scene: Scene, post: Post) -> str:
    """Where nobody judges mail nothing is told of it: all of it would be marked."""
    is_judged = boundary.is_judged(scene.arrival.envelope, scene.house)
    return post.author if is_judged and post.trust in UNPROVEN else ""


def _answers_to(scene: Scene) -> str:
    """Where several are named, or where From names nobody, the first that differs is told."""
    parsed = scene.mail.parsed
    senders = {one.addr.lower() for one in parsed.from_}
    wished = (one.addr for one in parsed.reply_to if one.addr.lower() not in senders)
    return next((address for address in wished if address and not scene.is_ours(address)), "")


def _named(scene: Scene, after: Ticket) -> int:
    view = scene.snapshot.followed(scene.snapshot.by_subject)
    return view.ticket.number if view and view.ticket.number != after.linked else 0


def _newcomer(scene: Scene, before: Ticket, post: Post) -> Participant | None:
    view = scene.snapshot.view(before.number)
    earlier = [one.author for one in view.recent] if view else []
    known = {address.lower() for address in (*earlier, before.customer.address, "")}
    if post.author.lower() in known:
        return None
    return Participant(address=post.author, name=post.author_name, role=Role.CC)
