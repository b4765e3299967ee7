"""A mail of ours that comes back ends there."""

from __future__ import annotations

from tests.flows.stage import Stage

CUSTOMER, ALICE = "olga@customer.example", "alice@example.com"


def test_it_is_ignored_wherever_it_comes_back_to(house: Stage) -> None:
    house.send(f"From: {CUSTOMER}\nTo: support@example.com\nSubject: Loop\n\nHello?\n")
    number = house.ticket_of(CUSTOMER)["number"]
    acknowledgement, notice = house.letter(CUSTOMER), house.letter(ALICE, number)
    house.settled()
    before, tickets = house.ticket(number), len(house.tickets())
    letters = len(house.letters())

    for letter in (acknowledgement, notice):
        raw = letter.file.read_bytes().partition(b"\r\nFrom:")[2]
        for mailbox in ("support@example.com", "orders@acme.example", letter.reply_to):
            house.send(b"From:" + raw, mailbox, sender=CUSTOMER)
    house.settled()

    assert house.ticket(number) == before
    assert len(house.tickets()) == tickets
    assert len(house.letters()) == letters
    assert house.log().count("own-loop") >= 6 or "same-mail" in house.log()
