"""An agent forwards somebody's mail to a support address: it becomes that person's ticket.

The original sender is nobody who proved anything: nothing is sent to them, and only what the
forward itself says is believed. Where the original cannot be told beyond doubt, or the agent is
not proven, the mail is held and the agent's registered address is told (core/trust.py).
"""

from __future__ import annotations

from dataclasses import replace

from maild.core import answers, confirm, naming, ruling, subject
from maild.core.address import valid
from maild.core.created import created
from maild.core.customermail import keys_of, post_of
from maild.core.decision import Decision, EventDraft, Outcome, Quoted, ReplyKind
from maild.core.house import Agent
from maild.core.mail import Address, Forwarded, Kind, Mail
from maild.core.mailboxes import read_addresses
from maild.core.reason import Reason, Why
from maild.core.rule import RuleEvent
from maild.core.scene import Scene
from maild.core.ticket import Customer, Participant, Post, PostKind, Ticket
from maild.core.trust import Answer, Deed, Level, Standing, may

ID_CHARACTERS_MAX = 900


def is_forward(mail: Mail) -> bool:
    """Tell whether a person passes another mail on: told by its text, or by its subject."""
    if mail.classification.kind is not Kind.HUMAN:
        return False
    return mail.reply.forwarded is not None or subject.is_forward(mail.parsed.subject)


def decide(scene: Scene, agent: Agent, level: Level) -> Decision:
    """Open the ticket of the one whose mail the agent forwards, or ask the agent."""
    answer = may(level, Standing.AGENT, Deed.OPEN_FOR_ANOTHER, scene.house.agent_trust)
    if answer not in (Answer.YES, Answer.CONFIRM):
        words = f"{level.label} does not allow a ticket for somebody else: {answer}"
        return asked(scene, agent, level, Reason(why=Why.AGENT_UNPROVEN, detail=words))
    original = _original(scene.mail)
    if original is None or not _is_customer(scene, original.sender.addr):
        named = original.sender.addr if original else "nobody is named"
        whose = f"who wrote the forwarded mail is not certain: {named}"
        return asked(scene, agent, level, Reason(why=Why.FORWARD_UNREADABLE, detail=whose))
    start = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.TRUST, detail=level.label),),
        trust=level.label,
    )
    start = confirm.marked(scene, agent, start)
    start = ruling.run(scene, start, RuleEvent.MAIL_RECEIVED, level)
    if start.outcome is not Outcome.POSTED:
        return start
    decision = _opened(scene, start, agent, original, level)
    doubt = confirm.doubt(level, Deed.OPEN_FOR_ANOTHER, scene.house.agent_trust)
    doubts = (doubt,) if answer is Answer.CONFIRM else ()
    return confirm.unless_confirmed(scene, agent, start, decision, doubts)


def _original(mail: Mail) -> Forwarded | None:
    """The mail that was forwarded: in the text, else as the attached message."""
    if mail.reply.forwarded is not None:
        return mail.reply.forwarded
    parsed = mail.parsed
    fields = dict(reversed(parsed.returned_headers))
    senders = read_addresses(fields.get("from", ""), str)
    if len(senders) != 1 or "message/rfc822" not in parsed.part_types:
        return None
    return Forwarded(
        sender=senders[0],
        subject=fields.get("subject", ""),
        date=fields.get("date", ""),
        text=parsed.returned_text,
        comment=mail.reply.reply_text,
    )


def _is_customer(scene: Scene, address: str) -> bool:
    return valid(address) and not scene.is_ours(address) and scene.house.agent_of(address) is None


def asked(scene: Scene, agent: Agent, level: Level, reason: Reason) -> Decision:
    """Hold the mail and tell the agent; there is no ticket yet, so that none is named.

    What was written by somebody who did not prove their domain is not shown.
    """
    draft = Ticket(
        subject=subject.base(scene.mail.parsed.subject, ()),
        mailbox=scene.mailbox.name,
        customer=Customer(address=agent.address, name=agent.name),
        created_at=scene.arrival.received_at,
    )
    told = answers.trouble(scene, draft, agent, "held", reason)
    if level < Level.DOMAIN:
        told = replace(told, text="")
    return Decision(
        outcome=Outcome.HELD,
        reasons=(Reason(why=Why.TRUST, detail=level.label), reason),
        before=draft,
        trust=level.label,
        replies=(told,),
    )


