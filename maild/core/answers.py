"""The mails that follow from a decision: to whom, in which language, holding what.

Every address of ours is stripped from every list here, so that no mail of ours can come back by
its own recipients (invariants I5, I6).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from maild.core import dossier, escalated, heading, newcomers, signs
from maild.core.address import valid
from maild.core.decision import (
    Audience,
    Decision,
    Quoted,
    Reply,
    ReplyKind,
    SentFile,
)
from maild.core.escalated import Escalation
from maild.core.house import AcknowledgePolicy, Agent
from maild.core.mail import Attachment
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.scene import Scene, Situation
from maild.core.ticket import Participant, Post, PostKind, Role, Ticket
from maild.core.trust import Answer, Deed, Level, Standing, may

HISTORY_POSTS = 5
REFERENCES_MAX = 20


def acknowledgement(scene: Scene, decision: Decision, level: Level) -> Reply | Reason:
    """Make the acknowledgement of a customer's mail, or say why there is none (core/trust.py)."""
    ticket = decision.after
    assert ticket is not None, "only a ticket is acknowledged"
    refusal = _not_acknowledged(scene, ticket, level)
    if refusal:
        return Reason(why=Why.NOT_ACKNOWLEDGED, detail=refusal)
    answer = may(level, Standing.STRANGER, Deed.BE_ACKNOWLEDGED, scene.house.agent_trust)
    fixed = answer is Answer.FIXED
    if fixed and scene.house.acknowledge is not AcknowledgePolicy.EVERYBODY:
        return Reason(why=Why.NOT_ACKNOWLEDGED, detail="the sender is not verified")
    if fixed and scene.snapshot.acknowledged_today:
        return Reason(why=Why.NOT_ACKNOWLEDGED, detail="the address had one within a day")
    parsed = scene.mail.parsed
    return Reply(
        kind=ReplyKind.ACKNOWLEDGEMENT,
        audience=Audience.CUSTOMER,
        template="acknowledgement",
        recipient=ticket.customer.address,
        recipient_name="" if fixed else ticket.customer.name,
        mailbox=ticket.mailbox,
        language=ticket.language,
        subject="" if fixed else ticket.subject,
        fixed=fixed,
        in_reply_to=parsed.message_id,
        references=() if fixed else parsed.references[-REFERENCES_MAX:],
        thread_index="" if fixed else parsed.thread_index,
        key=scene.key("acknowledgement", ticket.customer.address),
    )


def customer_template(scene: Scene, decision: Decision, template: str) -> Reply:
    """Make a mail to the customer from a template that a rule named."""
    ticket = decision.after
    assert ticket is not None
    parsed = scene.mail.parsed
    return Reply(
        kind=ReplyKind.TEMPLATE,
        audience=Audience.CUSTOMER,
        template=template,
        recipient=ticket.customer.address,
        recipient_name=ticket.customer.name,
        mailbox=ticket.mailbox,
        language=ticket.language,
        subject=ticket.subject,
        in_reply_to=parsed.message_id,
        references=parsed.references[-REFERENCES_MAX:],
        thread_index=parsed.thread_index,
        key=scene.key(template, ticket.customer.address),
    )


def notification(scene: Scene, decision: Decision, address: str, reason: str) -> Reply:
    """Tell an agent (or another address that a rule names) about the newest post of a ticket."""
    ticket = decision.after
    assert ticket is not None
    post = decision.posts[-1] if decision.posts else None
    agent = scene.house.agent_of(address)
    files, left_out = _files(scene, post)
    text, html = _new_words(scene, decision, post)
    writer = (post.author_name or post.author) if post else ""
    return Reply(
        kind=ReplyKind.NOTIFICATION,
        audience=Audience.AGENT,
        template="notification",
        recipient=agent.address if agent else address,
        recipient_name=agent.name if agent else "",
        mailbox=ticket.mailbox,
        language=agent_language(scene, agent, ticket),
        subject=ticket.subject,
        sender_name=writer or ticket.customer.name or ticket.customer.address,
        text=text,
        html=html,
        author=_author(post) if post else "",
        history=history(scene, decision),
        earlier=earlier(scene, decision),
        recent=recent(scene, ticket),
        marks=marks(scene, ticket),
        post_kind=post.kind if post else None,
        files=files,
        files_left_out=left_out,
        reason=reason,
        escalation=escalation(decision),
        signs=signs.of(scene, decision.before, ticket, post),
        joined=_new_people(decision, post),
        offered=newcomers.offered(scene, ticket) if _is_from_outside(post) else (),
        known=known(scene, ticket, decision.posts),
        key=scene.key("notification", agent.address if agent else address),
    )


