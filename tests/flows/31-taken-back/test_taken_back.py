"""A reply that waits for its time can be taken back; one that has gone cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.letter import Letter
from tests.flows.stage import Stage, running

ALICE, BOB = "alice@example.com", "bob@example.com"
SECONDS = 10


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A house that lets an agent's reply wait."""
    config = (Path(__file__).parents[1] / "house.toml").read_text(encoding="utf-8")
    config = config.replace("[maild]\n", f"[maild]\nundo_seconds = {SECONDS}\n", 1)
    with running(tmp_path_factory.mktemp("patient"), config) as stage:
        yield stage


def opened(house: Stage, customer: str) -> tuple[int, Letter]:
    house.send(
        f"From: {customer}\nTo: support@example.com\nSubject: Broken cup\n\nThe cup is broken.\n"
    )
    number = int(house.ticket_of(customer)["number"])
    house.letter(customer, number)
    house.letter(BOB, number)
    return number, house.letter(ALICE, number)


def answer(house: Stage, letter: Letter, text: str) -> None:
    house.send(
        f"From: {letter.recipient}\nTo: {letter.reply_to}\nSubject: Re: {letter.subject}\n\n{text}\n",
        letter.reply_to,
    )
    house.settled()


def test_a_reply_is_taken_back_and_a_better_one_is_sent(patient: Stage) -> None:
    customer = "olga@customer.example"
    number, notice = opened(patient, customer)

    answer(patient, notice, "Throw it away.")
    before = patient.ticket(number)
    answer(patient, notice, "#undo")
    undone = patient.ticket(number)
    told = patient.letter(ALICE, number)
    answer(patient, notice, "We send you another.")
    letter = patient.letter(customer, number)

    assert (before["state"], before["assignee"]) == ("pending", ALICE)
    assert (undone["state"], undone["assignee"]) == ("new", "")
    assert undone["first_response_at"] is None
    assert [(p["kind"], p["undone"]) for p in undone["posts"]] == [
        ("customer", False),
        ("agent", True),
    ]
    assert "Your last reply was taken back" in told.text
    assert "We send you another." in letter.text
    assert [row["state"] for row in patient.outbox() if "taken back" in row["last_error"]] == [
        "held"
    ]
    first = before["posts"][1]["message_id"]
    assert first not in letter.message.as_string()
    assert not patient.unread(customer, number)


def test_what_has_gone_out_is_not_taken_back(patient: Stage) -> None:
    customer = "otto@customer.example"
    number, notice = opened(patient, customer)

    answer(patient, notice, "Throw it away.")
    patient.letter(customer, number)
    answer(patient, notice, "#undo")

    assert "has already gone out" in patient.letter(ALICE, number).text
    assert patient.ticket(number)["state"] == "pending"


def test_the_whole_ticket_and_the_list_are_sent_to_the_agent(house: Stage) -> None:
    customer = "oda@customer.example"
    number, notice = opened(house, customer)

    answer(house, notice, "#assign me\n#note\nShe is a good customer.")
    house.letter(ALICE, number)
    answer(house, notice, "#show\n#list\n#template more-information\nPlease.")
    story, letter = house.letter(ALICE, number), house.letter(customer, number)

    assert "> The cup is broken." in story.text
    assert "> She is a good customer." in story.text
    assert f"[Support #{number}] Broken cup" in story.text
    assert "Hello oda@customer.example," in letter.text
    assert "Alice Archer\r\n\r\nPlease." in letter.text or "Alice Archer\n\nPlease." in letter.text
    assert "good customer" not in letter.text + letter.html