def _opened(
    scene: Scene, start: Decision, agent: Agent, original: Forwarded, level: Level
) -> Decision:
    customer = _customer(scene, original.sender)
    names = tuple(box.name for box in scene.house.mailboxes)
    wished = original.subject or scene.mail.parsed.subject
    ticket = Ticket(
        subject=subject.base(wished, names),
        queue=scene.mailbox.queue,
        language=scene.language(scene.mail.language),
        mailbox=scene.mailbox.name,
        customer=customer,
        participants=(Participant(address=customer.address, name=customer.name),),
        created_at=scene.arrival.received_at,
    )
    words = f"{agent.address} forwards a mail of {customer.address}"
    decision = replace(
        start,
        reasons=(*start.reasons, Reason(why=Why.ON_BEHALF, detail=words)),
        after=ticket,
        posts=(_forwarded_post(scene, original, customer),),
        keys=_keys(scene.mail),
        events=(created(ticket, agent.address), _added(agent, PostKind.CUSTOMER, 1)),
    )
    seen = replace(scene, snapshot=replace(scene.snapshot, customer=customer))
    decision = ruling.run(seen, decision, RuleEvent.TICKET_CREATED, level)
    if decision.outcome is not Outcome.POSTED or not original.comment.strip():
        return decision
    return _with_note(decision, _note(scene, agent, level, original.comment), agent)


def _customer(scene: Scene, sender: Address) -> Customer:
    address = sender.addr.lower()
    known = scene.house.organisation_of(address)
    name = naming.outside(sender.name, scene.house)
    if known is None:
        return Customer(address=address, name=name)
    return Customer(address=address, name=name, segment=known.segment, organisation=known.name)


def _forwarded_post(scene: Scene, original: Forwarded, customer: Customer) -> Post:
    """What the customer wrote; unproven, and under the Message-ID that they gave it, if known."""
    post = post_of(scene, PostKind.CUSTOMER, 1, Level.CLAIMED)
    return replace(
        post,
        author=customer.address,
        author_name=customer.name,
        text=original.text,
        reply_text=original.text,
        html="",
        message_id=_original_id(scene.mail),
        thread_index="",
    )


def _note(scene: Scene, agent: Agent, level: Level, comment: str) -> Post:
    """What the agent wrote above it; the files belong to the customer's post."""
    post = post_of(scene, PostKind.NOTE, 2, level)
    return replace(
        post,
        author=agent.address,
        author_name=agent.name,
        text=comment,
        reply_text=comment,
        html="",
        thread_index="",
        journal_id=0,
        attachments=(),
    )


def _with_note(decision: Decision, note: Post, agent: Agent) -> Decision:
    """Add the note, and show it to everybody who is notified of the ticket."""
    shown = Quoted(
        author=note.author_name or note.author,
        at=note.at.isoformat(timespec="seconds"),
        kind=note.kind,
        text=note.text,
    )
    replies = tuple(
        replace(reply, history=(shown, *reply.history))
        if reply.kind is ReplyKind.NOTIFICATION
        else reply
        for reply in decision.replies
    )
    return replace(
        decision,
        posts=(*decision.posts, note),
        events=(*decision.events, _added(agent, PostKind.NOTE, note.n)),
        replies=replies,
    )


def _added(agent: Agent, kind: PostKind, n: int) -> EventDraft:
    return EventDraft(kind="post.added", actor=agent.address, data=(("kind", kind), ("n", str(n))))


def _keys(mail: Mail) -> tuple[str, ...]:
    original = _original_id(mail)
    return tuple(dict.fromkeys((*keys_of(mail), *((original,) if original else ()))))


def _original_id(mail: Mail) -> str:
    """The Message-ID of the attached original; a forward in the text does not tell it."""
    if mail.reply.forwarded is not None:
        return ""
    fields = dict(reversed(mail.parsed.returned_headers))
    found = fields.get("message-id", "").strip().strip("<>")
    is_id = 0 < len(found) <= ID_CHARACTERS_MAX and found.isascii() and " " not in found
    return found if is_id else ""