def trouble(scene: Scene, ticket: Ticket, agent: Agent, template: str, reason: Reason) -> Reply:
    """Tell an agent that something of theirs did not happen: `held` or `undelivered`."""
    return Reply(
        kind=ReplyKind.TROUBLE,
        audience=Audience.AGENT,
        template=template,
        recipient=agent.address,
        recipient_name=agent.name,
        mailbox=ticket.mailbox,
        language=agent_language(scene, agent, ticket),
        subject=ticket.subject,
        text=scene.mail.reply.unquoted_text if template == "held" else "",
        reason=reason.why.value,
        detail=reason.detail,
        known=known(scene, ticket),
        key=scene.key(template, agent.address),
    )


def copies(scene: Scene, decision: Decision, post: Post, agent: Agent) -> tuple[Reply, ...]:
    """Make an agent's answer: one mail each, all copies alike but for the token."""
    ticket = decision.after
    assert ticket is not None
    people = tuple(p for p in ticket.participants if not scene.is_ours(p.address))
    to = tuple(p for p in people if p.role is Role.CUSTOMER)
    cc = tuple(p for p in people if p.role is Role.CC)
    view = scene.snapshot.view(ticket.number)
    public = view.public_ids if view else ()
    files, left_out = _files(scene, post)
    first = Reply(
        kind=ReplyKind.REPLY,
        audience=Audience.CUSTOMER,
        template="reply",
        recipient="",
        to=to,
        cc=cc,
        mailbox=ticket.mailbox,
        language=ticket.language,
        subject=ticket.subject,
        sender_name=agent.name,
        text=post.text,
        html=post.html,
        author=agent.name,
        files=files,
        files_left_out=left_out,
        in_reply_to=public[-1] if public else "",
        references=trimmed(public),
        thread_index=view.thread_index if view else "",
        post_n=post.n,
        key="",
    )
    return tuple(
        replace(
            first,
            recipient=person.address,
            recipient_name=person.name,
            key=scene.key("reply", person.address),
        )
        for person in people
    )


def history(scene: Situation, decision: Decision) -> tuple[Quoted, ...]:
    """Return the posts before the newest one, newest first, as an agent may read them."""
    ticket = decision.after
    view = scene.snapshot.view(ticket.number) if ticket and ticket.number else None
    return quoted(reversed(view.recent[-HISTORY_POSTS:])) if view else ()


def earlier(scene: Situation, decision: Decision) -> int:
    """Return how many posts there are before those of `history`."""
    ticket = decision.after
    view = scene.snapshot.view(ticket.number) if ticket and ticket.number else None
    return max(view.post_count - HISTORY_POSTS, 0) if view else 0


def recent(scene: Situation, ticket: Ticket) -> tuple[dossier.Aged, ...]:
    """Return the last other tickets of a ticket's customer."""
    known = dossier.find(scene.snapshot.dossiers, ticket.customer.address)
    return dossier.aged(known, scene.snapshot.now, but=ticket.number)


def marks(scene: Situation, ticket: Ticket) -> tuple[dossier.AgedMark, ...]:
    """Return the last marks that a ticket's customer gave us."""
    known = dossier.find(scene.snapshot.dossiers, ticket.customer.address)
    return dossier.aged_marks(known, scene.snapshot.now)


def escalation(decision: Decision) -> Escalation | None:
    """Return what a decision did to the tier, and who did it; None for nothing."""
    found = escalated.of_events(tuple((e.kind, e.actor, e.data) for e in decision.events))
    return found if found.to_tier else None


def quoted(posts: Iterable[Post]) -> tuple[Quoted, ...]:
    """Return posts as an agent may read them."""
    return tuple(
        Quoted(
            author=_author(post),
            at=post.at.isoformat(timespec="seconds"),
            kind=post.kind,
            text=post.reply_text or post.text,
        )
        for post in posts
    )


