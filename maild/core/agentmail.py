"""An agent's mail: a reply to the customer, a note, commands; or a refusal that the agent reads.

Authority is checked at receipt, against who is an agent now. What cannot be done at once is held,
and the agent's registered address is told; nothing was sent then.
"""

from __future__ import annotations

from dataclasses import replace

from maild.core import answers, command, ruling
from maild.core.customermail import keys_of, post_of
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.house import Agent
from maild.core.reason import Reason, Why
from maild.core.rule import RuleEvent
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.ticket import Move, Post, PostKind, Ticket, moved
from maild.core.trust import Answer, Deed, Level, Standing, may


def decide(scene: Scene, agent: Agent, view: TicketView, level: Level) -> Decision:
    """Decide about an agent's answer to a notification of ours about `view`'s ticket."""
    orders = command.orders(_written(scene))
    start = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.TRUST, detail=level.label),),
        trust=level.label,
        before=view.ticket,
        thread_by="token",
    )
    if orders.unknown:
        words = f"#{orders.unknown}"
        reason = Reason(why=Why.COMMAND_UNKNOWN, detail=words)
        return refuse(scene, start, agent, reason, nearest=orders.nearest)
    if not orders.words and not orders.body.strip() and not scene.mail.parsed.attachments:
        reason = Reason(why=Why.NOTHING_WRITTEN, detail="no text above the quote, no command")
        return refuse(scene, start, agent, reason)
    deed = Deed.AGENT_NOTE if command.Word.NOTE in orders.words else Deed.AGENT_REPLY
    answer = may(level, Standing.AGENT, deed, scene.house.agent_trust)
    if answer not in (Answer.YES, Answer.CONFIRM):
        reason = Reason(why=Why.AGENT_UNPROVEN, detail=f"{level.label} does not allow {deed}")
        return refuse(scene, start, agent, reason)
    if deed is Deed.AGENT_NOTE:
        return _note(scene, start, agent, view, orders)
    return _reply(scene, start, agent, view, orders)


def refuse(
    scene: Scene, start: Decision, agent: Agent, reason: Reason, nearest: str = ""
) -> Decision:
    """Hold an agent's mail and tell the registered address why nothing was sent."""
    assert start.before is not None, "an agent's mail is always about a ticket"
    told = answers.trouble(scene, start.before, agent, "held", reason)
    return replace(
        start,
        outcome=Outcome.HELD,
        reasons=(*start.reasons, reason),
        replies=(replace(told, nearest=nearest),),
    )


def _written(scene: Scene) -> str:
    """What the agent wrote: without our notice, with signature and answers between the quotes."""
    return scene.mail.reply.unquoted_text


def _note(
    scene: Scene, start: Decision, agent: Agent, view: TicketView, orders: command.Orders
) -> Decision:
    note = _post(scene, PostKind.NOTE, agent, view, orders)
    move = Move.SOLVE if command.Word.SOLVE in orders.words else Move.SILENT
    return replace(
        start,
        after=moved(view.ticket, move, scene.snapshot.now),
        reasons=(*start.reasons, Reason(why=Why.AGENT_NOTE, detail=agent.address)),
        posts=(note,),
        keys=keys_of(scene.mail),
        events=_events(scene, view.ticket, move, agent, (note,)),
    )


def _reply(
    scene: Scene, start: Decision, agent: Agent, view: TicketView, orders: command.Orders
) -> Decision:
    solves = command.Word.SOLVE in orders.words
    posts: tuple[Post, ...] = ()
    if orders.body.strip() or scene.mail.parsed.attachments:
        posts = (_post(scene, PostKind.AGENT, agent, view, orders),)
    after = view.ticket
    if posts:
        after = moved(after, Move.AGENT_REPLY, scene.snapshot.now)
        after = replace(
            after,
            first_response_at=after.first_response_at or scene.snapshot.now,
            assignee=after.assignee or agent.address,
        )
    if solves:
        after = moved(after, Move.SOLVE, scene.snapshot.now)
    move = Move.SOLVE if solves else Move.AGENT_REPLY
    decision = replace(
        start,
        after=after,
        reasons=(*start.reasons, Reason(why=Why.AGENT_REPLY, detail=agent.address)),
        posts=posts,
        keys=keys_of(scene.mail),
        events=_events(scene, view.ticket, move, agent, posts),
    )
    if not posts:
        return decision
    sent = answers.copies(scene, decision, posts[0], agent)
    decision = replace(decision, replies=sent)
    return ruling.run(scene, decision, RuleEvent.AGENT_REPLIED, Level.TOKEN)


def _post(
    scene: Scene, kind: PostKind, agent: Agent, view: TicketView, orders: command.Orders
) -> Post:
    """The post as the customer (or a colleague) will read it, without commands and quotes.

    An HTML answer keeps its form only where no command block stands in it. The post's Message-ID
    is that of our copies, given when they are written; a note's is the agent's own.
    """
    post = post_of(scene, kind, view.post_count + 1, Level.TOKEN)
    parsed = scene.mail.parsed
    html = parsed.html_safe_reply or (parsed.html if not _has_quote(scene) else "")
    return replace(
        post,
        author=agent.address,
        author_name=agent.name,
        text=orders.body,
        reply_text=orders.body,
        html="" if orders.lines else html,
        message_id=parsed.message_id if kind is PostKind.NOTE else "",
        thread_index="",
    )


def _has_quote(scene: Scene) -> bool:
    reply = scene.mail.reply
    return reply.interleaved or reply.unquoted_text.strip() != scene.mail.parsed.text.strip()


def _events(
    scene: Scene, before: Ticket, move: Move, agent: Agent, posts: tuple[Post, ...]
) -> tuple[EventDraft, ...]:
    events = [
        EventDraft(
            kind="post.added", actor=agent.address, data=(("kind", p.kind), ("n", str(p.n)))
        )
        for p in posts
    ]
    if not before.assignee and posts and posts[0].kind is PostKind.AGENT:
        data = (("to", agent.address), ("why", "first to answer"))
        events.append(EventDraft(kind="ticket.assigned", actor=agent.address, data=data))
    after = moved(before, move, scene.snapshot.now)
    if after.state != before.state:
        change = (("from", before.state.value), ("to", after.state.value))
        events.append(EventDraft(kind="state.changed", actor=agent.address, data=change))
    return tuple(events)
