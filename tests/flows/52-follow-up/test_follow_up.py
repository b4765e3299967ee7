"""Customers who say nothing more, over a month: reminded, closed, and welcome back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows.letter import Letter
from tests.flows.relay import relaying
from tests.flows.sleeper import Sleeper
from tests.flows.stage import Json, Stage, wait_for
from tests.needs import ROOT
from tests.ports import free_port

CONFIG = (Path(__file__).parent / "config.toml").read_text(encoding="utf-8")
ALICE = "alice@example.com"
SHIPPED = ("30-acknowledge.toml", "40-notify.toml", "50-deadlines.toml", "70-follow-up.toml")
IDLE = """
[[rule]]
name  = "nobody has answered for two working days"
on    = "ticket.idle"
after = "2 working days"
when  = 'ticket.state == "new"'
do    = [ { notify = "assignee" } ]
"""
WRITES = {
    "en": "Hello, the printer on our floor does not print any more since this morning.",
    "fr": "Bonjour, l'imprimante de notre étage n'imprime plus depuis ce matin.",
    "es": "Hola, la impresora de nuestra planta ya no imprime desde esta mañana.",
    "de": "Guten Tag, der Drucker auf unserem Stockwerk druckt seit heute früh nicht mehr.",
}
REMINDED = {
    "en": "waiting to hear from you",
    "fr": "attendons de vos nouvelles",
    "es": "espera de sus noticias",
    "de": "noch nichts von Ihnen gehört",
}
WARNED = {
    "en": "settled and close it soon",
    "fr": "la clôturerons prochainement",
    "es": "la cerraremos en breve",
    "de": "schließen sie in Kürze ab",
}
CLOSED = {
    "en": "marked your request as solved",
    "fr": "comme résolue",
    "es": "como resuelta",
    "de": "als gelöst markiert",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sleeper]:
    """Play both stories, in any order: each has tickets of its own."""
    tmp_path = tmp_path_factory.mktemp("follow-up")
    (tmp_path / "rules").mkdir()
    rules = [(ROOT / "rules" / name).read_text(encoding="utf-8") for name in SHIPPED]
    (tmp_path / "rules" / "all.toml").write_text("\n".join([*rules, IDLE]), encoding="utf-8")
    stage = Sleeper(tmp_path, CONFIG, RELAY=free_port())
    with relaying(tmp_path / "outgoing", int(str(stage.values["RELAY"]))):
        try:
            stage.start()
            yield stage
        finally:
            stage.close()


def mail(sender: str, to: str, subject: str, words: str) -> str:
    return (
        f"From: {sender}\nTo: {to}\nSubject: {subject}\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{words}\n"
    )


def answer(house: Stage, letter: Letter, words: str) -> None:
    house.send(
        mail(letter.recipient, letter.reply_to, f"Re: {letter.subject}", words), letter.reply_to
    )


def address(language: str) -> str:
    return f"{language}@customer.example"


def opens(house: Stage, customer: str, words: str) -> tuple[int, Letter]:
    """Let a customer write; return the ticket and what Alice is told."""
    house.send(mail(customer, "support@example.com", "Printer", words))
    number = int(house.ticket_of(customer)["number"])
    house.letter(customer, number)
    return number, house.letter(ALICE, number)


def told(house: Stage, numbers: dict[str, int], words: dict[str, str]) -> dict[str, Letter]:
    """Wait for what each customer is told, in their language and on their ticket."""
    letters = {code: house.letter(address(code), number) for code, number in numbers.items()}
    for code, letter in letters.items():
        assert words[code] in " ".join(letter.text.split())
        assert words[code] in " ".join(letter.html.split())
        assert letter.field("Content-Language") == code
        assert letter.field("Auto-Submitted") == "auto-generated"
    return letters


def ticket_in(house: Stage, number: int, state: str) -> Json:
    def is_there() -> bool:
        return str(house.ticket(number)["state"]) == state

    wait_for(is_there, lambda: f"{number} is not {state}\n{house.log()[-3000:]}")
    return house.ticket(number)


def newest(house: Stage, customer: str, before: int) -> Json:
    """Wait for a customer's next ticket."""

    def number() -> int:
        return int(house.ticket_of(customer)["number"])

    wait_for(lambda: number() != before, lambda: f"no new ticket\n{house.log()[-3000:]}")
    return house.ticket(number())


def test_who_keeps_silent_is_reminded_and_may_come_back(house: Sleeper) -> None:
    numbers: dict[str, int] = {}
    for code, words in WRITES.items():
        numbers[code], notice = opens(house, address(code), words)
        answer(house, notice, "Is it on?")
        house.letter(address(code), numbers[code])

    house.sleeps(3.1)
    told(house, numbers, REMINDED)
    house.sleeps(4)
    told(house, numbers, WARNED)
    house.sleeps(3)
    last = told(house, numbers, CLOSED)
    house.settled()
    solved = [ticket_in(house, number, "solved") for number in numbers.values()]

    house.sleeps(10)
    for code in numbers:
        answer(house, last[code], "It was off.")
    for number in numbers.values():
        ticket_in(house, number, "open")
        answer(house, house.letter(ALICE, number), "#solve")
        ticket_in(house, number, "solved")
    house.sleeps(15)
    for number in numbers.values():
        ticket_in(house, number, "closed")
    unread = [house.unread(address(code)) for code in numbers]
    for code in numbers:
        answer(house, last[code], f"{WRITES[code]} Again.")
    for code, number in numbers.items():
        again = newest(house, address(code), number)
        thanks = house.letter(address(code), again["number"])
        assert thanks.field("Content-Language") == code
        assert again["linked"] == number
        assert house.ticket(number)["state"] == "closed"

    assert [ticket["tags"] for ticket in solved] == [["no-answer"]] * len(numbers)
    assert unread == [[], [], [], []], "nobody hears of the end itself"


def test_a_colleague_is_reminded_of_what_nobody_did_and_of_a_promise(house: Sleeper) -> None:
    idle, _ = opens(house, "ida@customer.example", WRITES["en"])
    promised, notice = opens(house, "kim@customer.example", WRITES["en"])
    day = (datetime.now(UTC) + timedelta(days=house.days + 2)).date().isoformat()
    answer(house, notice, f"#pending until {day}\n\nWe will call you.")
    house.letter("kim@customer.example", promised)
    house.letter(ALICE, promised)

    house.sleeps(3.1)
    silence, call = house.letter(ALICE, idle), house.letter(ALICE, promised)
    house.settled()

    assert "Nothing has happened on this ticket" in silence.text
    assert "You promised to get back to the customer now" in call.text
    assert house.ticket(promised)["state"] == "open"
    assert [house.unread(ALICE, number) for number in (idle, promised)] == [[], []]
