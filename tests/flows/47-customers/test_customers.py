"""Who a customer is: imported, told to the agent, kept from the customer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.stage import Stage, running

HERE = Path(__file__).parent
LIST = HERE / "customers.csv"
MONA, JENS, NINA = (f"{name}@customer.example" for name in ("mona", "jens", "nina"))
ALICE, DORA = "alice@example.com", "dora@example.com"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A running house into which the good lines of the list were imported."""
    folder = tmp_path_factory.mktemp("customers")
    (folder / "rules").symlink_to(HERE / "rules")
    with running(folder, (HERE / "config.toml").read_text(encoding="utf-8")) as stage:
        refused = stage.maild("customer", "import", str(LIST), "--json")
        assert refused.returncode == 1, refused.stderr
        document = json.loads(refused.stdout)
        assert (document["written"], document["added"]) == (False, 2)
        assert document["bad"] == [
            {"line": 6, "reason": "'not an address' is no address"},
            {"line": 7, "reason": "alice@example.com is an agent"},
        ]
        assert json.loads(stage.maild("customer", "list", "--json").stdout) == []
        taken = stage.maild("customer", "import", str(LIST), "--partial")
        assert taken.returncode == 0, taken.stderr
        assert b"customers.csv:6: 'not an address' is no address" in taken.stderr
        yield stage


def write(house: Stage, customer: str, subject: str, to: str = "support@example.com") -> int:
    before = {ticket["number"] for ticket in house.tickets()}
    house.send(f"From: {customer}\nTo: {to}\nSubject: {subject}\n\nPlease help.\n", to)
    house.settled()
    (number,) = {ticket["number"] for ticket in house.tickets()} - before
    return int(number)


def test_the_list_counts_and_a_second_import_changes_nothing(house: Stage) -> None:
    again = json.loads(house.maild("customer", "import", str(LIST), "--partial", "--json").stdout)
    mona = json.loads(house.maild("customer", "show", MONA, "--json").stdout)
    organisations = json.loads(house.maild("organisation", "list", "--json").stdout)

    assert (again["added"], again["changed"], again["same"]) == (0, 0, 2)
    assert (mona["name"], mona["organisation"]) == ("Mona Müller", "Customer Works")
    assert (mona["segment"], mona["segment_from"]) == ("enterprise", "import")
    assert [(one["name"], one["from"]) for one in organisations] == [
        ("Customer Works", "config"),
        ("Other Works", "import"),
    ]


def test_the_agent_reads_who_writes_and_the_customer_does_not(house: Stage) -> None:
    first = write(house, MONA, "A first thing")
    house.letter(ALICE, first)
    second = write(house, MONA, "A second thing")
    notice, ticket = house.letter(ALICE, second), house.ticket(second)

    assert (ticket["priority"], ticket["customer"]["segment"]) == ("high", "enterprise")
    assert ticket["tags"] == []
    for words in (
        "Mona Müller <mona@customer.example>, Customer Works (enterprise)",
        "Account by:  Alice Archer",
        "> Prefers calls in the morning.",
        f"* [Support #{first}] A first thing – new, today",
    ):
        assert words in notice.text
    for letter in house.letters(MONA):
        assert "morning" not in letter.message.as_string()


def test_a_rule_puts_a_customer_into_a_segment_for_good(house: Stage) -> None:
    write(house, NINA, "Once")
    write(house, NINA, "Twice")

    nina = json.loads(house.maild("customer", "show", NINA, "--json").stdout)

    assert (nina["segment"], nina["segment_from"]) == ("regular", "rule:old friends")
    assert [one["subject"] for one in nina["tickets"]] == ["Twice", "Once"]


def test_a_german_agent_reads_it_in_german(house: Stage) -> None:
    number = write(house, JENS, "Lieferung", "hilfe@example.com")
    notice = house.letter(DORA, number)

    assert "Jens <jens@customer.example>, Other Works (vip)" in notice.text
    assert "Betreuung:     Dora Dreyer" in notice.text
    assert "Über diesen Kunden (intern):\n> Erst nach\n> Rücksprache liefern." in notice.text
    acknowledgement = house.letter(JENS, number)
    assert acknowledgement.field("Content-Language") == "de"
    assert "Rücksprache" not in acknowledgement.message.as_string()


def test_persons_of_one_organisation_have_tickets_of_their_own(house: Stage) -> None:
    one = write(house, MONA, "About the house")
    two = write(house, JENS, "Re: About the house")

    assert one != two
    assert house.ticket(two)["customer"]["address"] == JENS


def test_explain_says_who_the_customer_is_and_who_said_so(house: Stage, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_text(f"From: {MONA}\nTo: support@example.com\nSubject: x\n\nHello.\n")

    (told,) = json.loads(house.maild("explain", "--json", str(file)).stdout)

    assert told["customer"]["because"] == "segment enterprise, from import; of Customer Works"
