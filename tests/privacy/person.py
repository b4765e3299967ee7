"""Bea, who wrote everywhere; each thing that she could reach holds a word found nowhere else."""

from __future__ import annotations

import hashlib
import zlib
from datetime import timedelta

from sqlalchemy import insert, update

from maild.carry import carry_out
from maild.core.decision import Decision, EventDraft, Outcome, ReplyKind
from maild.core.question import NamedFile, Question, Shown
from maild.core.reason import Reason, Why
from maild.core.survey import Kind, Leaving, Survey, Via, Vote
from maild.store import blobs, journal, outbox, questions, surveys, tables, tickets
from maild.store.account import AutomaticRow
from maild.store.customers import OrganisationRow
from maild.store.journal import Ending
from maild.store.outbox import Outgoing
from maild.store.reach import AddressRow
from maild.store.tables import metadata
from maild.store.writer import Journal
from tests.core.scenes import ALICE, ANNA, NOW
from tests.privacy.house import OnDisk
from tests.trust.house import LMTP, letter, proven

BEA = "bea@person.example"
OWN, HERS = 1, 2
"""Her ticket, and Anna's, on which she is in Cc."""
_T = metadata.tables


def word(place: str) -> str:
    """Return a word for a place; no two have the same beginning or end."""
    return "q" + hashlib.sha256(place.encode()).hexdigest()[:14] + "z"


PLACES = (
    "name", "subject", "text", "html", "file-name", "file", "header", "reference", "message-id",
    "thread-topic", "answer", "note", "quoted", "customer-notes", "organisation", "log", "log-why",
    "held", "held-reason", "ignored-reason", "question", "question-file", "digest", "page",
    "attempt", "last-error", "key", "client", "helo", "account", "evidence", "comment",
    "orphan", "cc-text", "cc-file", "cc-name", "moved",
)  # fmt: skip


def markers() -> list[str]:
    """Return every word, and the address."""
    return [BEA, *(word(place) for place in PLACES)]


def plant(house: OnDisk) -> None:
    """Let Bea write, be written to and be written about."""
    house.receive(_first())
    _answers(house)
    _on_annas_ticket(house)
    _mails(house)
    _rows(house)
    _log(house)
    _outbox(house)
    with house.database.write() as connection:
        out = _T[tables.OutboxRow.__tablename__]
        connection.execute(update(out).values(state="sent", sent_at=NOW))
    house.now += timedelta(hours=2)


def _first() -> bytes:
    lines = (
        proven("person.example"),
        "Received: from client.example by mx.co.example; Mon, 2 Mar 2026 08:59:00 +0000",
        f"From: Bea {word('name')} <{BEA}>",
        "To: support@co.example",
        f"Subject: About {word('subject')} and more",
        f"Message-ID: <{word('message-id')}@person.example>",
        f"References: <{word('reference')}@elsewhere.example>",
        f"Thread-Topic: {word('thread-topic')}",
        f"X-Mine: {word('header')}",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b1"',
        "",
        "--b1",
        'Content-Type: multipart/alternative; boundary="b2"',
        "",
        "--b2",
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"It smokes {word('text')}.",
        "--b2",
        "Content-Type: text/html; charset=utf-8",
        "",
        f"<p>It smokes {word('text')}.</p><p>{word('html')}</p>",
        "--b2--",
        "--b1",
        "Content-Type: text/plain",
        f'Content-Disposition: attachment; filename="{word("file-name")}.txt"',
        "",
        f"a file {word('file')}",
        "--b1--",
        "",
    )
    return "\r\n".join(lines).encode()


def _answers(house: OnDisk) -> None:
    """Alice answers, notes, and searches; each mail quotes."""
    notice = house.to(ALICE)[-1]["Reply-To"]
    said = f"Pull {word('answer')}.\n\nOn Monday Bea wrote:\n> It smokes {word('quoted')}."
    house.receive(letter(ALICE, notice, said, proven("co.example"), subject="Re: x"))
    note = f"#note\nShe is odd {word('note')} {BEA}"
    house.receive(letter(ALICE, notice, note, proven("co.example"), subject="Re: x"))


