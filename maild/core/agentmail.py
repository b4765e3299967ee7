"""An agent's mail: a reply to the customer, a note, commands; or a refusal that the agent reads.

Authority is checked at receipt, against who is an agent now. What cannot be done is held, and the
agent's registered address is told; what cannot be done at once is held, and the agent is asked
there (`core/confirm.py`). Nothing was sent then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from maild.core import (
    absence_wording,
    answers,
    armour,
    between,
    canned,
    carried,
    command,
    confirm,
    errand,
    leak,
    markupbetween,
    overtaken,
    phrases,
    ruling,
    transcript,
)
from maild.core.customermail import keys_of, post_of
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.house import Agent
from maild.core.markupcut import without_beginning
from maild.core.reason import Reason, Why
from maild.core.replymarks import cleaned_lines
from maild.core.rule import RuleEvent
from maild.core.scene import Scene
from maild.core.signatures import is_signature
from maild.core.snapshot import TicketView
from maild.core.ticket import Move, Post, PostKind, State, Ticket, moved
from maild.core.trust import Answer, Deed, Level, Standing, may
from maild.core.work import Misfit, Work

_PUBLIC = (PostKind.CUSTOMER, PostKind.AGENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """What an agent wrote, about which ticket, and how well it is proven."""

    agent: Agent
    view: TicketView
    level: Level
    orders: command.Orders
    has_text: bool
    """There is more than commands and a signature."""

    @property
    def has_post(self) -> bool:
        return self.has_text or command.Word.TEMPLATE in self.orders.words

    @property
    def is_note(self) -> bool:
        return command.Word.NOTE in self.orders.words

    @property
    def has_deeds(self) -> bool:
        """There are commands that do more than make a note of the text."""
        return any(word is not command.Word.NOTE for word in self.orders.words)

    @property
    def answers_customer(self) -> bool:
        return self.has_post and not self.is_note


def decide(scene: Scene, agent: Agent, view: TicketView, level: Level) -> Decision:
    """Decide about an agent's answer to a notification of ours about `view`'s ticket."""
    orders = command.orders(scene.mail.reply.unquoted_text)
    letter = _Letter(
        agent=agent,
        view=view,
        level=level,
        orders=orders,
        has_text=_has_text(scene, agent, orders),
    )
    start = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.TRUST, detail=level.label),),
        trust=level.label,
        before=view.ticket,
        thread_by="token",
    )
    start = confirm.marked(scene, agent, start)
    objection = _objection(scene, letter)
    if objection is not None:
        return refuse(scene, start, agent, objection, nearest=orders.nearest)
    if orders.wrong is not None:
        return _misfit(scene, start, agent, Misfit(command=orders.wrong))
    stale = _stale(scene, start, letter)
    if stale is not None and not confirm.is_confirmed(scene, agent):
        return stale
    work = Work(scene=scene, view=view, agent=agent, ticket=view.ticket)
    done = errand.carried_out(work, orders.commands)
    if isinstance(done, Misfit):
        return _misfit(scene, start, agent, done)
    new = overtaken.new_readers(scene, view.ticket, done.ticket) if letter.answers_customer else ()
    if new and not confirm.is_confirmed(scene, agent):
        people = ", ".join(person.address for person in new)
        return refuse(scene, start, agent, Reason(why=Why.NEW_READERS, detail=people))
    decision = _done(done.scene, start, letter, done)
    left = _of_notice(scene, letter, decision)
    doubts = _doubts(scene, letter, decision)
    held = refuse(scene, start, agent, left) if left else None
    return held or confirm.unless_confirmed(scene, agent, start, decision, doubts)


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


def _misfit(scene: Scene, start: Decision, agent: Agent, misfit: Misfit) -> Decision:
    """Refuse a known word with an argument that cannot stand, and say how it is written."""
    reason = Reason(why=Why.COMMAND_ARGUMENT, detail=misfit.command.line)
    refusal = refuse(scene, start, agent, reason, misfit.nearest)
    word = misfit.command.word
    told = tuple(replace(reply, command=word) for reply in refusal.replies)
    return replace(refusal, replies=told)


def _stale(scene: Scene, start: Decision, letter: _Letter) -> Decision | None:
    """Refuse what was written before a colleague answered, or called the ticket spam."""
    view, agent = letter.view, letter.agent
    if not letter.answers_customer:
        return None
    if view.ticket.state is State.SPAM and command.Word.REOPEN not in letter.orders.words:
        reason = Reason(why=Why.TICKET_SPAM, detail=f"#{view.ticket.number} is marked as spam")
        return refuse(scene, start, agent, reason)
    if news := overtaken.unknown_answers(scene, view, agent):
        return _overtaken(scene, start, agent, news)
    return None


def _overtaken(scene: Scene, start: Decision, agent: Agent, news: tuple[Post, ...]) -> Decision:
    """Send an agent's words back together with what colleagues had answered meanwhile."""
    names = dict.fromkeys(post.author_name or post.author for post in news)
    reason = Reason(why=Why.OVERTAKEN, detail=", ".join(names))
    refusal = refuse(scene, start, agent, reason)
    told = tuple(replace(reply, history=answers.quoted(news)) for reply in refusal.replies)
    return replace(refusal, replies=told)


