"""A house, a desk and replies of every kind, for the tests of mail out."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from maild.core.commandtable import Word
from maild.core.decision import Audience, Quoted, Reply, ReplyKind, SentFile
from maild.core.escalated import Escalation
from maild.core.house import Agent, House, Mailbox
from maild.core.index import Finding
from maild.core.mail import Attachment, Encoding, Locator
from maild.core.promise import Due
from maild.core.question import NamedFile, Question, Shown
from maild.core.reason import Reason, Why
from maild.core.ticket import Customer, Participant, PostKind, Priority, Role, State, Ticket
from maild.core.token import Keys
from maild.core.told import Done, Told
from maild.outbox.compose import Desk, Draft, assemble, compose
from maild.outbox.render import Renderer
from tests.needs import ROOT

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
KEYS = Keys(current=1, by_id={1: b"k" * 32})
MAILBOX = Mailbox(name="Acme", address="support@acme.example", reply_delimiter="auto")
HOUSE = House(
    name="Acme",
    domain="acme.example",
    public_url="https://desk.acme.example",
    mailboxes=(
        MAILBOX,
        Mailbox(name="Sales", address="sales@acme.example", aliases=("buy@acme.example",)),
    ),
    agents=(Agent(address="grace@acme.example", name="Grace Hopper"),),
)
TICKET = Ticket(
    number=1042,
    subject="Wo bleibt mein Päckchen?",
    state=State.OPEN,
    queue="support",
    assignee="grace@acme.example",
    tags=("parcel",),
    customer=Customer(
        address="ada@example.org",
        name="Ada Lovelace",
        segment="enterprise",
        organisation="Engines",
    ),
    participants=(
        Participant(address="ada@example.org", name="Ada Lovelace"),
        Participant(address="charles@example.org", name="Charles", role=Role.CC),
    ),
    created_at=datetime(2026, 5, 1, 8, 0, tzinfo=UTC),
)
RAW = b"Subject: x\r\n\r\nJVBERi0xLjQKJcOkw7zDtsOfCg==\r\n" + b"plain bytes \x00\xff" * 400
PDF = Attachment(
    name="Rechnung für Mai.pdf",
    type="application/pdf",
    size=20,
    sha256="",
    locator=Locator(start=14, end=44, encoding=Encoding.BASE64),
)
IMAGE = Attachment(
    name="logo.png",
    type="image/png",
    size=len(RAW) - 44,
    sha256="",
    inline=True,
    content_id="logo@example.org",
    locator=Locator(start=44, end=len(RAW)),
)


@functools.cache
def renderer() -> Renderer:
    return Renderer((ROOT / "templates",))


def desk(house: House = HOUSE, envelope: str = "verp") -> Desk:
    return Desk(
        house=house,
        keys=KEYS,
        now=NOW,
        render=renderer(),
        fetch=lambda _: RAW,
        journal_id=77,
        envelope=envelope,
    )


def acknowledgement(language: str = "en") -> Reply:
    return Reply(
        kind=ReplyKind.ACKNOWLEDGEMENT,
        audience=Audience.CUSTOMER,
        template="acknowledgement",
        recipient="ada@example.org",
        recipient_name="Ada Lovelace",
        mailbox="Acme",
        language=language,
        subject=TICKET.subject,
        in_reply_to="first@example.org",
        references=("zero@example.org",),
        key="key:acknowledgement",
    )


def unverified(language: str = "en") -> Reply:
    return replace(acknowledgement(language), fixed=True, text="SECRET", author="SECRET")


def answer(language: str = "en") -> Reply:
    return Reply(
        kind=ReplyKind.REPLY,
        audience=Audience.CUSTOMER,
        template="reply",
        recipient="ada@example.org",
        recipient_name="Ada Lovelace",
        to=TICKET.participants[:1],
        cc=TICKET.participants[1:],
        mailbox="Acme",
        language=language,
        subject=TICKET.subject,
        sender_name="Grace Hopper",
        text="Good morning Ada,\n\nit left us today: https://track.example/?id=7&x=<1>\n\nGrace",
        author="Grace Hopper",
        in_reply_to="first@example.org",
        references=("zero@example.org", "first@example.org"),
        post_n=2,
        key="key:reply",
    )


def notification(language: str = "en") -> Reply:
    return Reply(
        kind=ReplyKind.NOTIFICATION,
        audience=Audience.AGENT,
        template="notification",
        recipient="grace@acme.example",
        recipient_name="Grace Hopper",
        mailbox="Acme",
        language=language,
        subject=TICKET.subject,
        sender_name="Ada Lovelace",
        text="Guten Tag,\n\nwo bleibt es?\n  > zitiert\nAda",
        author="Ada Lovelace",
        history=(
            Quoted(author="Grace", at="2026-05-02T08:00:00+00:00", kind="note", text="a\n\nb"),
            Quoted(author="Ada", at="2026-05-01T08:00:00+00:00", kind="customer", text="c"),
        ),
        files_left_out=(replace(PDF, name="film.mov", size=1_500_000_000),),
        post_kind=PostKind.CUSTOMER,
        reason="new",
        key="key:notification",
    )


def last_news(language: str = "en") -> Reply:
    return replace(
        notification(language), history=(), files_left_out=(), is_last=True, key="key:last-news"
    )


def held(language: str = "en") -> Reply:
    return replace(
        notification(language),
        kind=ReplyKind.TROUBLE,
        template="held",
        history=(),
        files_left_out=(),
        sender_name="",
        text="#slove\nIt left us today.",
        post_kind=None,
        reason="command-unknown",
        detail="#slove",
        nearest="solve",
        key="key:held",
    )


def confirm(language: str = "en") -> Reply:
    shown = Shown(
        recipients=("ada@example.org", "ben@example.org"),
        subject="Where is my parcel?",
        text="It left us today.",
        formatted="It left us <b>yesterday</b>.",
        files=(NamedFile(name="bill.pdf", size=340_200),),
        orders=("#solve",),
        doubts=(
            Reason(why=Why.AGENT_UNPROVEN, detail="E2 does not allow agent-reply at once"),
            Reason(why=Why.NOTE_REPEATED, detail="“not before May”"),
        ),
    )
    question = Question(
        journal_id=41,
        agent="grace@acme.example",
        ticket=1042,
        language=language,
        expires_at=TICKET.created_at + timedelta(days=7),
        shown=shown,
    )
    return replace(
        held(language),
        template="confirm",
        text=shown.text,
        reason="confirm-asked",
        detail="again",
        nearest="",
        history=notification(language).history,
        question=question,
        key="key:confirm",
    )


def undelivered(language: str = "en") -> Reply:
    return replace(
        held(language),
        template="undelivered",
        reason="bounce-of-ours",
        detail="550 5.1.1 <ada@example.org>: no such user",
        unreached="ada@example.org",
        text="It left us today.",
        post_kind=PostKind.AGENT,
        key="key:undelivered",
    )


def delayed(language: str = "en") -> Reply:
    made = replace(undelivered(language), template="delayed", text="", key="key:delayed")
    return replace(made, reason="undelivered")


def unpaged(language: str = "en") -> Reply:
    return replace(
        undelivered(language),
        template="unpaged",
        reason="undelivered",
        detail="503 Service Unavailable",
        unreached="oncall",
        text="",
        key="key:unpaged",
    )


def escalation(language: str = "en") -> Reply:
    due_at = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    return replace(
        notification(language),
        template="escalation",
        text="",
        author="",
        files_left_out=(),
        post_kind=None,
        reason="missed",
        dues=(Due(kind="first_response", due_at=due_at, is_over=True),),
        escalation=Escalation(
            by="rule:nobody acts",
            why="nobody has answered",
            step=1,
            steps=3,
            next_at=due_at + timedelta(hours=2),
        ),
        is_last=True,
        key="key:escalation",
    )


def transcript(language: str = "en") -> Reply:
    return replace(
        notification(language),
        template="transcript",
        text="",
        author="",
        sender_name="",
        history=(),
        files_left_out=(),
        post_kind=None,
        reason="transcript",
        told=(
            Told(done=Done.REPLY, value="ada@example.org, charles@example.org"),
            Told(line="#assign grace", done=Done.ASSIGNED, value="Grace Hopper"),
            Told(line="#priority HIGH", done=Done.PRIORITY, value="high"),
            Told(line="#tag +parcel", done=Done.UNCHANGED),
            Told(line="#solve", done=Done.STATE, value="solved"),
        ),
        key="key:transcript",
    )


def help_wanted(language: str = "en") -> Reply:
    told = (Told(line="#help", done=Done.BELOW),)
    return replace(transcript(language), told=told, has_help=True, key="key:help")


def shown(language: str = "en") -> Reply:
    older = replace(TICKET, number=977, subject="Cup", priority=Priority.URGENT)
    return replace(
        transcript(language),
        told=(Told(line="#show", done=Done.BELOW), Told(line="#undo", done=Done.UNDONE)),
        tickets=(older, TICKET),
        key="key:shown",
        history=(
            *reversed(notification().history),
            Quoted(author="Grace", at="2026-05-03T08:00:00+00:00", kind="undone", text="d"),
        ),
    )


def searched(language: str = "en") -> Reply:
    """A search, and an absence."""
    found = Finding(
        ticket=replace(TICKET, number=977, subject="Cup", priority=Priority.URGENT),
        contexts=("…where is my <cup>, the one with…", "The cup has come."),
    )
    return replace(
        transcript(language),
        told=(
            Told(line="#search cup", done=Done.FOUND, value="1"),
            Told(line="#away until monday", done=Done.AWAY_UNTIL, value="2026-05-04 09:00 UTC"),
        ),
        findings=(found,),
        key="key:searched",
    )


def misfit(language: str = "en") -> Reply:
    return replace(
        held(language),
        text="#queue ordres",
        reason="command-argument",
        detail="#queue ordres",
        nearest="orders",
        command=Word.QUEUE,
        key="key:misfit",
    )


EVERY = (
    acknowledgement,
    unverified,
    answer,
    notification,
    last_news,
    transcript,
    help_wanted,
    shown,
    searched,
    held,
    confirm,
    misfit,
    undelivered,
    delayed,
    unpaged,
    escalation,
)


def with_files(reply: Reply) -> Reply:
    return replace(
        reply,
        html='<p>See <img src="cid:logo@example.org"></p>',
        files=(
            SentFile(journal_id=0, attachment=PDF),
            SentFile(journal_id=5, attachment=IMAGE),
        ),
    )


def written(reply: Reply, ticket: Ticket = TICKET, at: Desk | None = None) -> tuple[Draft, bytes]:
    """Compose and assemble, checking that the bytes are those that were fixed."""
    at = at or desk()
    draft = compose(reply, ticket=ticket, desk=at)
    data = assemble(draft.pieces, at.fetch)
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (draft.sha256, draft.size)
    return draft, data


def read(data: bytes) -> EmailMessage:
    """Parse with the stdlib; a defect anywhere is a failure."""
    message = message_from_bytes(data, policy=default)
    for part in message.walk():
        assert part.defects == []
        for name, value in part.items():
            # An encoded word in a quoted name is a defect that old clients need.
            assert value.defects == () or (name == "Content-Type" and 'name="=?' in str(data))
    return message


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