def _on_annas_ticket(house: OnDisk) -> None:
    """Anna's ticket, on which Bea takes part; Anna names her, and keeps her own words."""
    cc = f"support@co.example\r\nCc: Bea {word('cc-name')} <{BEA}>"
    house.receive(
        letter(f"Anna <{ANNA}>", cc, f"Ask {BEA} about oranges.", proven("customer.example"))
    )
    own = [mail for mail in house.to(ALICE) if "oranges" in str(mail)][-1]
    said = letter(ALICE, own["Reply-To"], "Both of you: lemons.", proven("co.example"))
    house.receive(said)
    to_bea = [mail for mail in house.to(BEA) if "lemons" in str(mail)][-1]
    lines = (
        proven("person.example"),
        f"From: Bea {word('cc-name')} <{BEA}>",
        f"To: {to_bea['Reply-To']}",
        "Subject: Re: The printer smokes",
        f"In-Reply-To: {to_bea['Message-ID']}",
        f"Message-ID: <two-{word('message-id')}@person.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b1"',
        "",
        "--b1",
        "Content-Type: text/plain",
        "",
        f"I say {word('cc-text')}.",
        "--b1",
        "Content-Type: text/plain",
        'Content-Disposition: attachment; filename="cc.txt"',
        "",
        f"a file {word('cc-file')}",
        "--b1--",
        "",
    )
    house.receive("\r\n".join(lines).encode())
    # Alice looks something up from Anna's ticket: the transcript is about Bea's.
    found = letter(ALICE, own["Reply-To"], f"#search {BEA}", proven("co.example"))
    house.receive(found)


def _mails(house: OnDisk) -> None:
    """What is held, ignored, asked about, or was left by a crash."""
    writer = Journal(house.database, lambda: house.now)
    envelope = LMTP.__class__(
        mail_from=BEA,
        rcpt_to=("support@co.example",),
        source=LMTP.source,
        client=word("client"),
        helo=word("helo"),
        account=word("account"),
        evidence=word("evidence"),
    )
    bodies = (f"Held {word('held')}", "Ignored", "From an agent")
    futures = [writer.append(envelope, f"From: {BEA}\r\n\r\n{one}\r\n".encode()) for one in bodies]
    writer.close()
    held, ignored, asked = (future.result(0) for future in futures)
    shown = Shown(
        recipients=(BEA,),
        subject=word("question"),
        files=(NamedFile(name=word("question-file"), size=7),),
    )
    question = Question(
        journal_id=asked,
        agent=ALICE,
        ticket=OWN,
        mailbox="Support",
        language="en",
        digest="d" * 64,
        expires_at=NOW + timedelta(days=7),
        shown=shown,
    )
    with house.database.write() as connection:
        for row, outcome, reason in (
            (held, Outcome.HELD, word("held-reason")),
            (ignored, Outcome.IGNORED, word("ignored-reason")),
            (asked, Outcome.HELD, "confirm-asked"),
        ):
            ending = Ending(journal_id=row, outcome=outcome, reason=reason, identity=BEA)
            journal.end(connection, ending, house.now)
        questions.add(connection, question, house.now)
        lost = blobs.compressed(f"From: {BEA}\r\n\r\n{word('orphan')}\r\n".encode())
        blobs.add(connection, [lost], house.now)


