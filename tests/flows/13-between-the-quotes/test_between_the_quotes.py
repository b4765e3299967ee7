"""Answers that stand between the quoted lines are all there."""

from __future__ import annotations

from tests.flows.letter import Letter
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


def test_what_a_customer_answers_in_blue_is_read(house: Stage) -> None:
    customer = "berta.blue@customer.example"
    house.send(f"From: Berta <{customer}>\nTo: support@example.com\nSubject: Account\n\nHelp!\n")
    number = house.ticket_of(customer)["number"]
    house.letter(customer, number)
    _answer(house, house.letter(ALICE, number), "Re: Account", "Which browser?\n\nSince when?")
    asked = house.letter(customer, number)
    quote = asked.text.replace("browser?", "browser? Quantumfox 133").replace(
        "when?", "when?\nMay"
    )
    header = (
        "Von: Support <support@example.com>\nGesendet: Sonntag, 22. November 2026 19:50\n"
        f"An: Berta\nBetreff: {asked.subject}\n"
    )

    _answer(house, asked, "URGENT: Account", f"Siehe unten in blau.\n\n{header}\n{quote}")
    notice = house.letter(ALICE, number)
    _answer(house, notice, "Re: Account", "#show\n#search quantumfox")
    shown = house.letter(ALICE, number)
    printed = house.maild("ticket", "show", str(number)).stdout.decode()

    new = notice.text.partition("Earlier on this ticket")[0]
    for text in (new, notice.html, shown.text, printed):
        assert "Subject: URGENT: Account" in text, text
        assert "Which browser? Quantumfox 133" in text, text
        assert "May" in text, text
    assert "Tickets found: 1." in shown.text


def _answer(house: Stage, letter: Letter, subject: str, text: str) -> None:
    house.send(
        f"From: {letter.recipient}\nTo: {letter.reply_to}\nSubject: {subject}\n"
        f"In-Reply-To: {letter.message_id}\n\n{text}\n",
        letter.reply_to,
    )
