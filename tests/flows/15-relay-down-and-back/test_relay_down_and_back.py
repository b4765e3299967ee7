"""A relay that is away, comes back, and later refuses a customer for good."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.flows.stage import Stage, running, wait_for
from tests.ports import free_port

CONFIG = (Path(__file__).parent / "config.toml").read_text()
ALICE, REFUSED = "alice@example.com", "tilda@customer.example"


class Relay:
    """Takes mail, but none for one customer once it was told so."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.refuses = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address == self.refuses:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self.taken += [(to, envelope.original_content) for to in envelope.rcpt_tos]
        return "250 taken"

    def mails(self, recipient: str) -> list[EmailMessage]:
        contents = [content for to, content in self.taken if to == recipient]
        return [message_from_bytes(content, policy=policy.default) for content in contents]


@contextlib.contextmanager
def listening(relay: Relay, port: int) -> Iterator[None]:
    controller = Controller(relay, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop(no_assert=True)


@pytest.fixture
def relay_port() -> int:
    return free_port()


@pytest.fixture
def house(tmp_path: Path, relay_port: int) -> Iterator[Stage]:
    with running(tmp_path, CONFIG, RELAY=relay_port) as stage:
        yield stage


def ask(house: Stage, customer: str) -> int:
    house.send(f"From: {customer}\nTo: support@example.com\nSubject: Bill\n\nWhere is my bill?\n")
    return int(house.ticket_of(customer)["number"])


def test_mail_waits_for_the_relay_and_goes_out_once(house: Stage, relay_port: int) -> None:
    ask(house, "theo@customer.example")
    tried = wait_for(
        lambda: [m for m in house.outbox() if m["attempts"] and m["state"] == "queued"],
        "nothing was tried",
    )
    relay = Relay()

    with listening(relay, relay_port):
        done = house.maild("outbox", "retry", *(str(mail["id"]) for mail in house.outbox()))
        house.settled()

    assert done.returncode == 0, done.stderr
    assert "refused" in tried[0]["last_error"].lower()
    assert sorted(recipient for recipient, _ in relay.taken) == [ALICE, "theo@customer.example"]
    hashes = {hashlib.sha256(content).hexdigest() for _, content in relay.taken}
    assert hashes == {mail["sha256"] for mail in house.outbox()}
    assert {mail["state"] for mail in house.outbox()} == {"sent"}


def test_a_refusal_for_good_is_told_to_the_ticket_and_the_agent(
    house: Stage, relay_port: int
) -> None:
    relay = Relay()
    with listening(relay, relay_port):
        number = ask(house, REFUSED)
        house.settled()
        (notice,) = relay.mails(ALICE)
        relay.refuses = REFUSED
        reply_to = parseaddr(str(notice["Reply-To"]))[1]

        house.send(f"From: {ALICE}\nTo: {reply_to}\nSubject: Re: Bill\n\nHere it is.\n", reply_to)
        wait_for(lambda: len(relay.mails(ALICE)) == 2, "the agent is not told")
        house.settled()

    told = relay.mails(ALICE)[-1]
    events = [e for e in house.ticket(number)["events"] if e["kind"] == "reply.failed"]
    body = told.get_body(("plain",))
    assert body is not None
    assert REFUSED in body.get_content()
    assert "no such user here" in body.get_content()
    assert "Here it is." not in [
        m.get_content() for m in relay.mails(REFUSED) if not m.is_multipart()
    ]
    assert [event["data"]["to"] for event in events] == [REFUSED]
    assert [m["state"] for m in house.outbox() if m["kind"] == "reply"] == ["failed"]
