"""What a template gets to print about one reply: `Values` from the reply, ticket and house."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from maild.core.commandtable import ENTRIES, TABLE
from maild.core.decision import Audience, Quoted, Reply, Signs
from maild.core.dossier import Aged, AgedMark
from maild.core.house import House, Mailbox
from maild.core.index import Finding
from maild.core.mail import Attachment
from maild.core.promise import Due
from maild.core.question import NamedFile
from maild.core.quick import replace
from maild.core.subject import tag as subject_tag
from maild.core.ticket import Customer, Participant, PostKind, Ticket
from maild.core.told import Done, Told
from maild.outbox import marking
from maild.outbox.headers import clean
from maild.outbox.threads import tag
from maild.outbox.values import (
    Asking,
    Doubt,
    Entry,
    File,
    Found,
    Line,
    Listed,
    Marked,
    Promised,
    Raised,
    Recent,
    Signalled,
    Usage,
    Values,
)
from maild.outbox.words import Words

DELIMITER_AUTO = "auto"
"""As a mailbox's `reply_delimiter`: the line of the reader's language."""

_TEXT_MAX = 200_000
_HTML_MAX = 1_000_000
_HISTORY_MAX = 20_000
"""Characters that an agent is shown of a text, of HTML (else the text stands for it), and of an
earlier post; the ticket has all of it. An agent's own words are never cut.
"""

_DIVIDER, _SHORT_DIVIDER = re.compile(r"^[ \t]*-{20,}[ \t]*$", re.MULTILINE), "---"
"""Such a line ends the new words in a notice: within them it would make the rest seem ours."""

_RULE = "rule:"
"""What the actor of a line of the log begins with where a rule did it."""
_NEW = frozenset({"new", "assigned"})
"""Reasons of a notification that tell of a ticket's first post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The house, and the words of the reader's language."""

    house: House
    words: Words


def without_sender(reply: Reply) -> Reply:
    """Return a reply for an unverified reader: nothing is left that the sender wrote.

    Only the id of their mail stays, in In-Reply-To (RFC 3834 §3.1.5): without it no client could
    show what is answered.
    """
    return replace(
        reply,
        recipient_name="",
        to=(),
        cc=(),
        subject="",
        sender_name="",
        text="",
        html="",
        author="",
        history=(),
        earlier=0,
        recent=(),
        marks=(),
        files=(),
        files_left_out=(),
        references=(),
        thread_index="",
        reason="",
        detail="",
        nearest="",
        unreached="",
        joined=(),
        offered=(),
    )


def ticket_without_sender(ticket: Ticket) -> Ticket:
    """Return a ticket of which a template may print everything to an unverified reader."""
    return replace(ticket, subject="", customer=Customer(address=""), participants=(), tags=())


def values_of(  # noqa: PLR0913 - a reply and all that it is about
    reply: Reply,
    *,
    ticket: Ticket,
    mailbox: Mailbox,
    house: House,
    words: Words,
    link: str = "",
) -> Values:
    """Collect the variables of a reply's template, in the reader's language."""
    customer = ticket.customer
    values = replace(
        _about_ticket(ticket, mailbox, house, words),
        subject=clean(reply.subject or ticket.subject) or words.no_subject,
        recipient=clean(reply.recipient_name),
        event=_event(reply),
        author=clean(reply.author),
        text=_readable(reply, words),
        html=reply.html if len(reply.html) <= _HTML_MAX or not _is_for_agent(reply) else "",
        history=tuple(_entries(reply, words)),
        files=tuple(_files(_travelling(reply), words)),
        files_left_out=tuple(_files(_left(reply), words)),
        reason=reply.reason,
        detail=reply.detail,
        nearest=reply.nearest,
        usage=ENTRIES[reply.command].usage if reply.command else "",
        meaning=words.commands[reply.command] if reply.command else "",
        lines=tuple(_line(told, words) for told in reply.told),
        tickets=tuple(_listed(one, house, words) for one in reply.tickets),
        found=tuple(_found(one, house, words) for one in reply.findings),
        commands=_commands(words) if reply.has_help else (),
        joined=tuple(map(_person, reply.joined)),
        offered=tuple(map(_person, reply.offered)),
        asking=_asking(reply, words, link),
        dues=tuple(_promised(one, reply.zone, words) for one in reply.dues),
        unreached=reply.unreached,
        delimiter=_delimiter(reply, mailbox, words),
    )
    return _internal(values, reply, customer, _Known(house=house, words=words))


def _about_ticket(ticket: Ticket, mailbox: Mailbox, house: House, words: Words) -> Values:
    """The variables that only the ticket gives."""
    customer = ticket.customer
    return Values(
        language=words.language,
        brand=mailbox.name,
        address=mailbox.address,
        number=ticket.number,
        tag=tag(mailbox, ticket),
        state=ticket.state.value,
        state_word=words.states[ticket.state.value],
        priority=ticket.priority.value,
        priority_word=words.priorities[ticket.priority.value],
        queue=ticket.queue,
        tier=ticket.tier,
        tags=ticket.tags,
        assignee=_assignee(ticket, house) or words.nobody,
        linked=ticket.linked,
        opened_at=words.moment(ticket.created_at),
        customer=clean(customer.name) or customer.address,
        customer_address=customer.address,
        organisation=customer.organisation,
        segment=customer.segment,
    )


def _promised(due: Due, zone: str, words: Words) -> Promised:
    return Promised(
        kind=due.kind,
        kind_word=words.dues[due.kind],
        due_at=words.local_moment(due.due_at, zone),
        is_over=due.is_over,
    )


def _assignee(ticket: Ticket, house: House) -> str:
    agent = house.agent_of(ticket.assignee) if ticket.assignee else None
    return agent.name if agent and agent.name else ticket.assignee


def _person(person: Participant) -> str:
    name = clean(person.name)
    return f"{name} <{person.address}>" if name else person.address


def _internal(values: Values, reply: Reply, customer: Customer, known: _Known) -> Values:
    """Add what only colleagues read: it stands in no mail to a customer, whatever the template."""
    if not _is_for_agent(reply):
        return values
    manager = known.house.agent_of(customer.account_manager)
    return replace(
        values,
        account_manager=(manager.name if manager else "") or customer.account_manager,
        notes=_cut(customer.notes, _HISTORY_MAX, known.words),
        escalation=_raised(reply, known),
        signs=_signalled(reply.signs, known.words) if reply.signs else values.signs,
        is_last=reply.is_last,
        survey=marking.told(reply.vote) if reply.vote else values.survey,
        recent=tuple(_recent(one, known) for one in reply.recent),
        marks=tuple(_marked(one, known) for one in reply.marks),
        earlier=reply.earlier,
    )


def _raised(reply: Reply, known: _Known) -> Raised:
    found = reply.escalation
    if found is None:
        return Raised()
    by_rule = found.by.startswith(_RULE)
    agent = known.house.agent_of(found.by)
    return Raised(
        by=clean(found.by.removeprefix(_RULE) if by_rule else (agent.name if agent else found.by)),
        by_rule=by_rule,
        why=clean(found.why),
        from_tier=found.from_tier,
        to_tier=found.to_tier,
        step=found.step,
        steps=found.steps,
        next_at=known.words.local_moment(found.next_at, reply.zone) if found.next_at else "",
    )


def _signalled(signs: Signs, words: Words) -> Signalled:
    return Signalled(
        unproven=clean(signs.unproven),
        answers_to=clean(signs.answers_to),
        names=signs.names,
        newcomer=_person(signs.newcomer) if signs.newcomer else "",
        solved_at=words.moment(signs.solved_at) if signs.solved_at else "",
    )


def _recent(one: Aged, known: _Known) -> Recent:
    brief, words = one.brief, known.words
    return Recent(
        tag=subject_tag(known.house.mailbox(brief.mailbox).name, brief.number),
        subject=clean(brief.subject) or words.no_subject,
        state_word=words.states[brief.state.value],
        age=words.age(one.days),
    )


def _marked(one: AgedMark, known: _Known) -> Marked:
    given = one.mark
    return Marked(
        kind=given.kind.value,
        score=given.score,
        most=given.kind.most,
        number=given.ticket,
        age=known.words.age(one.days),
    )


def _event(reply: Reply) -> str:
    """Tell what happened, as one of `values.EVENTS`."""
    if reply.post_kind is None:
        return "other"
    is_new = reply.post_n == 1 or reply.reason in _NEW
    return "new" if reply.post_kind is PostKind.CUSTOMER and is_new else reply.post_kind.value


def _entries(reply: Reply, words: Words) -> Iterable[Entry]:
    """Earlier posts; a note never goes to a customer, whoever put it there."""
    for quoted in reply.history:
        if _is_for_agent(reply) or quoted.kind != PostKind.NOTE:
            yield _entry(quoted, words)


def _entry(quoted: Quoted, words: Words) -> Entry:
    return Entry(
        author=clean(quoted.author),
        at=words.moment_of(quoted.at),
        kind=quoted.kind,
        kind_word=words.kinds.get(quoted.kind, quoted.kind),
        text=_cut(quoted.text, _HISTORY_MAX, words),
    )


def _line(told: Told, words: Words) -> Line:
    value = clean(told.value)
    if told.done in (Done.STATE, Done.ENDED):
        value = words.states[told.value]
    elif told.done is Done.PRIORITY:
        value = words.priorities[told.value]
    return Line(line=clean(told.line), said=words.done[told.done].format(value=value))


def _listed(ticket: Ticket, house: House, words: Words) -> Listed:
    return Listed(
        tag=tag(house.mailbox(ticket.mailbox), ticket),
        subject=clean(ticket.subject) or words.no_subject,
        state_word=words.states[ticket.state.value],
        priority_word=words.priorities[ticket.priority.value],
        customer=clean(ticket.customer.name) or ticket.customer.address,
        opened_at=words.moment(ticket.created_at),
    )


def _found(finding: Finding, house: House, words: Words) -> Found:
    shown = _listed(finding.ticket, house, words)
    values = {field.name: getattr(shown, field.name) for field in fields(shown)}
    return Found(**values, places=tuple(map(clean, finding.contexts)))


def _commands(words: Words) -> tuple[Usage, ...]:
    return tuple(Usage(usage=entry.usage, meaning=words.commands[entry.word]) for entry in TABLE)


def _readable(reply: Reply, words: Words) -> str:
    """The text of a reply; one that goes to customers stays whole."""
    if _is_for_agent(reply):
        return _cut(_DIVIDER.sub(_SHORT_DIVIDER, reply.text), _TEXT_MAX, words)
    return reply.text.strip("\r\n")


def _cut(text: str, limit: int, words: Words) -> str:
    bare = text.strip("\r\n")
    return bare if len(bare) <= limit else f"{bare[:limit]}\n{words.shortened}"


def _is_for_agent(reply: Reply) -> bool:
    return reply.audience is Audience.AGENT


def _asking(reply: Reply, words: Words, link: str) -> Asking:
    question = reply.question
    if question is None:
        return Asking()
    shown = question.shown
    return Asking(
        recipients=shown.recipients,
        formatted=_cut(shown.formatted, _TEXT_MAX, words),
        orders=tuple(clean(order) for order in shown.orders),
        doubts=tuple(Doubt(code=one.why.value, detail=clean(one.detail)) for one in shown.doubts),
        is_note=shown.is_note,
        is_again=reply.detail == "again",
        link=link,
        until=words.moment(question.expires_at),
    )


def _travelling(reply: Reply) -> Iterable[Attachment | NamedFile]:
    """The files that go along; of what is asked those that would."""
    if reply.question is not None:
        return reply.question.shown.files
    return (one.attachment for one in reply.files)


def _left(reply: Reply) -> Iterable[Attachment | NamedFile]:
    return reply.question.shown.files_left_out if reply.question else reply.files_left_out


def _files(attachments: Iterable[Attachment | NamedFile], words: Words) -> Iterable[File]:
    return (File(name=clean(one.name), size=words.size(one.size)) for one in attachments)


def _delimiter(reply: Reply, mailbox: Mailbox, words: Words) -> str:
    """Customers see the line where the mailbox wants it, agents always.

    What an agent quotes below it would else reach the customer.
    """
    if _is_for_agent(reply):
        return words.delimiter
    chosen = mailbox.reply_delimiter
    return words.delimiter if chosen == DELIMITER_AUTO else chosen
