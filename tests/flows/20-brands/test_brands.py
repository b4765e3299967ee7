"""Each mailbox speaks with its own name, address, tag and relay."""

from __future__ import annotations

from tests.flows.stage import Stage

CUSTOMER, CARLA = "mona@customer.example", "carla@example.com"


def test_an_order_is_answered_by_the_shop_and_by_nobody_else(house: Stage) -> None:
    house.send(
        f"From: Mona <{CUSTOMER}>\nTo: orders@acme.example\nSubject: Ten cups\n\nPlease send ten.\n",
        "orders@acme.example",
    )
    ticket = house.ticket_of(CUSTOMER)
    number = ticket["number"]
    acknowledgement, notice = house.letter(CUSTOMER), house.letter(CARLA, number)
    house.send(
        f"From: {CARLA}\nTo: {notice.reply_to}\nSubject: Re: {notice.subject}\n\nThey are sent.\n",
        notice.reply_to,
    )
    answer = house.letter(CUSTOMER)

    assert ticket["queue"] == "orders"
    assert acknowledgement.sender == ("Acme Shop", "orders@acme.example")
    assert answer.sender == ("Carla Cook", "orders@acme.example")
    for letter in (acknowledgement, notice, answer):
        local, _, domain = letter.reply_to.partition("@")
        assert local.startswith("orders+")
        assert domain == "acme.example"
        assert f"[Acme Shop #{number}]" in letter.subject
        assert letter.file.parents[1].name == "outgoing-acme"
        assert "Support" not in letter.message.as_string()
    assert not [
        letter for letter in house.unread("alice@example.com") if f"#{number}]" in letter.subject
    ]