def _has_text(scene: Scene, agent: Agent, orders: command.Orders) -> bool:
    """A signature behind a command, or all alone, says nothing; a logo is no attachment."""
    if any(not attachment.inline for attachment in armour.files_of(scene.mail.parsed)):
        return True
    has_deeds = any(word is not command.Word.NOTE for word in orders.words)
    said = command.orders(scene.mail.reply.reply_text) if has_deeds else orders
    return not is_signature(cleaned_lines(said.body), agent.name)


def _objection(scene: Scene, letter: _Letter) -> Reason | None:
    """Say why nothing at all is done; None where everything may be done."""
    if armour.is_sealed(scene.mail):
        return Reason(why=Why.SEALED, detail="encrypted, or signed with the text inside")
    if letter.orders.unknown:
        return Reason(why=Why.COMMAND_UNKNOWN, detail=f"#{letter.orders.unknown}")
    if letter.orders.wrong is not None:
        return None
    if not letter.has_text and (letter.is_note or not letter.has_deeds):
        words = "no text above the quote, no command"
        return Reason(why=Why.NOTHING_WRITTEN, detail=words)
    below = command.stray(letter.orders.body)
    if letter.answers_customer and below:
        return Reason(why=Why.COMMAND_BELOW, detail=below)
    return _unproven(scene, letter)


def _unproven(scene: Scene, letter: _Letter) -> Reason | None:
    for deed in _deeds(letter):
        answer = may(letter.level, Standing.AGENT, deed, scene.house.agent_trust)
        if answer not in (Answer.YES, Answer.CONFIRM):
            words = f"{letter.level.label} does not allow {deed}: {answer}"
            return Reason(why=Why.AGENT_UNPROVEN, detail=words)
    return None


def _of_notice(scene: Scene, letter: _Letter, decision: Decision) -> Reason | None:
    """Say that what the customer would read still holds a piece of our notice."""
    if not (letter.answers_customer and decision.posts):
        return None
    left = _carried(scene, letter, decision.posts[0].text)
    return Reason(why=Why.QUOTE_LEFT, detail=left) if left else None


def _carried(scene: Scene, letter: _Letter, text: str) -> str:
    return carried.of_notice(scene, letter.view.ticket, letter.agent.address, text)


