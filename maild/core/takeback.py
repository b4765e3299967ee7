"""The command that takes an agent's reply back before it goes out."""

from __future__ import annotations

from dataclasses import replace

from maild.core.command import Command
from maild.core.decision import SentReply
from maild.core.scene import Scene
from maild.core.ticket import PostKind, State, Ticket
from maild.core.told import Done
from maild.core.work import Work


def undo(work: Work, command: Command) -> Work:
    """Take back the agent's newest reply on the ticket, and what followed from it by itself.

    What other commands of that mail did stays done. A later reply must not refer to it, and no
    first response was given by it.
    """
    sent = work.scene.snapshot.desk.sent
    if sent is None or sent.ticket != work.ticket.number:
        return work.tell(command, Done.NOTHING_TO_UNDO)
    if not sent.is_waiting:
        return work.tell(command, Done.TOO_LATE)
    work = replace(work, undone=sent, scene=_without(work.scene, sent))
    work = replace(work, ticket=_restored(work.ticket, sent, work))
    work = work.logged("post.undone", ("kind", PostKind.AGENT), ("n", str(sent.post_n)))
    if sent.took_ticket:
        work = work.changed("ticket.assigned", "", assignee="")
    return work.tell(command, Done.UNDONE)


def _restored(ticket: Ticket, sent: SentReply, work: Work) -> Ticket:
    first = None if sent.is_first else ticket.first_response_at
    ticket = replace(ticket, first_response_at=first)
    state = sent.moved_from
    if state is None:
        return ticket
    now = work.scene.snapshot.now
    ended = state in (State.SOLVED, State.CLOSED)
    return replace(
        ticket,
        state=state,
        solved_at=(ticket.solved_at or now) if ended else None,
        closed_at=now if state is State.CLOSED else None,
    )


def _without(scene: Scene, sent: SentReply) -> Scene:
    """The scene as if the reply had never been written."""
    views = tuple(
        replace(
            view,
            public_ids=tuple(one for one in view.public_ids if one != sent.message_id),
            recent=tuple(
                replace(post, kind=PostKind.UNDONE) if post.n == sent.post_n else post
                for post in view.recent
            ),
        )
        if view.ticket.number == sent.ticket
        else view
        for view in scene.snapshot.tickets
    )
    return replace(scene, snapshot=replace(scene.snapshot, tickets=views))
