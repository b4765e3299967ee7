"""The mails that no mail causes: to agents about what is due, to customers about their ticket."""

from __future__ import annotations

from dataclasses import replace

from maild.core import answers, calendar
from maild.core.address import valid
from maild.core.calendar import Calendar
from maild.core.decision import Audience, Decision, Reply, ReplyKind
from maild.core.reason import Reason, Why
from maild.core.rule import RuleEvent
from maild.core.scene import Occasion, Situation
from maild.core.snapshot import TicketView
from maild.core.ticket import PostKind
from maild.core.trust import PROVEN

TEMPLATE = "reminder"


def reminder(situation: Situation, decision: Decision, address: str, on: RuleEvent) -> Reply:
    """Tell an agent (or another address that a rule names) what is due on a ticket.

    The last word of its `reason` is that of the event: `warned`, `missed`, `callback`, ...
    """
    ticket = decision.after
    assert ticket is not None, "a reminder is about a ticket"
    agent = situation.house.agent_of(address)
    hours = hours_of(situation, address)
    reader = agent.address if agent else address
    return Reply(
        kind=ReplyKind.NOTIFICATION,
        audience=Audience.AGENT,
        template=TEMPLATE,
        recipient=reader,
        recipient_name=agent.name if agent else "",
        mailbox=ticket.mailbox,
        language=answers.agent_language(situation, agent, ticket),
        subject=ticket.subject,
        sender_name=ticket.customer.name or ticket.customer.address,
        history=answers.history(situation, decision),
        earlier=answers.earlier(situation, decision),
        recent=answers.recent(situation, ticket),
        reason=on.value.rpartition(".")[2],
        dues=situation.dues if isinstance(situation, Occasion) else (),
        zone=hours.zone if hours else "",
        known=answers.known(situation, ticket),
        key=situation.key("reminder", reader),
    )


def in_hours(situation: Situation, reply: Reply) -> Reply:
    """Let a mail to an agent wait until they work; one without a calendar always does."""
    hours = hours_of(situation, reply.recipient)
    if hours is None or not hours.week_seconds:
        return reply
    at = calendar.next_opening(hours, situation.now)
    return replace(reply, hours=hours, not_before=at if at > situation.now else None)


def follow_up(situation: Situation, decision: Decision, template: str) -> Reply | Reason:
    """Make a mail to the customer about a ticket as it stands, or say why there is none.

    Its key has the event's name and the template: an occasion sends each once. To a customer who
    never proved anything, and to whom nobody of us wrote, it holds nothing of theirs.
    """
    ticket = decision.after
    assert ticket is not None, "a follow-up is about a ticket"
    address = ticket.customer.address
    if not valid(address) or situation.is_ours(address):
        words = "the customer has no address, or one of our own"
        return Reason(why=Why.NOT_ACKNOWLEDGED, detail=words)
    view = situation.snapshot.view(ticket.number)
    fixed = not _is_known(view)
    public = view.public_ids if view else ()
    return Reply(
        kind=ReplyKind.TEMPLATE,
        audience=Audience.CUSTOMER,
        template=template,
        recipient=address,
        recipient_name="" if fixed else ticket.customer.name,
        mailbox=ticket.mailbox,
        language=ticket.language,
        subject="" if fixed else ticket.subject,
        fixed=fixed,
        in_reply_to=public[-1] if public else "",
        references=() if fixed else answers.trimmed(public),
        thread_index="" if fixed or view is None else view.thread_index,
        key=situation.key(template, address),
    )


def hours_of(situation: Situation, address: str) -> Calendar | None:
    """Return the calendar in which an address works; None for one that is not told."""
    return situation.world.hours_of(address)


def _is_known(view: TicketView | None) -> bool:
    """Whether the customer proved their domain, or an agent has written to them."""
    return view is not None and any(
        post.kind is PostKind.AGENT or (post.kind is PostKind.CUSTOMER and post.trust in PROVEN)
        for post in view.recent
    )
