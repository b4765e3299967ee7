"""Tickets worked from a mail client by lines that begin with #."""

from __future__ import annotations

from tests.flows.letter import Letter
from tests.flows.stage import Json, Stage

ALICE, BOB, CARLA = "alice@example.com", "bob@example.com", "carla@example.com"


def opened(house: Stage, customer: str) -> tuple[int, Letter]:
    house.send(
        f"From: {customer}\nTo: support@example.com\nSubject: Broken cup\n\nThe cup is broken.\n"
    )
    number = int(house.ticket_of(customer)["number"])
    house.letter(customer, number)
    house.letter(BOB, number)
    return number, house.letter(ALICE, number)


def answer(house: Stage, letter: Letter, text: str, *, html: str = "") -> None:
    head = (
        f"From: {letter.recipient}\nTo: {letter.reply_to}\nSubject: Re: {letter.subject}\n"
        f"In-Reply-To: {letter.message_id}\nMIME-Version: 1.0\n"
    )
    kind, body = ("html", html) if html else ("plain", text)
    house.send(f"{head}Content-Type: text/{kind}; charset=utf-8\n\n{body}\n", letter.reply_to)
    house.settled()


def events(ticket: Json) -> list[str]:
    return [event["kind"] for event in ticket["events"]]


def test_state_and_place_are_changed_and_told(house: Stage) -> None:
    customer = "nora@customer.example"
    number, notice = opened(house, customer)

    answer(
        house, notice, "#Hold\n#Priority\u00a0high\n#tier 2\n#tag +cup \u2013none\n#assign “bob”"
    )
    ticket = house.ticket(number)
    transcript, for_bob = house.letter(ALICE, number), house.letter(BOB, number)

    assert (ticket["state"], ticket["priority"], ticket["tier"]) == ("on-hold", "high", 2)
    assert (ticket["tags"], ticket["assignee"]) == (["cup"], BOB)
    assert events(ticket)[-6:] == [
        "priority.changed",
        "tier.changed",
        "ticket.escalated",
        "tag.added",
        "ticket.assigned",
        "state.changed",
    ]
    for line in ("The ticket now belongs to Bob Baker.", "The ticket is now: on hold.", "#tier 2"):
        assert line in transcript.text
    assert transcript.field("Auto-Submitted") == "auto-generated"
    assert "This ticket is now yours" in for_bob.text
    assert "The cup is broken." in for_bob.text
    assert not house.unread(customer)


def test_a_closed_ticket_is_opened_again_by_the_agent(house: Stage) -> None:
    customer = "nils@customer.example"
    number, notice = opened(house, customer)

    answer(house, notice, "#close\nWe are done here.")
    closed = house.ticket(number)
    answer(house, notice, "#reopen")
    opened_again = house.ticket(number)

    assert (closed["state"], opened_again["state"]) == ("closed", "open")
    assert opened_again["closed_at"] is None
    assert "We are done here." in house.letter(customer, number).text
    assert not house.unread(customer)


def test_another_queue_is_told(house: Stage) -> None:
    number, notice = opened(house, "nelly@customer.example")

    answer(house, notice, "#queue orders\n#note\nShe wants to order.")
    for_carla = house.letter(CARLA, number)

    assert house.ticket(number)["queue"] == "orders"
    assert "She wants to order." in for_carla.text


def test_copies_subject_language_and_link(house: Stage) -> None:
    customer, colleague = "nick@customer.example", "colleague@customer.example"
    other, _ = opened(house, "nina@customer.example")
    number, notice = opened(house, customer)

    lines = f"#cc +{colleague}\n#subject New cup\n#lang fr\n#link #{other}\n\nBonjour !"
    answer(house, notice, lines)
    copy = house.letter(colleague, number)
    answer(house, notice, f"#cc -{colleague}\nEncore moi.")
    ticket = house.ticket(number)

    assert ticket["linked"] == other
    assert (ticket["subject"], ticket["language"]) == ("New cup", "fr")
    assert [p["address"] for p in ticket["participants"]] == [customer]
    assert copy.readers == [customer, colleague]
    assert "New cup" in copy.subject
    assert copy.field("Content-Language") == "fr"
    assert "broken" not in copy.text + copy.html
    assert not house.unread(colleague, number)


def test_an_html_answer_keeps_its_form_without_the_commands(house: Stage) -> None:
    customer = "norbert@customer.example"
    number, notice = opened(house, customer)

    html = (
        "<html><body><div>#solve</div><div>#tag&nbsp;+cup<br></div><div><br></div>"
        "<table><tr><td>1 cup</td></tr></table></body></html>"
    )
    answer(house, notice, "", html=html)
    letter, ticket = house.letter(customer, number), house.ticket(number)

    assert "<td>1 cup</td>" in letter.html
    assert "#" not in letter.text.partition("-- ")[0]
    assert "#tag" not in letter.html + letter.text
    assert (ticket["state"], ticket["tags"]) == ("solved", ["cup"])


def test_one_wrong_argument_and_nothing_is_done(house: Stage) -> None:
    customer = "nadia@customer.example"
    number, notice = opened(house, customer)

    answer(house, notice, "#solve\n#queue ordres\n\nAll is well.")
    told = house.letter(ALICE, number)

    assert "#queue ordres" in told.text
    assert "Did you mean orders?" in told.text
    assert house.ticket(number)["state"] == "new"
    assert not house.unread(customer)


def test_help_lists_every_command(house: Stage) -> None:
    number, notice = opened(house, "nele@customer.example")

    answer(house, notice, "#help")
    letter = house.letter(ALICE, number)

    assert "#assign AGENT|me|nobody" in letter.text
    assert "#escalate" in letter.html
