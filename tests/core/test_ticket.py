"""The state table, every cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maild.core.ticket import (
    MOVES,
    Customer,
    Move,
    Participant,
    State,
    Ticket,
    moved,
    next_state,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NEXT_TICKET = None
TABLE = """
                new     open    pending on-hold solved closed merged spam
customer-mail   new     open    open    open    open   NEXT   NEXT   NEXT
agent-reply     pending pending pending pending solved closed merged spam
silent          new     open    pending on-hold solved closed merged spam
solve           solved  solved  solved  solved  solved closed merged spam
close           closed  closed  closed  closed  closed closed merged spam
pending         pending pending pending pending pending closed merged spam
hold            on-hold on-hold on-hold on-hold on-hold closed merged spam
reopen          new     open    open    open    open   open   merged open
spam            spam    spam    spam    spam    spam   spam   merged spam
aged            new     open    pending on-hold closed closed merged spam
"""
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [
    (State(state), Move(row[0]), cell)
    for row in ROWS
    for state, cell in zip(HEAD, row[1:], strict=True)
]


@pytest.mark.parametrize(("state", "move", "expected"), CELLS)
def test_every_cell_of_the_state_table(state: State, move: Move, expected: str) -> None:
    found = next_state(state, move)

    assert (found.value if found else "NEXT") == expected


def test_the_table_of_the_test_has_every_cell() -> None:
    assert len(CELLS) == len(State) * len(Move)
    assert set(MOVES) == set(Move)


def _ticket(state: State, solved_at: datetime | None = None) -> Ticket:
    customer = Customer(address="a@b.example")
    return Ticket(state=state, customer=customer, created_at=NOW, solved_at=solved_at)


def test_solving_stamps_the_time_and_reopening_takes_it_off() -> None:
    solved = moved(_ticket(State.OPEN), Move.SOLVE, NOW)

    assert solved.solved_at == NOW
    assert moved(solved, Move.CUSTOMER_MAIL, NOW).solved_at is None


def test_closing_keeps_when_it_was_solved() -> None:
    before = NOW - timedelta(days=9)

    closed = moved(_ticket(State.SOLVED, before), Move.AGED, NOW)

    assert (closed.solved_at, closed.closed_at) == (before, NOW)


@pytest.mark.parametrize(("state", "move"), [(s, m) for s, m, cell in CELLS if cell == s])
def test_a_move_that_leads_nowhere_changes_nothing(state: State, move: Move) -> None:
    ticket = _ticket(state)

    assert moved(ticket, move, NOW) is ticket


def test_who_takes_part_is_found_in_any_case() -> None:
    person = Participant(address="Anna@Customer.example")
    ticket = Ticket(customer=Customer(address="x@y"), created_at=NOW, participants=(person,))

    assert ticket.participant("anna@customer.EXAMPLE") == person
    assert ticket.participant("ben@customer.example") is None


def test_tags_are_sorted_and_single() -> None:
    assert _ticket(State.NEW).with_tag("b").with_tag("a").with_tag("b").tags == ("a", "b")
