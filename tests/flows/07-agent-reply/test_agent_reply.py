"""The agent's answer reaches the customer, and the customer's next mail the agent."""

from __future__ import annotations

from tests.flows.stage import Script, Stage
from tests.flows.transcript import compare

CUSTOMER, COLLEAGUE, ALICE = "doris@customer.example", "egon@customer.example", "alice@example.com"


def test_the_customer_gets_it_from_the_support_address(
    house: Stage, script: Script, renew: bool
) -> None:
    script.send("customer")
    number = house.ticket_of(CUSTOMER)["number"]
    notice = house.letter(ALICE, number)
    house.letter("bob@example.com", number)
    house.letter(CUSTOMER, number)

    script.send(
        "agent",
        notice.reply_to,
        REPLY_TO=notice.reply_to,
        SUBJECT=notice.subject,
        MESSAGE_ID=notice.message_id,
        QUOTED="\n".join(f"> {line}" for line in notice.text.splitlines()),
    )
    answer, copy = house.letter(CUSTOMER, number), house.letter(COLLEAGUE, number)
    ticket = house.ticket(number)

    assert answer.sender == ("Alice Archer", "support@example.com")
    assert (ticket["state"], ticket["assignee"]) == ("pending", ALICE)
    assert ticket["first_response_at"]
    assert answer.message_id == copy.message_id
    assert answer.reply_to != copy.reply_to
    assert answer.readers == copy.readers == [CUSTOMER, COLLEAGUE]
    assert answer.field("Auto-Submitted") in ("", "no")
    for letter in (answer, copy):
        whole = letter.file.read_text()
        for secret in ("alice@example.com", "laptop.example.com", "192.0.2.77", "Mutt", "@agents"):
            assert secret not in whole
        assert "Please reply above" not in letter.text
        assert "How to answer" not in letter.text

    script.send(
        "thanks",
        answer.reply_to,
        REPLY_TO=answer.reply_to,
        SUBJECT=answer.subject,
        MESSAGE_ID=answer.message_id,
    )
    asked = house.letter(ALICE, number)

    assert "And when will it be here?" in asked.text
    (for_bob,) = house.unread("bob@example.com", number)
    assert "Alice Archer has replied to the customer and has taken the ticket" in for_bob.text
    ticket = house.ticket(number)
    assert ticket["state"] == "open"
    compare(script.folder / "expected.txt", [ticket], [answer, asked], renew=renew)


def test_past_the_reply_address_the_agents_mail_is_held_and_the_agent_asked(
    house: Stage, script: Script
) -> None:
    mail = script.mail("customer").replace("doris@", "dirk@").replace("story-07", "story-07-b")
    house.send(mail)
    number = house.ticket_of("dirk@customer.example")["number"]
    notice = house.letter(ALICE, number)

    house.send(
        f"From: {ALICE}\nTo: support@example.com\nSubject: Re: {notice.subject}\n"
        f"In-Reply-To: {notice.message_id}\n\nHere you are.\n"
    )
    told = house.letter(ALICE, number)

    assert "Did you write this?" in told.text
    assert "> Here you are." in told.text
    assert [post["kind"] for post in house.ticket(number)["posts"]] == ["customer"]
    assert "confirm-asked: agent-unproven" in house.held()[-1]["reason"]


def test_a_colleagues_token_does_not_make_an_agent(house: Stage, script: Script) -> None:
    mail = script.mail("customer").replace("doris@", "dieter@").replace("story-07", "story-07-c")
    house.send(mail)
    number = house.ticket_of("dieter@customer.example")["number"]
    notice = house.letter(ALICE, number)
    acknowledged = len(house.letters("dieter@customer.example"))

    house.send(
        f"From: mallory@customer.example\nTo: {notice.reply_to}\nSubject: Re: x\n\nPay here.\n",
        notice.reply_to,
    )
    house.settled()

    assert [post["kind"] for post in house.ticket(number)["posts"]] == ["customer"]
    assert "agent-unproven" in house.held()[-1]["reason"]
    assert not house.letters("mallory@customer.example")
    assert len(house.letters("dieter@customer.example")) <= acknowledged + 1
