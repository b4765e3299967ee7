"""Short ways to put things into a database for the tests of the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from maild.core.decision import Decision, EventDraft, Outcome, ReplyKind
from maild.core.mail import Envelope, Mail, Source
from maild.core.reason import Reason, Why
from maild.core.snapshot import Arrival
from maild.core.ticket import Customer, Participant, Post, PostKind, Ticket
from maild.store import commit, journal, outbox
from maild.store.database import Database
from maild.store.journal import Ending
from maild.store.outbox import Outgoing
from maild.store.writer import Journal, LedgerKey

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA = "anna@customer.example"
ENVELOPE = Envelope(mail_from=ANNA, rcpt_to=("support@co.example",), source=Source.SMTP)


def raw(message_id: str = "", body: str = "x") -> bytes:
    head = f"Message-ID: <{message_id}>\r\n" if message_id else ""
    return f"From: {ANNA}\r\n{head}\r\n{body}\r\n".encode()


def journalled(database: Database, *mails: bytes, ledger: LedgerKey | None = None) -> list[int]:
    """Append mails; return their ids."""
    writer = Journal(database, lambda: NOW)
    futures = [writer.append(ENVELOPE, mail, ledger) for mail in mails or (raw(),)]
    writer.close()
    return [future.result(0) for future in futures]


def arrived(database: Database, **envelope: object) -> int:
    """Append one mail whose envelope differs; return its id."""
    writer = Journal(database, lambda: NOW)
    future = writer.append(replace(ENVELOPE, **envelope), raw())  # type: ignore[arg-type]
    writer.close()
    return future.result(0)


def new_ticket(address: str = ANNA) -> Ticket:
    return Ticket(
        subject="The printer smokes",
        mailbox="Support",
        customer=Customer(address=address, name="Anna"),
        participants=(Participant(address=address, name="Anna"),),
        created_at=NOW,
    )


def a_post(n: int = 1, kind: PostKind = PostKind.CUSTOMER, **more: object) -> Post:
    made = Post(n=n, kind=kind, author=ANNA, at=NOW, text=f"post {n}")
    return replace(made, **more)  # type: ignore[arg-type]


def opening(
    posts: tuple[Post, ...] = (), keys: tuple[str, ...] = (), ticket: Ticket | None = None
) -> Decision:
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.NEW_TICKET),),
        after=ticket or new_ticket(),
        posts=posts or (a_post(),),
        keys=keys,
        events=(EventDraft(kind="ticket.created", actor=ANNA, data=(("queue", "support"),)),),
    )


def apply(database: Database, decision: Decision, journal_id: int = 0) -> Ticket:
    """Commit a decision as the daemon does."""
    with database.write() as connection:
        ticket = commit.numbered(connection, decision, NOW)
        assert ticket is not None
        commit.story(connection, decision, ticket, journal_id, NOW)
    return ticket


def end(
    database: Database, journal_id: int, outcome: Outcome = Outcome.POSTED, **more: object
) -> None:
    ending = Ending(journal_id=journal_id, outcome=outcome, reason="because")
    with database.write() as connection:
        journal.end(connection, replace(ending, **more), NOW)  # type: ignore[arg-type]


def outgoing(key: str = "k1", ticket_id: int | None = None, **more: object) -> Outgoing:
    made = Outgoing(
        key=key,
        ticket_id=ticket_id,
        kind=ReplyKind.ACKNOWLEDGEMENT,
        mailbox="Support",
        envelope_from="",
        recipient=ANNA,
        message_id=f"{key}@co.example",
        sha256="00" * 32,
        size=3,
        literal=b"abc",
        pieces=[["literal", 0, 3]],
        created_at=NOW,
        not_before=NOW,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def queued(database: Database, *mails: Outgoing) -> None:
    with database.write() as connection:
        outbox.add(connection, mails, NOW)


def arrival(mail: Mail, journal_id: int = 0) -> Arrival:
    return Arrival(journal_id=journal_id, mail=mail, envelope=ENVELOPE, received_at=NOW)
