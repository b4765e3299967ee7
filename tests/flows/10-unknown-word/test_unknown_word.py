"""One word that is no command, and nothing is done."""

from __future__ import annotations

from tests.flows.stage import Stage

CUSTOMER, ALICE = "heidi@customer.example", "alice@example.com"


def test_the_mail_is_held_and_the_agent_is_told_the_nearest_word(house: Stage) -> None:
    house.send(f"From: {CUSTOMER}\nTo: support@example.com\nSubject: Keys\n\nI lost my keys.\n")
    number = house.ticket_of(CUSTOMER)["number"]
    house.letter(CUSTOMER, number)
    notice = house.letter(ALICE, number)

    house.send(
        f"From: {ALICE}\nTo: {notice.reply_to}\nSubject: Re: {notice.subject}\n\n"
        "#solve\n#nte\nDo not tell her yet.\n",
        notice.reply_to,
    )
    told = house.letter(ALICE, number)
    ticket = house.ticket(number)

    assert "#nte" in told.text
    assert "#note" in told.text
    assert "Do not tell her yet." in told.text
    assert told.field("Auto-Submitted") == "auto-generated"
    assert (ticket["state"], len(ticket["posts"])) == ("new", 1)
    assert not house.unread(CUSTOMER)
    held = [h for h in house.held() if "command-unknown: #nte" in h["reason"]]
    assert len(held) == 1
