"""Who has how much in hand, and whose turn it is."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from maild.core import assign
from maild.core.absence import Absence
from maild.core.house import Agent, House
from maild.core.ticket import Priority, State, Ticket
from maild.store import absence, commit, staffing
from maild.store.database import Database
from tests.store.rows import NOW, apply, new_ticket, opening

ALICE, BOB = "alice@co.example", "bob@co.example"
WAIT_SECONDS = 0.5
"""So long a node gives the other one time to make a mistake."""
TEAM = House(
    name="Co",
    domain="co.example",
    agents=(Agent(address=ALICE, capacity=1), Agent(address=BOB, capacity=1)),
)


def given(database: Database, agent: str, **more: object) -> Ticket:
    made = replace(new_ticket(), assignee=agent, **more)  # type: ignore[arg-type]
    ticket = apply(database, opening(ticket=made))
    with database.write() as connection:
        staffing.given(connection, [(None, ticket)], NOW)
    return ticket


def test_what_is_in_hand_is_counted_and_weighed(database: Database) -> None:
    given(database, ALICE, priority=Priority.URGENT)
    given(database, ALICE, state=State.PENDING)
    given(database, BOB, state=State.SOLVED)
    given(database, ALICE, state=State.ON_HOLD)
    given(database, "")

    with database.read() as connection:
        loads = {load.address: load for load in staffing.loads(connection, NOW)}
        in_hand = staffing.in_hand(connection, ALICE)

    assert (loads[ALICE].open_tickets, loads[ALICE].weight) == (2, 10 + 2)
    assert (loads[BOB].open_tickets, loads[BOB].weight) == (0, 0)
    assert (loads[BOB].last_turn, loads[ALICE].last_turn) == (3, 4)
    assert loads[ALICE].last_assigned_ticket == 4
    assert in_hand == (1, 2, 4)


def test_turns_are_given_in_order_also_within_one_transaction(database: Database) -> None:
    made = [replace(new_ticket(), number=n, assignee=who) for n, who in ((1, ALICE), (2, BOB))]
    with database.write() as connection:
        staffing.given(connection, [(None, one) for one in (*made, made[0])], NOW)
        staffing.given(connection, [(made[0], made[0])], NOW)

    with database.read() as connection:
        turns = {load.address: load.last_turn for load in staffing.loads(connection, NOW)}

    assert turns == {ALICE: 3, BOB: 2}


def test_who_is_away_is_known(database: Database) -> None:
    until = NOW + timedelta(days=2)
    told = Absence(agent=BOB, since=NOW, until=until, set_by=BOB)
    with database.write() as connection:
        absence.record(connection, [told], NOW)

    with database.read() as connection:
        assert [(one.address, one.away_until) for one in staffing.loads(connection, NOW)] == [
            (BOB, until)
        ]
        assert [one.address for one in staffing.away(connection, NOW)] == [BOB]
        assert staffing.away(connection, until) == ()


def give(database: Database, read: threading.Event, go_on: threading.Event) -> str:
    """Assign one ticket as a node does; stop between choosing and writing until told to go on."""
    with database.write() as connection:
        staffing.take_turns(connection)
        crew = assign.Crew(house=TEAM, loads=staffing.loads(connection, NOW), now=NOW)
        asked = replace(new_ticket(), queue="support")
        found = assign.choose(assign.Search(how="least-loaded", ticket=asked), crew)
        read.set()
        go_on.wait(WAIT_SECONDS)
        ticket = commit.numbered(
            connection, opening(ticket=replace(asked, assignee=found.address)), NOW
        )
        assert ticket is not None
        staffing.given(connection, [(None, ticket)], NOW)
    return found.address


def test_two_nodes_that_assign_at_once_give_nobody_too_many(database: Database) -> None:
    """The second one does not even count before the first one has written."""
    first_read, second_read, never = (threading.Event() for _ in range(3))
    with ThreadPoolExecutor(2) as nodes:
        first = nodes.submit(give, database, first_read, second_read)
        assert first_read.wait(30)
        second = nodes.submit(give, database, second_read, never)
        chosen = [first.result(60), second.result(60)]

    assert sorted(chosen) == [ALICE, BOB]
    with database.read() as connection:
        loads = {load.address: load.open_tickets for load in staffing.loads(connection, NOW)}
    assert loads == {ALICE: 1, BOB: 1}
