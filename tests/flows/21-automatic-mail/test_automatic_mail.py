"""No machine gets an answer (RFC 3834 §2), and none of its mails is lost."""

from __future__ import annotations

from tests.flows.letter import Letter
from tests.flows.stage import Script, Stage

SUPPORT, ALICE = "support@example.com", "alice@example.com"


def opened(house: Stage, customer: str) -> tuple[int, Letter]:
    house.send(
        f"From: Nina <{customer}>\nTo: {SUPPORT}\nSubject: Question\n"
        f"Message-ID: <first-{customer}>\n\nMay I ask something?\n"
    )
    return int(house.ticket_of(customer)["number"]), house.letter(customer)


def test_an_absence_note_is_put_on_its_ticket_and_changes_nothing(
    house: Stage, script: Script
) -> None:
    customer = "noor@customer.example"
    number, acknowledgement = opened(house, customer)
    before = house.ticket(number)
    house.letter(ALICE, number)

    script.stage.send(
        script.mail(
            "absence",
            FROM=customer,
            TO=acknowledgement.reply_to,
            MESSAGE_ID=acknowledgement.message_id,
        ),
        acknowledgement.reply_to,
        sender="",
    )
    house.settled()
    ticket = house.ticket(number)

    assert [post["kind"] for post in ticket["posts"]] == ["customer", "auto"]
    assert ticket["state"] == before["state"]
    assert not house.unread(customer)
    assert not house.unread(ALICE, number)


def test_an_absence_note_that_answers_nothing_is_held(house: Stage, script: Script) -> None:
    sender = "nobody@away.example"

    script.send("absence", FROM=sender, TO=SUPPORT, MESSAGE_ID="<unknown@x.example>")
    house.settled()

    assert "automatic mail that answers nothing" in house.held()[-1]["reason"]
    assert not house.letters(sender)
    assert not [t for t in house.tickets() if t["customer"]["address"] == sender]


def test_a_newsletter_is_not_acknowledged(house: Stage, script: Script) -> None:
    script.send("newsletter")
    house.settled()

    assert not house.letters("news@list.example")


def test_a_bounce_with_our_token_is_told_to_its_ticket(house: Stage, script: Script) -> None:
    customer = "nikolaj@customer.example"
    number, acknowledgement = opened(house, customer)
    bounce = script.mail(
        "bounce",
        FROM=customer,
        NAME="token",
        TO=acknowledgement.return_path,
        MESSAGE_ID=acknowledgement.message_id,
    )

    house.send(bounce, acknowledgement.return_path, sender="")
    house.settled()
    ticket = house.ticket(number)

    assert "+" in acknowledgement.return_path
    assert [event["kind"] for event in ticket["events"]][-1] == "reply.bounced"
    assert ticket["events"][-1]["data"]["address"] == customer
    assert len(ticket["posts"]) == 1
    assert not house.unread(customer)


def test_a_bounce_without_our_token_changes_nothing(house: Stage, script: Script) -> None:
    customer = "nerina@customer.example"
    number, acknowledgement = opened(house, customer)
    before = house.ticket(number)
    bounce = script.mail(
        "bounce", FROM=customer, NAME="none", TO=SUPPORT, MESSAGE_ID=acknowledgement.message_id
    )

    house.send(bounce, SUPPORT, sender="")
    house.settled()

    assert house.ticket(number) == before
    assert "bounce-unproven" in house.held()[-1]["reason"]
    assert not house.unread(customer)


def test_our_automatic_mail_says_that_it_is_automatic(house: Stage) -> None:
    customer = "naima@customer.example"
    number, acknowledgement = opened(house, customer)
    notice = house.letter(ALICE, number)

    assert acknowledgement.field("Auto-Submitted") == "auto-replied"
    assert notice.field("Auto-Submitted") == "auto-generated"
    for letter in (acknowledgement, notice):
        assert letter.field("X-Auto-Response-Suppress") == "All"
        assert letter.return_path.startswith("support+")
        assert letter.field("Content-Language") == "en"
