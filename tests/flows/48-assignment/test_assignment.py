"""Tickets find the agent who can take them, and their log says why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.stage import Stage, running

HERE = Path(__file__).parent
ALICE, BOB, FLEUR, CAROL = (f"{name}@example.com" for name in ("alice", "bob", "fleur", "carol"))
FRENCH = "Bonjour,\n\nje n’arrive pas à imprimer ma facture depuis hier. Pouvez-vous m’aider ?\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stage]:
    """A running house of three agents and one in reserve."""
    (tmp_path / "rules").symlink_to(HERE / "rules")
    with running(tmp_path, (HERE / "config.toml").read_text(encoding="utf-8")) as stage:
        yield stage


def write(
    house: Stage, name: str, subject: str = "Help", text: str = "Please help me with this.\n"
) -> dict[str, Any]:
    before = {ticket["number"] for ticket in house.tickets()}
    house.send(
        f"From: {name}@customer.example\nTo: support@example.com\nSubject: {subject}\n\n{text}"
    )
    house.settled()
    (number,) = {ticket["number"] for ticket in house.tickets()} - before
    return house.ticket(number)


def why(ticket: dict[str, Any], kind: str = "ticket.assigned") -> dict[str, str]:
    found = [event["data"] for event in ticket["events"] if event["kind"] == kind]
    return dict(found[-1])


def test_tickets_go_round_run_over_and_say_why(house: Stage) -> None:
    tickets = [write(house, f"c{n}") for n in range(6)]

    assert [one["assignee"] for one in tickets] == [ALICE, BOB, ALICE, BOB, FLEUR, CAROL]
    assert [one["queue"] for one in tickets] == ["support"] * 5 + ["backup"]
    told = why(tickets[0])
    assert told["because"] == "has the least in hand on support: 0"
    assert told["others"] == f"{FLEUR}: does not speak en; {BOB}: later in turn"
    last = why(tickets[5])
    assert last["because"].endswith("; support ran over")
    assert f"{ALICE}: full: 2 of 2" in last["others"]


def test_a_french_ticket_goes_to_who_speaks_french(house: Stage) -> None:
    ticket = write(house, "luc", "Facture", FRENCH)
    notice = house.letter(FLEUR, ticket["number"])

    assert (ticket["language"], ticket["assignee"]) == ("fr", FLEUR)
    assert "Nouveau ticket –" in notice.text
    assert notice.field("Content-Language") == "fr"


def test_a_customer_comes_back_to_the_agent_they_had(house: Stage) -> None:
    write(house, "first")
    mine = write(house, "mona")
    again = write(house, "mona", "Another thing")

    assert (mine["assignee"], again["assignee"]) == (BOB, BOB)
    assert why(again)["because"] == "had the customer's last ticket"


def test_what_nobody_can_take_stays_and_says_so(house: Stage) -> None:
    first, second, third = (write(house, f"payer{n}", "My bill") for n in range(3))

    assert [first["assignee"], second["assignee"], third["assignee"]] == [BOB, BOB, ""]
    told = why(third, "assignment.failed")
    assert told["because"] == "nobody on support, backup can take it"
    assert f"{BOB}: full: 2 of 2" in told["others"]
    assert f"{CAROL}: no skill billing" in told["others"]


def test_an_answer_to_who_is_away_goes_to_somebody_else(house: Stage) -> None:
    ticket = write(house, "nina")
    notice = house.letter(ALICE, ticket["number"])
    house.send(
        f"From: {ALICE}\nTo: {notice.reply_to}\nSubject: Re: {notice.subject}\n\nOn it.\n",
        notice.reply_to,
    )
    answer = house.letter("nina@customer.example", ticket["number"])
    assert house.maild("agent", "away", ALICE).returncode == 0

    house.send(
        f"From: nina@customer.example\nTo: {answer.reply_to}\nSubject: Re: x\n\nStill broken.\n",
        answer.reply_to,
    )
    house.settled()
    after = house.ticket(ticket["number"])

    assert (ticket["assignee"], after["assignee"]) == (ALICE, BOB)
    assert f"{ALICE}: away" in why(after)["others"]
    assert "Still broken." in house.letter(BOB, ticket["number"]).text
    assert write(house, "olga")["assignee"] == BOB


def test_who_leaves_hands_over_what_they_had(house: Stage) -> None:
    tickets = [write(house, f"d{n}") for n in range(4)]

    done = house.maild("agent", "handover", ALICE, "--json")
    rows = json.loads(done.stdout)
    house.settled()

    assert done.returncode == 0, done.stderr
    mine = [one["number"] for one in tickets if one["assignee"] == ALICE]
    assert [row["ticket"] for row in rows] == mine
    assert [row["to"] for row in rows] == [FLEUR, CAROL]
    assert [house.ticket(n)["assignee"] for n in mine] == [FLEUR, CAROL]
    assert "Ce ticket vous est désormais confié" in house.letter(FLEUR, mine[0]).text
    assert why(house.ticket(mine[0]))["because"].startswith("handed over: ")
    assert json.loads(house.maild("agent", "handover", ALICE, "--json").stdout) == []
