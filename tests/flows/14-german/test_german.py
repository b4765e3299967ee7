"""German mail is answered in German."""

from __future__ import annotations

import pytest

from tests.flows.stage import Script, Stage
from tests.flows.transcript import compare


@pytest.mark.parametrize("mailbox", ["support@example.com", "hilfe@example.com"])
def test_the_acknowledgement_is_german(house: Stage, script: Script, mailbox: str) -> None:
    customer = f"juergen-{mailbox.partition('@')[0]}@customer.example"

    script.send("customer", mailbox, FROM=customer, TO=mailbox)
    acknowledgement = house.letter(customer)
    ticket = house.ticket_of(customer)

    assert ticket["language"] == "de"
    assert acknowledgement.field("Content-Language") == "de"
    assert "Vielen Dank" in acknowledgement.text or "vielen Dank" in acknowledgement.text
    assert "Rechnung für März fehlt" in acknowledgement.subject


def test_a_german_agent_reads_a_german_notice(house: Stage, script: Script, renew: bool) -> None:
    customer = "juergen@customer.example"

    script.send("customer", "hilfe@example.com", FROM=customer, TO="hilfe@example.com")
    ticket = house.ticket_of(customer)
    letters = [house.letter(customer), house.letter("dora@example.com", ticket["number"])]

    compare(script.folder / "expected.txt", [ticket], letters, renew=renew)
