"""Customers and organisations in the database, and the lists that are imported."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core import roster
from maild.core.decision import Placed
from maild.core.dossier import COUNTED_MAX
from maild.core.house import Agent, House, Mailbox, Organisation
from maild.core.ticket import State
from maild.errors import NotAllowed
from maild.store import clients, customers, tickets
from maild.store import roster as stored
from maild.store.database import Database
from tests.store.rows import ANNA, NOW, apply, new_ticket, opening

HOUSE = House(
    name="Co",
    domain="co.example",
    mailboxes=(Mailbox(name="Support", address="support@co.example"),),
    agents=(Agent(address="alice@co.example", name="Alice"),),
    organisations=(
        Organisation(name="ACME", domains=("customer.example",), segment="paid"),
        Organisation(name="Sole", segment="vip", account_manager="bob@co.example"),
    ),
)
HEAD = "address,name,organisation,segment,language,account_manager,notes\n"
LIST = (
    f"{HEAD}{ANNA},Anna,,enterprise,de,alice@co.example,Likes tea.\n"
    "ben@beta.example,Ben,Beta,,,,\n"
    "cleo@sole.example,Cleo,sole,,,,\n"
    ",,Beta,premium,,alice@co.example,\n"
)


def imported(database: Database, text: str) -> tuple[int, int, int, int]:
    """Import a list; return what was added, changed, the same, and of organisations."""
    found = roster.read(text.encode(), HOUSE)
    assert found.bad == ()
    with database.write() as connection:
        plan = stored.plan(connection, found, HOUSE)
        stored.carry_out(connection, plan, NOW)
    return len(plan.added), len(plan.changed), plan.same, len(plan.organisations)


def known(database: Database, address: str) -> dict[str, object]:
    with database.read() as connection:
        return clients.one(connection, HOUSE, address)


def test_a_list_is_imported_once_however_often(database: Database) -> None:
    assert imported(database, LIST) == (3, 0, 0, 1)
    assert imported(database, LIST) == (0, 0, 3, 0)

    anna = known(database, ANNA)
    assert (anna["organisation"], anna["segment"]) == ("ACME", "enterprise")
    assert (anna["segment_from"], anna["language"], anna["notes"]) == (
        "import",
        "de",
        "Likes tea.",
    )
    ben, cleo = known(database, "ben@beta.example"), known(database, "cleo@sole.example")
    assert (ben["segment"], ben["segment_from"]) == ("premium", "organisation Beta")
    assert ben["account_manager"] == "alice@co.example"
    assert (cleo["organisation"], cleo["segment"]) == ("Sole", "vip")


def test_what_a_list_leaves_out_stays_and_what_it_empties_goes(database: Database) -> None:
    imported(database, LIST)

    assert imported(database, f"address,language\n{ANNA},fr\n") == (0, 1, 0, 0)
    assert known(database, ANNA)["notes"] == "Likes tea."
    assert imported(database, f"address,segment,notes\n{ANNA},,\n") == (0, 1, 0, 0)
    anna = known(database, ANNA)
    assert (anna["segment"], anna["notes"], anna["name"]) == ("paid", "", "Anna")


def test_what_an_operator_says_is_not_overruled_by_a_list(database: Database) -> None:
    imported(database, LIST)
    with database.write() as connection:
        clients.change(connection, HOUSE, ANNA, {"segment": "lifelong"})

    found = roster.read(LIST.encode(), HOUSE)
    with database.read() as connection:
        plan = stored.plan(connection, found, HOUSE)

    assert (plan.kept, plan.same) == (1, 3)
    assert known(database, ANNA)["segment_from"] == "operator"


def test_a_plan_alone_writes_nothing(database: Database) -> None:
    found = roster.read(LIST.encode(), HOUSE)

    with database.read() as connection:
        assert len(stored.plan(connection, found, HOUSE).added) == 3
    with pytest.raises(NotAllowed, match="no customer"):
        known(database, ANNA)


def test_a_large_list_is_compared_in_pieces(database: Database) -> None:
    lines = "".join(f"c{n}@many.example,Many\n" for n in range(1201))

    assert imported(database, f"address,organisation\n{lines}") == (1201, 0, 0, 1)
    assert imported(database, f"address,organisation\n{lines}") == (0, 0, 1201, 0)
    with database.read() as connection:
        rows = clients.organisations(connection, HOUSE)
        listed = clients.listed(connection, HOUSE, organisation="MANY")
    assert [(row["name"], row["customers"], row["from"]) for row in rows] == [
        ("ACME", 0, "config"),
        ("Many", 1201, "import"),
        ("Sole", 0, "config"),
    ]
    assert len(listed) == 1201


def test_an_operator_may_say_nothing_that_a_list_may_not(database: Database) -> None:
    imported(database, LIST)

    with database.write() as connection, pytest.raises(NotAllowed, match="two letters"):
        clients.change(connection, HOUSE, ANNA, {"language": "german"})


def test_a_ticket_carries_who_its_customer_is(database: Database) -> None:
    imported(database, LIST)
    number = apply(database, opening(ticket=new_ticket("ben@beta.example"))).number

    with database.read() as connection:
        (view,) = tickets.views(connection, [number], HOUSE, NOW)

    customer = view.ticket.customer
    assert (customer.organisation, customer.segment) == ("Beta", "premium")
    assert customer.segment_from == "organisation Beta"


@pytest.mark.parametrize(("said", "expected"), [("", "vip"), ("import", "enterprise")])
def test_what_a_rule_says_is_kept_unless_somebody_said_it(
    database: Database, said: str, expected: str
) -> None:
    apply(database, opening())
    if said:
        imported(database, f"address,segment\n{ANNA},enterprise\n")

    with database.write() as connection:
        placed = Placed(address=ANNA, segment="vip", by="rule:r")
        customers.place(connection, [placed, Placed(address=ANNA, organisation="Beta")])

    anna = known(database, ANNA)
    assert (anna["segment"], anna["organisation"]) == (expected, "Beta")


def test_a_dossier_holds_the_newest_tickets_of_one_customer(database: Database) -> None:
    for n in range(COUNTED_MAX + 2):
        at = NOW - timedelta(days=COUNTED_MAX - n)
        made = replace(new_ticket(), created_at=at, assignee="bob@co.example" if n == 3 else "")
        apply(database, opening(ticket=replace(made, state=State.SOLVED)))
    apply(database, opening(ticket=new_ticket("ben@beta.example")))

    with database.read() as connection:
        anna, nobody = customers.dossiers(connection, [ANNA.upper(), "x@y.example", ANNA])

    assert (anna.address, nobody.address, nobody.tickets) == (ANNA, "x@y.example", ())
    assert [one.number for one in anna.recent()] == [102, 101, 100, 99, 98]
    assert len(anna.tickets) == COUNTED_MAX
    assert anna.last_agent() == "bob@co.example"
    assert anna.open_tickets() == 0


def test_two_people_of_one_organisation_have_tickets_of_their_own(database: Database) -> None:
    imported(database, f"address,organisation\n{ANNA},Beta\nben@customer.example,Beta\n")
    one = apply(database, opening(ticket=new_ticket(ANNA)))
    two = apply(database, opening(ticket=new_ticket("ben@customer.example")))

    with database.read() as connection:
        anna, ben = customers.dossiers(connection, [ANNA, "ben@customer.example"])

    assert [brief.number for brief in anna.tickets] == [one.number]
    assert [brief.number for brief in ben.tickets] == [two.number]
