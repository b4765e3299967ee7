"""No mail hides in another one: neither in what comes in nor in what we send on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from email.header import Header
from itertools import product
from pathlib import Path

import pytest

from maild.intake.newlines import is_canonical
from maild.outbox.result import SendResult
from maild.outbox.send import Relay
from maild.settings.values import RelaySettings
from tests.core.scenes import ALICE, ANNA
from tests.intake.listener import Client, Listener, Setup, store
from tests.intake.test_smtp_data import ENDS
from tests.needs import needs
from tests.outbox.relays import Taker, server
from tests.servers.postfix import postfix
from tests.trust.house import InMemory, letter, proven

TO = "support@co.example"
SECOND = (
    "MAIL FROM:<evil@b.example>\r\nRCPT TO:<ceo@b.example>\r\nDATA\r\nSubject: second\r\n\r\nx\r\n"
)
FORBID = "smtpd_forbid_bare_newline = reject\nsmtpd_forbid_bare_newline_exclusions ="
QUEUED = "from=<s@co.example>, size="
PLACES = ("Subject: x\r\n\r\nfirst{}", "Subject: x{}", "Subject: x\r\n\r\n{}", "X: a\r\n b{}")


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    yield made
    made.close()


def test_nothing_is_smuggled_in(tmp_path: Path, figures: Callable[..., None]) -> None:
    """Each way to end a mail wrongly, at each place: it is refused, or one mail with all of it."""
    tried, taken = 0, 0
    with store(tmp_path) as kept, Listener(Setup(journal=kept.journal)) as running:
        for end, place in product(ENDS, PLACES):
            head, _, tail = place.partition("{}")
            with Client(running.port) as client:
                client.begin()
                first = f"From: a@b.example\r\n{head}".encode() + end + tail.encode()
                client.send(first + SECOND.encode() + b".\r\n")
                reply = client.reply()
                assert client.say("NOOP").startswith("250"), "one reply, then in step"
            tried += 1
            taken += reply.startswith("250")
            assert reply.startswith("250" if is_canonical(end) else "550 5.6.11")
        count = kept.count()

    figures(tried_inwards=tried, taken_as_one_mail=taken, smuggled_in=count - taken)
    assert tried == len(ENDS) * len(PLACES)
    assert count == taken < tried / 2


def test_nothing_is_smuggled_out(house: InMemory, figures: Callable[..., None]) -> None:
    """What a customer or an agent writes leaves as the one mail that it was meant to be."""
    tried = written(house)
    taker = Taker()
    with server(taker) as port:
        results = handed_over(house, port)

    mails, taken = len(house.raw_sent), len(taker.mails)
    figures(sent_outwards=mails, smuggled_out=taken - mails)
    assert all(is_canonical(raw) for raw in house.raw_sent)
    assert results == [SendResult.ACCEPTED] * mails
    assert [content for _, _, content in taker.mails] == house.raw_sent
    assert mails > tried


@needs("postfix", "root")
@pytest.mark.servers
def test_a_server_that_forbids_bare_line_ends_refuses_nothing_of_ours(
    house: InMemory, figures: Callable[..., None]
) -> None:
    """A real Postfix, told to hang up on whoever sends one; the control is hung up on."""
    written(house)
    with postfix(1, more=FORBID) as strict:
        refused = bare_line_end_sent(strict.port)
        results = handed_over(house, strict.port)
        mails = len(house.raw_sent)
        taken = strict.wait_for(QUEUED, mails).count(QUEUED)

    figures(sent_to_a_strict_Postfix=mails, refused_by_it=mails - taken)
    assert refused.startswith(b"550 5.5.2")
    assert results == [SendResult.ACCEPTED] * mails
    assert taken == mails


def written(house: InMemory) -> int:
    """Let a customer and an agent write each way to end a mail; return how many mails."""
    house.receive(letter(f"Anna <{ANNA}>", TO, "It smokes.", proven("customer.example")))
    annas, alices = (str(house.to(who)[0]["Reply-To"]) for who in (ANNA, ALICE))
    coding = "Content-Transfer-Encoding: 8bit"
    tried = 0
    for n, end in enumerate(ENDS):
        text = f"mail {n}{end.decode('latin-1')}{SECOND}"
        subject = Header(f"Re: x{end.decode('latin-1')}", "utf-8").encode(linesep="")
        for who, to in ((ANNA, annas), (ALICE, alices)):
            domain = proven(who.partition("@")[2])
            raw = letter(who, to, f"@TEXT@ {n}", domain, coding, subject=subject)
            house.receive(raw.replace(b"@TEXT@", text.encode()))
            tried += 1
    return tried


def handed_over(house: InMemory, port: int) -> list[SendResult]:
    """Send all that the house has written to a server."""
    settings = RelaySettings(scheme="smtp", host="127.0.0.1", port=port)
    relay = Relay(settings, local_hostname="client.example")
    results = [relay.send("s@co.example", ANNA, raw).result for raw in house.raw_sent]
    relay.close()
    return results


def bare_line_end_sent(port: int) -> bytes:
    """Send a mail with a line end that is none; return what is said to it."""
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        replies = client.makefile("rb")
        for line in (
            b"",
            b"HELO x",
            b"MAIL FROM:<a@b.example>",
            b"RCPT TO:<c@d.example>",
            b"DATA",
        ):
            if line:
                client.sendall(line + b"\r\n")
            replies.readline()
        client.sendall(b"Subject: x\r\n\r\nfirst\nsecond\r\n.\r\n")
        return replies.readline()