def _doubts(scene: Scene, letter: _Letter, decision: Decision) -> tuple[Reason, ...]:
    """Say why the agent must confirm what would be done; nothing where it may be done at once."""
    policy = scene.house.agent_trust
    doubts = [
        confirm.doubt(letter.level, deed, policy)
        for deed in _deeds(letter)
        if may(letter.level, Standing.AGENT, deed, policy) is Answer.CONFIRM
    ]
    absence = _absence(scene, letter)
    if absence:
        doubts.append(Reason(why=Why.ABSENCE_NOTICE, detail=f"“{absence}”"))
    if letter.answers_customer and decision.posts:
        doubts += _repeated(scene, letter, decision.posts[0])
        doubts += _named(scene, letter, decision.posts[0].text)
    return tuple(dict.fromkeys(doubts))


def _named(scene: Scene, letter: _Letter, text: str) -> Iterator[Reason]:
    """Tell of lines that our notice shows so, and an agent might write as well."""
    if words := carried.naming(scene, letter.view.ticket, text):
        yield Reason(why=Why.QUOTE_LEFT, detail=words)


def _absence(scene: Scene, letter: _Letter) -> str:
    """Return the words of a notice of absence that no header tells of: who commands is there."""
    is_bare = letter.answers_customer and not letter.orders.words
    return absence_wording.own_absence(scene.mail.reply.reply_text) if is_bare else ""


def _deeds(letter: _Letter) -> tuple[Deed, ...]:
    written = (Deed.AGENT_NOTE if letter.is_note else Deed.AGENT_REPLY,)
    commands = (Deed.AGENT_COMMANDS,) if letter.has_deeds else ()
    return (*(written if letter.has_post else ()), *commands)


def _done(scene: Scene, start: Decision, letter: _Letter, work: Work) -> Decision:
    """The post, the moves, and the mails that follow from all that was done."""
    posts: tuple[Post, ...] = (_post(scene, letter, work),) if letter.has_post else ()
    work = errand.state_moved(_answered(scene, letter, work), letter.orders.commands)
    why = Why.AGENT_NOTE if letter.is_note else Why.AGENT_REPLY
    reasons = (Reason(why=why, detail=letter.agent.address),) if posts else ()
    orders = tuple(Reason(why=Why.COMMAND, detail=c.line) for c in letter.orders.commands)
    decision = replace(
        start,
        after=work.ticket,
        reasons=(*start.reasons, *reasons, *orders),
        posts=posts,
        keys=keys_of(scene.mail),
        events=(*_added(letter.agent, posts), *work.events, *_moves(letter, work.ticket)),
        undone=work.undone,
        absence=work.absence,
        others=work.others,
    )
    if letter.answers_customer:
        sent = answers.copies(scene, decision, posts[0], letter.agent)
        decision = replace(decision, replies=sent)
        decision = ruling.run(scene, decision, RuleEvent.AGENT_REPLIED, letter.level)
    elif posts:
        decision = ruling.run(scene, decision, RuleEvent.AGENT_NOTED, letter.level)
    if decision.outcome is not Outcome.POSTED:
        return decision
    return transcript.added(scene, decision, work)


def _answered(scene: Scene, letter: _Letter, work: Work) -> Work:
    """A public reply moves the ticket, and takes one that nobody has."""
    if not letter.answers_customer:
        return work
    now, ticket = scene.snapshot.now, work.ticket
    ticket = moved(ticket, Move.AGENT_REPLY, now)
    ticket = replace(ticket, first_response_at=ticket.first_response_at or now)
    work = replace(work, ticket=ticket)
    holder = _holder(scene, ticket, letter.agent)
    if command.Word.ASSIGN in letter.orders.words or holder == ticket.assignee:
        return work
    work = replace(work, ticket=replace(ticket, assignee=holder))
    colleagues = (one for address in letter.view.told if (one := scene.house.agent_of(address)))
    work = work.hears(*(one.address for one in colleagues))
    return work.logged("ticket.assigned", ("to", holder), ("why", "first to answer"))


def _holder(scene: Scene, ticket: Ticket, agent: Agent) -> str:
    """Who has the ticket: the first to answer it, where nobody has it who still works here."""
    return ticket.assignee if scene.house.agent_of(ticket.assignee) else agent.address


