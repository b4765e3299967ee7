"""An agent's commands in a mail to a support address, about no ticket that is there already.

`#customer` opens a ticket for somebody who called; the others only ask, or say that the agent is
away. A reply cannot be meant here, so that whatever else is commanded is held and explained.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

from maild.core import command, confirm, errand, onbehalf, ruling, subject, transcript
from maild.core.command import Command, Orders
from maild.core.commandtable import TICKETLESS, Word
from maild.core.created import created
from maild.core.customermail import keys_of, post_of
from maild.core.customership import person
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.house import Agent
from maild.core.markupcut import without_beginning
from maild.core.reason import Reason, Why
from maild.core.rule import RuleEvent
from maild.core.scene import Scene
from maild.core.snapshot import TicketView
from maild.core.ticket import Customer, Participant, Post, PostKind, Ticket
from maild.core.told import Done, Told
from maild.core.trust import Answer, Deed, Level, Standing, may
from maild.core.work import Misfit, Work

_OPENING = TICKETLESS | {
    Word.CUSTOMER,
    Word.ASSIGN,
    Word.QUEUE,
    Word.TIER,
    Word.PRIORITY,
    Word.TAG,
    Word.SUBJECT,
    Word.LANG,
    Word.CC,
    Word.LINK,
    Word.SOLVE,
    Word.CLOSE,
    Word.PENDING,
    Word.HOLD,
}
"""What may stand beside `#customer`."""
_LIKENESS_MIN = 0.75
"""So much like a command is a word at the top of a mail that means one."""


def decide(scene: Scene, agent: Agent, level: Level) -> Decision | None:
    """Do what an agent's mail commands; None for a mail that does not begin with a command."""
    orders = command.orders(scene.mail.reply.unquoted_text)
    if not (orders.commands or orders.wrong or _is_slip(orders)):
        return None
    opens = Word.CUSTOMER in orders.words or _is_customer(orders.wrong)
    deed = Deed.OPEN_FOR_ANOTHER if opens else Deed.AGENT_DESK
    answer = may(level, Standing.AGENT, deed, scene.house.agent_trust)
    if answer not in (Answer.YES, Answer.CONFIRM):
        words = f"{level.label} does not allow {deed}: {answer}"
        return onbehalf.asked(scene, agent, level, Reason(why=Why.AGENT_UNPROVEN, detail=words))
    objection = _objection(scene, orders, opens=opens)
    if objection is not None:
        held = onbehalf.asked(scene, agent, level, objection)
        return _explained(held, orders.nearest)
    if orders.wrong is not None:
        return _misfit(scene, agent, level, Misfit(command=orders.wrong))
    if not opens:
        return _desk(scene, agent, level, orders)
    return _telephone(scene, agent, level, orders, answer)


def _is_slip(orders: Orders) -> bool:
    likeness = SequenceMatcher(None, orders.unknown, orders.nearest).ratio()
    return bool(orders.nearest) and likeness >= _LIKENESS_MIN


def _is_customer(wrong: Command | None) -> bool:
    return wrong is not None and wrong.word is Word.CUSTOMER


def _objection(scene: Scene, orders: Orders, *, opens: bool) -> Reason | None:
    """Say why nothing is done; None where all of it may be done."""
    if orders.unknown:
        return Reason(why=Why.COMMAND_UNKNOWN, detail=f"#{orders.unknown}")
    if orders.wrong is not None:
        return None
    known = _OPENING if opens else TICKETLESS
    astray = next((one.line for one in orders.commands if one.word not in known), "")
    files = any(not one.inline for one in scene.mail.parsed.attachments)
    text = command.orders(scene.mail.reply.reply_text).body.strip()
    if not opens and text:
        astray = astray or text.split("\n", 1)[0][:80]
    if astray:
        return Reason(why=Why.COMMAND_TICKETLESS, detail=astray)
    if opens and not (text or files):
        return Reason(why=Why.NOTHING_WRITTEN, detail="no text below #customer")
    return None


def _misfit(scene: Scene, agent: Agent, level: Level, misfit: Misfit) -> Decision:
    reason = Reason(why=Why.COMMAND_ARGUMENT, detail=misfit.command.line)
    held = onbehalf.asked(scene, agent, level, reason)
    return _explained(held, misfit.nearest, misfit.command.word)


def _explained(held: Decision, nearest: str, word: Word | None = None) -> Decision:
    told = tuple(replace(reply, nearest=nearest, command=word) for reply in held.replies)
    return replace(held, replies=told)


def _start(level: Level, orders: Orders) -> Decision:
    done = (Reason(why=Why.COMMAND, detail=one.line) for one in orders.commands)
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.TRUST, detail=level.label), *done),
        trust=level.label,
    )


