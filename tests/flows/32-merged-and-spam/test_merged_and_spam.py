"""Answers to a merged ticket go where it went; a marked sender is held, and let in again."""

from __future__ import annotations

from tests.flows.letter import Letter
from tests.flows.stage import Stage

ALICE, BOB = "alice@example.com", "bob@example.com"


def opened(house: Stage, customer: str, subject: str) -> tuple[int, Letter, Letter]:
    house.send(
        f"From: {customer}\nTo: support@example.com\nSubject: {subject}\n"
        f"Message-ID: <{subject}-{customer}>\n\nPlease help.\n"
    )
    house.settled()
    number = int(house.ticket_of(customer)["number"])
    told = house.letter(customer, number)
    house.letter(BOB, number)
    return number, told, house.letter(ALICE, number)


def answer(house: Stage, letter: Letter, text: str) -> None:
    house.send(
        f"From: {letter.recipient}\nTo: {letter.reply_to}\nSubject: Re: {letter.subject}\n\n{text}\n",
        letter.reply_to,
    )
    house.settled()


def test_answers_follow_a_merged_ticket(house: Stage) -> None:
    customer = "paul@customer.example"
    kept, _, _ = opened(house, customer, "first")
    merged, told, notice = opened(house, customer, "second")
    third, _, other_notice = opened(house, customer, "third")

    answer(house, other_notice, f"#merge {merged}")
    answer(house, notice, f"#merge #{kept}")
    answer(house, told, "Is anybody there?")
    answer(house, other_notice, "#tag followed\nYes, we are.")
    house.send(
        f"From: {customer}\nTo: support@example.com\nSubject: again\n"
        f"In-Reply-To: <third-{customer}>\n\nThank you.\n"
    )
    house.settled()
    one, two, three = house.ticket(kept), house.ticket(merged), house.ticket(third)

    assert [(t["state"], t["linked"]) for t in (two, three)] == [
        ("merged", kept),
        ("merged", merged),
    ]
    assert [post["text"].strip() for post in one["posts"]][1:] == [
        "Is anybody there?",
        "Yes, we are.",
        "Subject: again\n\nThank you.",
    ]
    assert one["tags"] == ["followed"]
    assert [e["data"] for e in one["events"] if e["kind"] == "ticket.joined"] == [
        {"from": str(merged)}
    ]
    assert "Yes, we are." in house.letter(customer, kept).text


def test_a_marked_sender_is_held_until_the_ticket_is_opened_again(house: Stage) -> None:
    customer = "peter@customer.example"
    number, told, notice = opened(house, customer, "pills")

    answer(house, notice, "#spam")
    marked = house.ticket(number)
    answer(house, told, "Buy more.")
    held = [h["reason"] for h in house.held() if "blocked" in h["reason"]]
    answer(house, notice, "#reopen")
    answer(house, told, "I am a real person.")
    ticket = house.ticket(number)

    assert marked["state"] == "spam"
    assert len(held) == 1
    assert [post["text"].strip() for post in ticket["posts"]] == [
        "Please help.",
        "I am a real person.",
    ]
    assert ticket["state"] == "open"
