"""The listener as MX, and submission with AUTH: what each proves, through real sockets."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from sqlalchemy import text as sql

from tests.authenticate.nameserver import SILENT, NameServer, Zone, name_server, text
from tests.authenticate.signing import record, signed
from tests.flows.stage import Stage, running, wait_for, wire
from tests.intake.listener import certificate

ALICE, PAULA = "alice@example.com", "paula@customer.example"
CONFIG = """
[maild]
name = "Example"
domain = "example.com"
state_dir = "state"
[relay]
url = "maildir:outgoing"
[smtp]
listen = ["127.0.0.1:@SMTP@"]
tls_cert = "@CERT@"
tls_key = "@KEY@"
authenticate = true
nameservers = ["127.0.0.1:@DNS@"]
[[smtp.account]]
user = "alice"
password_file = "alice.password"
addresses = ["alice@example.com"]
[limits]
dns_wall = "4s"
[[mailbox]]
name = "Support"
address = "support@example.com"
[web]
listen = ""
admin_listen = ""
[[agent]]
address = "alice@example.com"
[trust]
agents = "token+domain"
"""
ZONE: Zone = {
    ("_dmarc.customer.example", "TXT"): text("v=DMARC1; p=reject"),
    ("s1._domainkey.customer.example", "TXT"): text(record()),
    ("_dmarc.slow.example", "TXT"): SILENT,
    ("slow.example", "TXT"): SILENT,
}


@pytest.fixture(scope="module")
def dns() -> Iterator[NameServer]:
    with name_server(ZONE) as server:
        yield server


@pytest.fixture(scope="module")
def mx(dns: NameServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("mx")
    cert, key = certificate(folder)
    (folder / "alice.password").write_text("correct horse\n")
    with running(folder, CONFIG, CERT=cert, KEY=key, DNS=dns.port) as stage:
        yield stage


def letter(sender: str, words: str, *fields: str, to: str = "support@example.com") -> bytes:
    lines = (
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {words}",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: <{abs(hash((sender, words, time.time())))}@{sender.rpartition('@')[2]}>",
        *fields,
        "",
        f"{words}.",
        "",
    )
    return wire("\n".join(lines))


def evidence(mx: Stage, sender: str) -> str:
    with mx.database.read() as connection:
        asked = sql("SELECT evidence FROM journal WHERE mail_from = :sender ORDER BY id DESC")
        return str(connection.execute(asked, {"sender": sender}).scalars().first())


def submit(mx: Stage, raw: bytes, to: str, *, password: str = "correct horse") -> None:
    """Send as a mail client does: STARTTLS, AUTH, one mail."""
    trust = ssl.create_default_context(cafile=str(mx.folder / "cert.pem"))
    with smtplib.SMTP("127.0.0.1", mx.smtp_port, timeout=30) as client:
        client.starttls(context=trust)
        client.login("alice", password)
        client.sendmail("alice@example.com", [to], raw)


def test_a_signed_mail_opens_a_verified_ticket(mx: Stage) -> None:
    mx.send(signed(letter(PAULA, "The lift stands still")))

    ticket = mx.ticket_of(PAULA)

    assert ticket["posts"][0]["trust"] == "E2"
    assert "The lift stands still" in mx.letter(PAULA).subject
    assert evidence(mx, PAULA).startswith(
        "example.com; dmarc=pass (p=reject) header.from=customer.example"
    )


def test_a_mail_that_was_tampered_with_is_held_and_released_as_it_was_judged(mx: Stage) -> None:
    pia = "pia@customer.example"
    raw = signed(letter(pia, "Pay my bill")).replace(b"Pay my bill.", b"Pay his bill.")
    mx.send(raw)
    held = wait_for(lambda: [h for h in mx.held() if h["from"] == pia], "nothing is held")[0]
    first = evidence(mx, pia)

    mx.maild("held", "release", str(held["journal"]))
    mx.settled()

    assert "dmarc=fail" in first
    assert evidence(mx, pia) == first
    assert [h["journal"] for h in mx.held() if h["from"] == pia] == [held["journal"]]
    assert not [t for t in mx.tickets() if t["customer"]["address"] == pia]


def test_a_dns_that_keeps_silent_holds_up_nobody_else(mx: Stage) -> None:
    slow, quick = "sue@slow.example", "quentin@customer.example"
    start = time.monotonic()
    mx.send(letter(slow, "Nobody knows my domain"))
    acknowledged = time.monotonic() - start
    mx.send(signed(letter(quick, "I am in a hurry")))

    mx.ticket_of(quick)
    is_slow_there = any(t["customer"]["address"] == slow for t in mx.tickets())
    overtaken = time.monotonic() - start
    late = mx.ticket_of(slow)
    all_done = time.monotonic() - start

    print(
        f"\n250 after {acknowledged:.2f} s, the other mail on its ticket after {overtaken:.2f} s, "
        f"the slow one after {all_done:.2f} s"
    )
    assert not is_slow_there
    assert late["posts"][0]["trust"] == "E0"
    assert "dmarc=temperror" in evidence(mx, slow)


def test_an_agent_who_logs_in_is_believed_without_more(mx: Stage) -> None:
    customer = "olga@customer.example"
    mx.send(signed(letter(customer, "The door squeaks")))
    number = mx.ticket_of(customer)["number"]
    mx.letter(customer, number)
    notice = mx.letter(ALICE, number)
    answer = letter(ALICE, "Oil it", f"In-Reply-To: {notice.message_id}", to=notice.reply_to)

    submit(mx, answer, notice.reply_to)

    sent = mx.letter(customer, number)
    post = mx.ticket(number)["posts"][-1]
    assert "Oil it." in sent.text
    assert (post["kind"], post["trust"]) == ("agent", "E4")


def test_without_the_password_the_same_mail_is_not_carried_out(mx: Stage) -> None:
    customer = "otto@customer.example"
    mx.send(signed(letter(customer, "The tap drips")))
    number = mx.ticket_of(customer)["number"]
    mx.letter(customer, number)
    notice = mx.letter(ALICE, number)

    mx.send(letter(ALICE, "Turn it off", to=notice.reply_to), notice.reply_to)

    assert mx.unread(customer, number) == []
    with pytest.raises(smtplib.SMTPAuthenticationError):
        submit(mx, letter(ALICE, "x"), "support@example.com", password="wrong")


def test_an_account_speaks_for_its_own_addresses_only(mx: Stage) -> None:
    peter = "peter@customer.example"

    submit(mx, letter(peter, "I am Peter"), "support@example.com")

    assert mx.ticket_of(peter)["posts"][0]["trust"] == "E0"
