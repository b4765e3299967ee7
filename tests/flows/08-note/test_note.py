"""A note stays in the house."""

from __future__ import annotations

from tests.flows.stage import Stage

CUSTOMER, ALICE, BOB = "frida@customer.example", "alice@example.com", "bob@example.com"


def test_no_mail_to_the_customer_knows_of_the_note(house: Stage) -> None:
    house.send(
        f"From: Frida <{CUSTOMER}>\nTo: support@example.com\nSubject: Refund\n"
        "Message-ID: <story-08-1@customer.example>\n\nI want my money back.\n"
    )
    number = house.ticket_of(CUSTOMER)["number"]
    for_alice, for_bob = house.letter(ALICE, number), house.letter(BOB, number)
    house.letter(CUSTOMER, number)

    house.send(
        f"From: {ALICE}\nTo: {for_alice.reply_to}\nSubject: Re: {for_alice.subject}\n"
        "Message-ID: <story-08-2@laptop.example.com>\n"
        f"In-Reply-To: {for_alice.message_id}\n\n#note\nShe always says that. Pay half.\n",
        for_alice.reply_to,
    )
    house.settled()
    noted = house.ticket(number)
    house.send(
        f"From: {BOB}\nTo: {for_bob.reply_to}\nSubject: Re: {for_bob.subject}\n"
        f"In-Reply-To: {for_bob.message_id}\n\nWe have paid it back today.\n",
        for_bob.reply_to,
    )
    answer = house.letter(CUSTOMER, number)

    assert (noted["state"], noted["assignee"]) == ("new", "")
    assert noted["first_response_at"] is None
    assert [post["kind"] for post in noted["posts"]] == ["customer", "note"]
    assert noted["posts"][1]["text"].strip() == "She always says that. Pay half."
    assert not house.unread(CUSTOMER)
    assert [post["kind"] for post in house.ticket(number)["posts"]][2:] == ["agent"]
    for letter in house.letters(CUSTOMER):
        whole = letter.message.as_string()
        assert "Pay half" not in letter.text + letter.html
        assert "story-08-2" not in whole
        assert "#note" not in letter.text + letter.html
    assert answer.field("In-Reply-To") != for_bob.message_id
