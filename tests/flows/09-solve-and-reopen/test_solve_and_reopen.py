"""Solved with words, solved without, and opened again by the customer."""

from __future__ import annotations

from tests.flows.letter import Letter
from tests.flows.stage import Stage

ALICE = "alice@example.com"


def opened(house: Stage, customer: str) -> tuple[int, Letter]:
    house.send(
        f"From: {customer}\nTo: support@example.com\nSubject: Broken cup\n"
        f"Message-ID: <first-{customer}>\n\nThe cup arrived broken.\n"
    )
    number = int(house.ticket_of(customer)["number"])
    house.letter(customer, number)
    return number, house.letter(ALICE, number)


def answer(house: Stage, letter: Letter, sender: str, text: str) -> None:
    house.send(
        f"From: {sender}\nTo: {letter.reply_to}\nSubject: Re: {letter.subject}\n"
        f"In-Reply-To: {letter.message_id}\n\n{text}\n",
        letter.reply_to,
    )
    house.settled()


def test_with_words_the_customer_gets_them_and_may_open_it_again(house: Stage) -> None:
    customer = "gerda@customer.example"
    number, notice = opened(house, customer)

    answer(house, notice, ALICE, "#solve\nA new cup is on its way.")
    solved, told = house.ticket(number), house.letter(customer, number)
    assert "The ticket is now: solved." in house.letter(ALICE, number).text
    answer(house, told, customer, "This one is broken too.")
    reopened, notice = house.ticket(number), house.letter(ALICE, number)

    assert (solved["state"], solved["assignee"]) == ("solved", ALICE)
    assert solved["solved_at"]
    assert "A new cup is on its way." in told.text
    assert "#solve" not in told.text + told.html
    assert reopened["state"] == "open"
    assert "This one is broken too." in notice.text
    changes = [e["data"] for e in reopened["events"] if e["kind"] == "state.changed"]
    assert changes[-1] == {"from": "solved", "to": "open"}


def test_without_words_the_customer_hears_nothing(house: Stage) -> None:
    customer = "georg@customer.example"
    number, notice = opened(house, customer)

    answer(house, notice, ALICE, "#solve")

    assert house.ticket(number)["state"] == "solved"
    assert len(house.ticket(number)["posts"]) == 1
    assert not house.unread(customer)
