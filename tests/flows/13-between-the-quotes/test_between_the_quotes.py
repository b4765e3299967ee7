"""Answers that stand between the quoted lines are all there."""

from __future__ import annotations

from tests.flows.stage import Stage

CUSTOMER, ALICE = "klaus@customer.example", "alice@example.com"


def test_answers_stay_in_order_and_our_words_go(house: Stage) -> None:
    house.send(
        f"From: Klaus <{CUSTOMER}>\nTo: support@example.com\nSubject: Two things\n\n"
        "When do you open on Sundays?\n\nIs there a car park near you?\n"
    )
    number = house.ticket_of(CUSTOMER)["number"]
    house.letter(CUSTOMER, number)
    notice = house.letter(ALICE, number)
    answers = {
        "When do you open on Sundays?": "At ten.",
        "Is there a car park near you?": "Yes, behind the house.",
    }
    written = ["On Sat, Nov 21, 2026 at 10:00, Klaus via Support wrote:"]
    for line in notice.text.splitlines():
        written.append(f"> {line}")
        if line in answers:
            written += ["", answers[line], ""]

    body = "\n".join(written)
    house.send(
        f"From: {ALICE}\nTo: {notice.reply_to}\nSubject: Re: {notice.subject}\n"
        f"In-Reply-To: {notice.message_id}\n\n{body}\n",
        notice.reply_to,
    )
    told = house.letter(CUSTOMER, number)

    places = [told.text.find(part) for part in answers.values()]
    assert -1 not in places, told.text
    assert places == sorted(places)
    for ours in ("Please reply above", "How to answer", "Assigned to", "#note"):
        assert ours not in told.text, told.text
