"""Another segment is another policy: open tickets of whoever was changed follow soon, and say so."""

from __future__ import annotations

import pytest

from maild.alarm import PLANNED_PER_CHUNK
from maild.core import roster
from maild.core.ticket import Move
from maild.store import anew, clients
from maild.store import roster as stored
from tests.ontime.office import CONFIG, Desk

SEGMENTS = (
    CONFIG
    + """
[[sla]]
name = "vip"
match = 'customer.segment == "vip"'
first_response = "1h"

[[sla]]
name = "all"
first_response = "8h"
"""
)


def imports(desk: Desk, *lines: str) -> int:
    """Import a list as the command does; return how many tickets it concerns."""
    house = desk.office.world.house
    raw = "\n".join(("address,organisation,segment", *lines)).encode()
    with desk.database.write() as connection:
        wanted = stored.plan(connection, roster.read(raw, house), house)
        return stored.carry_out(connection, wanted, desk.now)


def planned(desk: Desk) -> list[int]:
    """Let the clock plan until there is nothing left; return how many tickets each time."""
    return list(iter(desk.alarm.plan, 0))


@pytest.fixture
def house(desk: Desk) -> Desk:
    desk.use(SEGMENTS)
    return desk


def test_an_import_that_changes_the_segment_moves_open_deadlines(house: Desk) -> None:
    first, second = house.opens(2)
    planned(house)
    before = house.waiting(first)["first_response"]
    concerned = imports(house, "customer0@customer.example,,vip")
    done = planned(house)
    after = house.waiting(first)["first_response"]

    assert (concerned, done) == (1, [1])
    assert (before - house.now).total_seconds() == 8 * 3600
    assert (after - house.now).total_seconds() == 3600
    [line] = house.log(first, "deadline.moved")
    assert (line["kind"], line["why"]) == ("first_response", "customer")
    assert line["to"] == after.isoformat(timespec="seconds")
    assert house.log(second, "deadline.moved") == []


def test_an_import_that_says_nothing_new_moves_nothing(house: Desk) -> None:
    house.opens(1)
    planned(house)
    imports(house, "customer0@customer.example,,vip")
    planned(house)

    assert imports(house, "customer0@customer.example,,vip") == 0
    assert planned(house) == []


def test_an_organisations_segment_moves_the_deadlines_of_its_people(house: Desk) -> None:
    (number,) = house.opens(1)
    imports(house, "customer0@customer.example,Beta,")
    planned(house)
    imports(house, ",Beta,vip")
    planned(house)

    assert (house.waiting(number)["first_response"] - house.now).total_seconds() == 3600


def test_what_an_operator_says_of_a_customer_counts_as_much(house: Desk) -> None:
    (number,) = house.opens(1)
    planned(house)
    with house.database.write() as connection:
        one = "customer0@customer.example"
        clients.change(connection, house.office.world.house, one, {"segment": "vip"})
    planned(house)

    assert [line["why"] for line in house.log(number, "deadline.moved")] == ["customer"]


def test_closed_tickets_are_left_alone(house: Desk) -> None:
    (number,) = house.opens(1)
    house.moves(number, Move.SPAM)

    assert imports(house, "customer0@customer.example,,vip") == 0


def test_many_are_taken_some_at_a_time_and_each_once(house: Desk) -> None:
    count = PLANNED_PER_CHUNK + 30
    house.opens(count)
    planned(house)
    concerned = imports(house, *(f"customer{n}@customer.example,,vip" for n in range(count)))
    done = planned(house)
    with house.database.read() as connection:
        waits = anew.waits(connection)

    assert concerned == count
    assert done == [PLANNED_PER_CHUNK, 30]
    assert not waits
    assert all(len(house.log(n, "deadline.moved")) == 1 for n in range(1, count + 1))
