"""A real Postfix hands mail over by LMTP."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from tests.flows.stage import Script, running, wait_for, wire
from tests.needs import needs
from tests.servers.postfix import postfix

pytestmark = [needs("postfix", "root"), pytest.mark.servers]
HERE = Path(__file__).parent
CUSTOMER = "quirin@customer.example"


def test_a_mail_through_postfix_becomes_a_ticket_and_its_answer_joins(tmp_path: Path) -> None:
    config = (HERE / "config.toml").read_text()
    with running(tmp_path, config) as house, postfix(house.smtp_port) as server:
        mail = wire(Script(HERE, house).mail("customer"))

        with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client:
            client.sendmail(CUSTOMER, ["support@mail.example", "guess@mail.example"], mail)
        ticket = house.ticket_of(CUSTOMER)
        acknowledgement = house.letter(CUSTOMER)
        answer = f"From: {CUSTOMER}\nTo: {acknowledgement.reply_to}\nSubject: Re: {acknowledgement.subject}\n\nMore.\n"
        with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client:
            client.sendmail(CUSTOMER, [acknowledgement.reply_to], wire(answer))
        number = ticket["number"]
        wait_for(lambda: len(house.ticket(number)["posts"]) == 2, "the answer does not join")

        assert server.outcomes()["support@mail.example"] == "sent"
        assert server.outcomes()["guess@mail.example"] == "bounced"
        assert ticket["posts"][0]["text"].strip() == "Hello from behind Postfix."
        texts = [post["text"].strip() for post in house.ticket(number)["posts"]]
        assert texts == ["Hello from behind Postfix.", "More."]
        assert len(house.tickets()) == 1