def _rows(house: OnDisk) -> None:
    """What is kept beside tickets and mails."""
    customer = _T[tables.CustomerRow.__tablename__]
    with house.database.write() as connection:
        connection.execute(
            update(customer)
            .where(customer.c.address == BEA)
            .values(
                notes=word("customer-notes"),
                organisation=word("organisation"),
                account_manager=ALICE,
                segment="paid",
            )
        )
        connection.execute(
            insert(_T[OrganisationRow.__tablename__]),
            {"name": word("organisation"), "segment": "paid", "account_manager": ""},
        )
        connection.execute(
            insert(_T[AddressRow.__tablename__]),
            {"address": BEA, "hard_bounces": 1, "bounced_at": NOW, "suspended_at": None},
        )
        connection.execute(
            insert(_T[AutomaticRow.__tablename__]),
            {
                "at": NOW,
                "entry": "customer",
                "recipient": BEA,
                "domain": "person.example",
                "mailbox": "Support",
                "ticket": OWN,
            },
        )
        connection.execute(
            insert(_T[tables.MessageKeyRow.__tablename__]),
            {"message_id": f"{word('key')}.{BEA}", "ticket_id": HERS},
        )
        number = surveys.customer_ids(connection, [BEA])[BEA]
        survey = Survey(
            kind=Kind.CSAT,
            key=f"csat/{OWN}",
            ticket=OWN,
            customer=number,
            recipient=BEA,
            sent_at=NOW,
            expires_at=NOW + timedelta(days=7),
        )
        asked = surveys.add(connection, survey, number)
        vote = Vote(kind=Kind.CSAT, survey=asked, score=2, comment=word("comment"), via=Via.PAGE)
        surveys.vote(connection, [vote], NOW)
        surveys.leave(connection, [Leaving(address=BEA, customer=number, via=Via.PAGE)], NOW)


def _log(house: OnDisk) -> None:
    """Lines of the log that name her, on her ticket and on Anna's."""
    lines = {
        OWN: (
            EventDraft(kind="ticket.noted", actor="rule:x", data=(("text", word("log")),)),
            EventDraft(kind="ticket.escalated", actor=ALICE, data=(("why", word("log-why")),)),
            EventDraft(kind="subject.changed", actor="operator", data=(("to", word("subject")),)),
        ),
        HERS: (
            EventDraft(kind="customer.changed", actor=ALICE, data=(("from", BEA), ("to", ANNA))),
        ),
    }
    with house.database.write() as connection:
        for number, events in lines.items():
            (view,) = tickets.views(connection, [number], house.office.world.house, house.now)
            decision = Decision(
                outcome=Outcome.POSTED,
                reasons=(Reason(why=Why.OPERATOR),),
                before=view.ticket,
                after=view.ticket,
                events=events,
            )
            carry_out(connection, house.office, [(decision, None)])


def _outbox(house: OnDisk) -> None:
    """A digest that lists her ticket, a page, and what a relay said of her mail."""
    mails = (
        _mail("digest", None, ALICE, ReplyKind.NOTIFICATION, f"#{OWN} {word('digest')}"),
        _mail("page", OWN, "https://hook.example", ReplyKind.PAGE, word("page")),
        _mail("failed", None, BEA, ReplyKind.TEMPLATE, "Hello"),
        _mail("moved", HERS, ANNA, ReplyKind.REPLY, f"{BEA} said {word('moved')}"),
    )
    out = _T[tables.OutboxRow.__tablename__]
    attempt = _T[tables.AttemptRow.__tablename__]
    with house.database.write() as connection:
        outbox.add(connection, mails, house.now)
        connection.execute(
            update(out).where(out.c.key == "failed").values(last_error=word("last-error"))
        )
        ids = connection.execute(out.select().where(out.c.key == "failed")).mappings().one()
        row = {"outbox_id": ids["id"], "n": 1, "at": NOW, "result": "permanent"}
        connection.execute(insert(attempt), row | {"answer": word("attempt")})


def _mail(key: str, ticket: int | None, to: str, kind: ReplyKind, said: str) -> Outgoing:
    raw = f"Subject: x\r\nContent-Type: text/plain\r\n\r\n{said}\r\n".encode()
    return Outgoing(
        key=key,
        ticket_id=ticket,
        kind=kind,
        mailbox="Support",
        envelope_from="",
        recipient=to,
        message_id=f"{key}@co.example",
        sha256="00" * 32,
        size=len(raw),
        literal=zlib.compress(raw),
        pieces=[["literal", len(raw)]],
        created_at=NOW,
        not_before=NOW,
    )