def _desk(scene: Scene, agent: Agent, level: Level, orders: Orders) -> Decision:
    """Answer what was asked; the mail becomes no post, and there is no ticket."""
    draft = Ticket(
        subject=subject.base(scene.mail.parsed.subject, ()),
        mailbox=scene.mailbox.name,
        customer=Customer(address=agent.address, name=agent.name),
        created_at=scene.arrival.received_at,
    )
    work = Work(scene=scene, view=TicketView(ticket=draft), agent=agent, ticket=draft)
    done = errand.carried_out(work, orders.commands)
    if isinstance(done, Misfit):
        return _misfit(scene, agent, level, done)
    decision = replace(_start(level, orders), before=draft, absence=done.absence)
    return transcript.added(scene, decision, done)


def _telephone(
    scene: Scene, agent: Agent, level: Level, orders: Orders, answer: Answer
) -> Decision:
    """Open the ticket of somebody who called; nothing is sent to them because of it."""
    named = orders.of(Word.CUSTOMER)
    customer = person(scene, named) if named is not None else None
    if named is None or customer is None:
        wrong = named or orders.commands[0]
        return _misfit(scene, agent, level, Misfit(command=wrong))
    start = confirm.marked(scene, agent, _start(level, orders))
    start = ruling.run(scene, start, RuleEvent.MAIL_RECEIVED, level)
    if start.outcome is not Outcome.POSTED:
        return start
    decision = _opened(scene, start, agent, customer, _post(scene, agent, level, orders))
    seen = replace(scene, snapshot=replace(scene.snapshot, customer=customer))
    decision = ruling.run(seen, decision, RuleEvent.TICKET_CREATED, level)
    if decision.outcome is not Outcome.POSTED or decision.after is None:
        return decision
    commands = tuple(one for one in orders.commands if one.word is not Word.CUSTOMER)
    work = Work(
        scene=scene,
        view=TicketView(ticket=decision.after),
        agent=agent,
        ticket=decision.after,
        told=(Told(line=named.line, done=Done.OPENED, value=customer.name or customer.address),),
    )
    done = errand.carried_out(work, commands)
    if isinstance(done, Misfit):
        return _misfit(scene, agent, level, done)
    decision = _worked(scene, decision, errand.state_moved(done, commands))
    doubt = confirm.doubt(level, Deed.OPEN_FOR_ANOTHER, scene.house.agent_trust)
    doubts = (doubt,) if answer is Answer.CONFIRM else ()
    return confirm.unless_confirmed(scene, agent, start, decision, doubts)


def _opened(
    scene: Scene, start: Decision, agent: Agent, customer: Customer, post: Post
) -> Decision:
    names = tuple(box.name for box in scene.house.mailboxes)
    ticket = Ticket(
        subject=subject.base(scene.mail.parsed.subject, names),
        queue=scene.mailbox.queue,
        language=scene.language(scene.mail.language),
        mailbox=scene.mailbox.name,
        customer=customer,
        participants=(Participant(address=customer.address, name=customer.name),),
        created_at=scene.arrival.received_at,
    )
    events = (
        created(ticket, agent.address),
        EventDraft(
            kind="post.added",
            actor=agent.address,
            data=(("kind", post.kind), ("n", "1"), ("for", customer.address)),
        ),
    )
    words = f"{agent.address} writes for {customer.address}"
    return replace(
        start,
        reasons=(*start.reasons, Reason(why=Why.ON_BEHALF, detail=words)),
        after=ticket,
        posts=(post,),
        keys=keys_of(scene.mail),
        events=events,
    )


def _post(scene: Scene, agent: Agent, level: Level, orders: Orders) -> Post:
    """What the customer said, in the agent's words, who stands as its writer."""
    parsed = scene.mail.parsed
    html = parsed.html_safe_reply or parsed.html
    return replace(
        post_of(scene, PostKind.CUSTOMER, 1, level),
        author=agent.address,
        author_name=agent.name,
        text=orders.body,
        reply_text=orders.body,
        html=without_beginning(html, orders.block),
    )


def _worked(scene: Scene, decision: Decision, work: Work) -> Decision:
    before, after = work.view.ticket.state, work.ticket.state
    change = (("from", before.value), ("to", after.value))
    moved = EventDraft(kind="state.changed", actor=work.agent.address, data=change)
    decision = replace(
        decision,
        after=work.ticket,
        events=(*decision.events, *work.events, *((moved,) if before is not after else ())),
        absence=work.absence,
    )
    return transcript.added(scene, decision, work)