def known(scene: Situation, ticket: Ticket, new: tuple[Post, ...] = ()) -> int:
    """Return how many posts of a ticket are known to who reads of it now, the new ones too."""
    view = scene.snapshot.view(ticket.number) if ticket.number else None
    return (view.post_count if view else 0) + len(new)


def agent_language(scene: Situation, agent: Agent | None, ticket: Ticket) -> str:
    """Return the language an agent is written to in."""
    wished = agent.languages if agent else ()
    spoken = (*wished, scene.house.mailbox(ticket.mailbox).language, "en")
    return next(language for language in spoken if language in (*scene.world.languages, "en"))


def trimmed(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the first and the last ids of a long chain (RFC 5322 §3.6.4)."""
    return ids if len(ids) <= REFERENCES_MAX else (ids[0], *ids[1 - REFERENCES_MAX :])


def participants_of(ticket: Ticket, *people: Participant) -> tuple[Participant, ...]:
    """Return the ticket's participants with more people, each address once."""
    known = {p.address.lower(): p for p in reversed((*ticket.participants, *people))}
    order = dict.fromkeys(p.address.lower() for p in (*ticket.participants, *people))
    return tuple(known[address] for address in order)


def _not_acknowledged(scene: Scene, ticket: Ticket, level: Level) -> str:
    mail = scene.mail
    if scene.house.acknowledge is AcknowledgePolicy.NOBODY or level is Level.FAILED:
        return "the settings or a failed proof forbid it"
    if mail.classification.must_not_answer or scene.is_automatic:
        return "an automatic answer to this mail would be wrong"
    return _not_the_customer(scene, ticket) or _too_old(scene)


def _not_the_customer(scene: Scene, ticket: Ticket) -> str:
    identity = scene.mail.identity
    if not valid(identity) or scene.is_ours(identity):
        return "From names nobody, or one of our own addresses"
    if scene.house.agent_of(identity) is not None:
        return "the sender is an agent"
    if identity != ticket.customer.address.lower():
        return "the sender is not the ticket's customer"
    return ""


def _too_old(scene: Scene) -> str:
    received_at = scene.arrival.received_at
    age = received_at - (scene.mail.parsed.date or received_at)
    if age > timedelta(seconds=scene.house.acknowledge_age_seconds_max):
        return "the mail is too old"
    return ""


def _is_from_outside(post: Post | None) -> bool:
    return post is not None and post.kind is PostKind.CUSTOMER


def _new_people(decision: Decision, post: Post | None) -> tuple[Participant, ...]:
    """Who takes part from the newest post on, in copy."""
    if not _is_from_outside(post) or decision.after is None:
        return ()
    before = decision.before.participants if decision.before else ()
    people = decision.after.participants
    return tuple(p for p in people if p.role is Role.CC and p not in before)


def _new_words(scene: Scene, decision: Decision, post: Post | None) -> tuple[str, str]:
    """What an agent must read now, as text and HTML.

    A customer's answer is shown without what it quotes: the history below it holds that already.
    The ticket keeps the full text. One that answers inside the quote is shown whole.
    """
    if post is None:
        return "", ""
    reply, parsed = scene.mail.reply, scene.mail.parsed
    before = decision.before if post.kind is PostKind.CUSTOMER else None
    if before is None or reply.interleaved or not reply.unquoted_text.strip():
        return post.text, post.html
    line = heading.of(scene, before)
    html = parsed.html_safe_reply or parsed.html
    return heading.above(line, reply.unquoted_text), heading.above_html(line, html)


def _files(scene: Scene, post: Post | None) -> tuple[tuple[SentFile, ...], tuple[Attachment, ...]]:
    """Take attachments along up to the limit; the rest is named."""
    room = scene.house.attachment_bytes_out
    files: list[SentFile] = []
    left_out: list[Attachment] = []
    for attachment in post.attachments if post else ():
        if attachment.size <= room:
            room -= attachment.size
            files.append(SentFile(journal_id=scene.arrival.journal_id, attachment=attachment))
        else:
            left_out.append(attachment)
    return tuple(files), tuple(left_out)


def _author(post: Post) -> str:
    return post.author_name or post.author or PostKind(post.kind).value