def _post(scene: Scene, letter: _Letter, work: Work) -> Post:
    """The post as the customer (or a colleague) will read it, without commands and quotes.

    An HTML answer keeps its form, but for the command block. The post's Message-ID is that of our
    copies, given when they are written; a note's is the agent's own.
    """
    kind = PostKind.NOTE if letter.is_note else PostKind.AGENT
    parsed = scene.mail.parsed
    text = letter.orders.body if letter.has_text else ""
    html = parsed.html_safe_reply or (parsed.html if not _has_quote(scene) else "")
    html = without_beginning(html, letter.orders.block) if text else ""
    if _carried(scene, letter, html) or any(_named(scene, letter, html)):
        html = ""
    if text and letter.answers_customer and _has_quote(scene):
        text, html = _with_questions(scene, letter, text, html)
    if work.canned:
        html = f"{canned.as_html(work.canned)}<br>\n{html}" if html and text else ""
        text = f"{work.canned}\n\n{text}".strip("\n")
    return replace(
        post_of(scene, kind, letter.view.post_count + 1, letter.level),
        author=letter.agent.address,
        author_name=letter.agent.name,
        text=text,
        reply_text=text,
        html=html,
        message_id=parsed.message_id if letter.is_note else "",
        thread_index="",
        attachments=armour.files_of(parsed),
    )


def _with_questions(scene: Scene, letter: _Letter, text: str, html: str) -> tuple[str, str]:
    """The answers together with the public lines of the ticket that they answer."""
    view = letter.view
    mail, said = scene.mail, scene.mail.reply.reply_text
    posts = {post.n: post for post in (*view.answers, *view.recent)}
    newest = sorted(posts.values(), key=lambda post: post.n, reverse=True)
    public = between.Public.of(p.text for p in newest if p.kind in _PUBLIC)
    whole = between.answered(mail.parsed.text, text, said, public)
    if _carried(scene, letter, whole):
        return text, html
    if whole == text or not html:
        return whole, html
    return whole, markupbetween.answered(mail.parsed.html, html, said, public)


def _has_quote(scene: Scene) -> bool:
    reply = scene.mail.reply
    return reply.interleaved or reply.unquoted_text.strip() != scene.mail.parsed.text.strip()


def _repeated(scene: Scene, letter: _Letter, post: Post) -> Iterator[Reason]:
    """Tell of words that must not reach the customer: a note's, other customers' (invariant I5).

    What agents tell everybody is no customer's: canned texts, a signature.
    """
    view, texts = letter.view, (post.text, post.html)
    notes = [earlier.text for earlier in view.recent if earlier.kind is PostKind.NOTE]
    public = [earlier.text for earlier in view.recent if earlier.kind is not PostKind.NOTE]
    about = (view.ticket.customer.notes,)
    secret, known = (*view.notes, *notes, *about), (*view.public_texts, *public)
    if words := leak.quoted(post.text, secret, known) or leak.repeated(texts, secret, known):
        yield Reason(why=Why.NOTE_REPEATED, detail=f"“{words}”")
    usual = chain(known, view.usual, phrases.every(scene, view.ticket, letter.agent))
    if words := leak.repeated(texts, view.others, usual, short=False):
        yield Reason(why=Why.OTHERS_REPEATED, detail=f"“{words}”")


def _added(agent: Agent, posts: tuple[Post, ...]) -> tuple[EventDraft, ...]:
    return tuple(
        EventDraft(
            kind="post.added", actor=agent.address, data=(("kind", p.kind), ("n", str(p.n)))
        )
        for p in posts
    )


def _moves(letter: _Letter, after: Ticket) -> tuple[EventDraft, ...]:
    before = letter.view.ticket.state
    if after.state == before:
        return ()
    change = (("from", before.value), ("to", after.state.value))
    return (EventDraft(kind="state.changed", actor=letter.agent.address, data=change),)
