"""Scenes for tests of the deciding core: a house, a mail, a ticket, each by one short call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maild.core import decide, proof
from maild.core.canned import Canned
from maild.core.decision import Decision
from maild.core.house import Agent, AgentTrust, House, Mailbox, Organisation, Queue
from maild.core.mail import (
    Address,
    Attachment,
    Bounce,
    BounceClass,
    Classification,
    Envelope,
    Kind,
    Locator,
    Mail,
    Parsed,
    Source,
    VisibleReply,
)
from maild.core.rule import Action, Rule, RuleEvent, Verb
from maild.core.snapshot import Arrival, Snapshot, TicketView, World
from maild.core.ticket import Customer, Participant, Post, PostKind, Role, State, Ticket
from maild.core.token import Keys, Purpose, issue

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEYS = Keys(current=2, by_id={1: b"an older key of the house" * 2, 2: b"the key of today" * 2})
ANNA = "anna@customer.example"
BEN = "ben@customer.example"
EVE = "eve@elsewhere.example"
ALICE = "alice@co.example"
BOB = "bob@co.example"
SUPPORT = "support@co.example"
TICKET = 7
DELIMITER = "--- Please reply above this line ---"

HOUSE = House(
    name="Co",
    domain="co.example",
    mailboxes=(
        Mailbox(
            name="Support",
            address=SUPPORT,
            aliases=("help@co.example",),
            authserv_id=("mx.co.example",),
        ),
        Mailbox(name="Sales", address="sales@co.example", queue="sales", language="fr"),
    ),
    queues=(Queue(name="support", lead=BOB), Queue(name="sales")),
    agents=(
        Agent(address=ALICE, name="Alice", aliases=("alice@private.example",)),
        Agent(address=BOB, name="Bob", queues=("support",)),
    ),
    organisations=(Organisation(name="ACME", domains=("customer.example",), segment="paid"),),
    agent_trust=AgentTrust.TOKEN,
    trusted_clients=("10.0.0.0/8",),
    trusted_domains=("co.example", "customer.example"),
)

CANNED = Canned(
    texts={
        (
            "en",
            "more-information",
        ): "Hello {{ customer }}, tell us more about {{ tag }}. {{agent}}\n",
        ("de", "more-information"): "Guten Tag {{ customer }}.",
        ("fr", "merci"): "Merci !",
    }
)

RECEIVED = ("received", "from a by b; Mon, 2 Mar 2026 08:59:00 +0000")
TRUSTED = Envelope(mail_from=ANNA, rcpt_to=(SUPPORT,), source=Source.SMTP, client="10.1.2.3")
UNTRUSTED = replace(TRUSTED, client="203.0.113.9")
LMTP = replace(UNTRUSTED, source=Source.LMTP)


def results(value: str) -> tuple[str, str]:
    """An Authentication-Results field of our boundary."""
    return ("authentication-results", f"mx.co.example; {value}")


PROVEN = (results(f"dmarc=pass header.from={ANNA.partition('@')[2]}"),)


def reply_address(
    person: str, ticket: int = TICKET, purpose: Purpose = Purpose.CUSTOMER, keys: Keys = KEYS
) -> str:
    """The reply address that we gave to a person."""
    token = issue(keys, purpose=purpose, ticket=ticket, recipient=person, today=NOW.date())
    return f"support+{token}@co.example"


def our_id(ticket: int = TICKET) -> str:
    """A Message-ID of ours, as it stands in References."""
    token = issue(
        KEYS, purpose=Purpose.THREAD, ticket=ticket, recipient="post:1", today=NOW.date()
    )
    return f"{token}.p1@co.example"


def mail(
    sender: str = ANNA,
    *,
    to: Sequence[str] = (SUPPORT,),
    cc: Sequence[str] = (),
    subject: str = "The printer smokes",
    text: str = "It smokes.",
    message_id: str = "m1@customer.example",
    answers: Sequence[str] = (),
    headers: Sequence[tuple[str, str]] = (),
    machine: Classification | None = None,
    bounce: Bounce | None = None,
    attachments: tuple[Attachment, ...] = (),
    html: str = "",
    quote: str = "",
    date: datetime | None = NOW,
    defect: str = "",
) -> Mail:
    """A mail; `text` is what was written, `quote` what stands quoted below it."""
    parsed = Parsed(
        headers=tuple(headers),
        from_=(Address(name=sender.partition("@")[0].title(), addr=sender),),
        from_fields=1,
        from_defect=defect,
        to=tuple(Address(addr=address) for address in to),
        cc=tuple(Address(addr=address) for address in cc),
        subject=subject,
        date=date,
        message_id=message_id,
        references=tuple(answers),
        in_reply_to=tuple(answers[-1:]),
        text=f"{text}\n\n{quote}" if quote else text,
        html=html,
        attachments=attachments,
    )
    return Mail(
        parsed=parsed,
        classification=machine or Classification(),
        bounce=bounce,
        reply=VisibleReply(reply_text=text, unquoted_text=text),
        language="en",
        content_hash="hash of " + text,
    )


def autoreply() -> Classification:
    return Classification(kind=Kind.AUTOREPLY, is_autoreply=True, must_not_answer=True)


def bounced(*addresses: str) -> Bounce:
    return Bounce(addresses=addresses, bounce_class=BounceClass.PERMANENT)


BOUNCE = Classification(kind=Kind.BOUNCE, is_bounce=True, must_not_answer=True)
LIST = Classification(kind=Kind.LIST, is_list=True, must_not_answer=True)


def file(name: str = "a.txt", size: int = 10, *, inline: bool = False) -> Attachment:
    return Attachment(
        name=name,
        type="text/plain",
        size=size,
        sha256="00" * 32,
        inline=inline,
        locator=Locator(start=0, end=size),
    )


def ticket(state: State = State.OPEN, number: int = TICKET, **more: object) -> Ticket:
    made = Ticket(
        number=number,
        version=3,
        subject="The printer smokes",
        state=state,
        language="en",
        mailbox="Support",
        customer=Customer(address=ANNA, name="Anna"),
        participants=(
            Participant(address=ANNA, name="Anna"),
            Participant(address=BEN, name="Ben", role=Role.CC),
        ),
        created_at=NOW - timedelta(days=2),
        solved_at=NOW - timedelta(days=1) if state in (State.SOLVED, State.CLOSED) else None,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def post(
    n: int, kind: PostKind = PostKind.CUSTOMER, text: str = "It smokes.", author: str = ANNA
) -> Post:
    at = NOW - timedelta(days=2) + timedelta(hours=n)
    return Post(n=n, kind=kind, author=author, at=at, text=text, message_id=f"post-{n}@x.example")


def view(known: Ticket | None = None, posts: Sequence[Post] = (), **more: object) -> TicketView:
    story = tuple(posts) or (post(1),)
    made = TicketView(
        ticket=known or ticket(),
        post_count=len(story),
        recent=story,
        public_ids=tuple(p.message_id for p in story if p.kind is not PostKind.NOTE),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def rule(on: RuleEvent, *actions: tuple[Verb, str], name: str = "", **more: object) -> Rule:
    made = Rule(
        name=name or "-".join(verb for verb, _ in actions),
        on=on,
        condition=lambda _context: True,
        actions=tuple(Action(verb=verb, value=value) for verb, value in actions),
    )
    return replace(made, **more)  # type: ignore[arg-type]


CREATED = RuleEvent.TICKET_CREATED
ACKNOWLEDGE = rule(CREATED, (Verb.REPLY, "acknowledgement"))
TELL_QUEUE = rule(CREATED, (Verb.NOTIFY, "queue"))
TELL_ASSIGNEE = rule(RuleEvent.CUSTOMER_REPLIED, (Verb.NOTIFY, "assignee"))
SHIPPED = (ACKNOWLEDGE, TELL_QUEUE, TELL_ASSIGNEE)


def play(
    letter: Mail,
    *,
    envelope: Envelope = UNTRUSTED,
    views: Sequence[TicketView] = (),
    rules: Sequence[Rule] = SHIPPED,
    house: House = HOUSE,
    keys: Keys = KEYS,
    received_at: datetime = NOW,
    journal_id: int = 41,
    **looked_up: object,
) -> Decision:
    """Decide about a mail; `views` and `looked_up` are what the database knows."""
    sender = letter.parsed.from_[0].addr.lower() if letter.parsed.from_ else ""
    snapshot = Snapshot(
        now=received_at,
        proofs=proof.collect(letter, envelope, house, keys),
        customer=Customer(address=sender, name="Anna"),
        tickets=tuple(views),
    )
    snapshot = replace(snapshot, **looked_up)  # type: ignore[arg-type]
    arrival = Arrival(
        journal_id=journal_id, mail=letter, envelope=envelope, received_at=received_at
    )
    world = World(
        house=house, keys=keys, rules=tuple(rules), canned=CANNED, delimiters=(DELIMITER,)
    )
    return decide.on_mail(arrival, snapshot, world)


def trusting(policy: AgentTrust) -> House:
    return replace(HOUSE, agent_trust=policy)


def from_agent(text: str, *, person: str = ALICE, token_of: str = ALICE, **more: object) -> Mail:
    """An agent's answer to our notification, at the reply address made for `token_of`."""
    to = (reply_address(token_of, purpose=Purpose.AGENT),)
    return mail(person, to=to, text=text, message_id="a1@co.example", **more)  # type: ignore[arg-type]
