"""An address that gives our mail back for good is left alone until its owner writes again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import update

from maild.store import reach
from tests.flows.letter import Letter
from tests.flows.stage import Script, Stage

ALICE = "alice@example.com"
ADDRESS = reach.metadata.tables["address"]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def opened(house: Stage, customer: str) -> tuple[int, Letter, Letter]:
    """A ticket of a customer, the acknowledgement, and Alice's notice."""
    house.send(
        f"From: Rita <{customer}>\nTo: support@example.com\nSubject: Question\n"
        f"Message-ID: <first-{customer}>\n\nMay I ask something?\n"
    )
    number = int(house.ticket_of(customer)["number"])
    return number, house.letter(customer, 0), house.letter(ALICE, number)


def answer(house: Stage, notice: Letter, words: str) -> None:
    house.send(
        f"From: Alice <{ALICE}>\nTo: {notice.reply_to}\nSubject: Re: {notice.subject}\n"
        f"Message-ID: <{abs(hash(words))}@laptop.example>\n\n{words}\n",
        notice.reply_to,
    )


def returned(house: Stage, script: Script, letter: Letter, status: str = "5.1.1") -> None:
    """A mail of ours comes back to its return path, and the day of it is over."""
    bounce = script.mail(
        "bounce",
        TO=letter.return_path,
        FROM=letter.recipient,
        NAME=f"{status}-{letter.file.name}",
        MESSAGE_ID=letter.message_id,
        STATUS=status,
    )
    house.send(bounce, letter.return_path, sender="")
    house.settled()
    with house.database.write() as connection:
        connection.execute(update(ADDRESS).values(bounced_at=LONG_AGO))


def kinds(house: Stage, number: int) -> list[str]:
    return [event["kind"] for event in house.ticket(number)["events"]]


def test_three_hard_bounces_end_in_silence_and_the_customers_own_mail_ends_it(
    house: Stage, script: Script
) -> None:
    customer = "rita@customer.example"
    number, acknowledgement, notice = opened(house, customer)
    returned(house, script, acknowledgement)
    for words in ("Ask.", "Ask again."):
        answer(house, notice, words)
        latest = house.letter(customer, number)
        returned(house, script, latest)
    assert kinds(house, number)[-3:] == ["reply.bounced", "state.changed", "address.suspended"]
    assert house.ticket(number)["state"] == "open"
    while house.unread(ALICE, number):
        house.letter(ALICE, number)

    answer(house, notice, "Are you there?")
    told = house.letter(ALICE, number)

    assert customer in told.text
    assert "came back three times" in told.text
    assert "Are you there?" in told.text
    assert f"maild address release {customer}" in told.text
    assert house.ticket(number)["state"] == "open"
    assert not house.unread(customer)
    assert "reply.suspended" in kinds(house, number)
    rows = json.loads(house.maild("address", "list", "--json").stdout)
    assert [r["hard_bounces"] for r in rows if r["address"] == customer] == [3]

    house.send(
        f"From: Rita <{customer}>\nTo: {latest.reply_to}\nSubject: Re: {latest.subject}\n"
        "Message-ID: <alive@customer.example>\n\nI was away.\n",
        latest.reply_to,
    )
    answer(house, house.letter(ALICE, number), "Welcome back.")

    assert "Welcome back." in house.letter(customer, number).text
    assert "address.released" in kinds(house, number)


def test_a_full_mailbox_is_written_to_again(house: Stage, script: Script) -> None:
    customer = "rolf@customer.example"
    number, acknowledgement, notice = opened(house, customer)
    returned(house, script, acknowledgement, "4.2.2")
    for words in ("One.", "Two.", "Three."):
        answer(house, notice, words)
        returned(house, script, house.letter(customer, number), "4.2.2")

    answer(house, notice, "Four.")

    assert "Four." in house.letter(customer, number).text
    assert "address.suspended" not in kinds(house, number)


def test_an_operator_releases_an_address(house: Stage, script: Script) -> None:
    customer = "rosa@customer.example"
    number, acknowledgement, notice = opened(house, customer)
    returned(house, script, acknowledgement)
    for words in ("Red.", "Green."):
        answer(house, notice, words)
        returned(house, script, house.letter(customer, number))

    done = house.maild("address", "release", customer)
    again = house.maild("address", "release", customer)
    answer(house, notice, "Blue.")

    assert (done.returncode, again.returncode) == (0, 1)
    assert "Blue." in house.letter(customer, number).text
