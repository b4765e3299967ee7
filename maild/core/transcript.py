"""What follows a command mail: the transcript to the agent, and word to those it concerns."""

from __future__ import annotations

from dataclasses import replace

from maild.core import answers, newcomers
from maild.core.decision import Audience, Decision, Reply, ReplyKind
from maild.core.reason import Why
from maild.core.scene import Scene
from maild.core.ticket import PostKind
from maild.core.told import Done, Told
from maild.core.work import Work


def added(scene: Scene, decision: Decision, work: Work) -> Decision:
    """Return the decision with word to the agents it concerns, and the transcript at the end.

    Where nothing was commanded or confirmed, and all of the answer travels to all whom it names,
    there is none.
    """
    replies = decision.replies
    for address in work.notify:
        reply = answers.notification(scene, decision, address, _reason(decision, work, address))
        if all(known.key != reply.key for known in replies):
            replies = (*replies, reply)
    is_ordered = any(one.why in (Why.COMMAND, Why.CONFIRMED) for one in decision.reasons)
    if is_ordered or _left_out(decision) or _outside(scene, decision):
        replies = (*replies, _transcript(scene, decision, work))
    return replace(decision, replies=replies)


def _reason(decision: Decision, work: Work, address: str) -> str:
    """Why an agent hears of the ticket: it is theirs now, a colleague's now, or moved."""
    before, holder = work.view.ticket.assignee, work.ticket.assignee
    if holder == address:
        return "assigned"
    is_taken = decision.posts and holder == work.agent.address != before
    return "taken" if is_taken else "moved"


def _transcript(scene: Scene, decision: Decision, work: Work) -> Reply:
    """Write what was done to the agent's registered address, never to the From of the mail."""
    ticket, agent = work.ticket, work.agent
    return Reply(
        kind=ReplyKind.NOTIFICATION,
        audience=Audience.AGENT,
        template="transcript",
        recipient=agent.address,
        recipient_name=agent.name,
        mailbox=ticket.mailbox,
        language=answers.agent_language(scene, agent, ticket),
        subject=ticket.subject,
        reason="transcript",
        told=(*_confirmed(decision), *_text(scene, decision), *work.told),
        history=work.story,
        tickets=work.tickets,
        findings=work.findings,
        has_help=work.has_help,
        known=answers.known(scene, ticket, decision.posts),
        key=scene.key("transcript", agent.address),
    )


def _confirmed(decision: Decision) -> tuple[Told, ...]:
    """That it is done now because somebody said yes."""
    is_confirmed = any(reason.why is Why.CONFIRMED for reason in decision.reasons)
    return (Told(done=Done.CONFIRMED),) if is_confirmed else ()


def _text(scene: Scene, decision: Decision) -> tuple[Told, ...]:
    """What became of the text below the block."""
    if not decision.posts or decision.posts[0].kind is PostKind.CUSTOMER:
        return ()
    if decision.posts[0].kind is PostKind.NOTE:
        return (Told(done=Done.NOTE), *_outside(scene, decision))
    readers = (r.recipient for r in decision.replies if r.audience is Audience.CUSTOMER)
    reply = Told(done=Done.REPLY, value=", ".join(readers))
    seconds = scene.house.undo_seconds
    undoable = (Told(done=Done.UNDOABLE, value=str(seconds)),) if seconds else ()
    return (reply, *_left_out(decision), *_outside(scene, decision), *undoable)


def _outside(scene: Scene, decision: Decision) -> tuple[Told, ...]:
    """Whom the agent copied and who gets nothing from us: only a command lets somebody in."""
    ours = (PostKind.AGENT, PostKind.NOTE)
    if not decision.posts or decision.posts[0].kind not in ours or decision.after is None:
        return ()
    people = ", ".join(p.address for p in newcomers.copied(scene, decision.after))
    return (Told(done=Done.OUTSIDE, value=people),) if people else ()


def _left_out(decision: Decision) -> tuple[Told, ...]:
    """The files that the customer does not get, which whoever sent them believes sent."""
    to_customers = (r for r in decision.replies if r.audience is Audience.CUSTOMER)
    files = dict.fromkeys(file.name for reply in to_customers for file in reply.files_left_out)
    return (Told(done=Done.LEFT_OUT, value=", ".join(files)),) if files else ()
