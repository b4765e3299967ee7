"""What hangs on the wall, counted by the database as one would count it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert

from maild.core.ticket import State
from maild.core.wall import Due
from maild.store import wall
from maild.store.database import Database
from maild.store.deadlines import DeadlineRow, DeadlineState
from maild.store.tables import CustomerRow, TicketRow
from tests.core.scenes import ALICE, NOW

HOUR = timedelta(hours=1)


def ticket(database: Database, number: int, hours: float = 1, **more: object) -> None:
    """Write a ticket that was opened so many hours ago."""
    opened_at = NOW - hours * HOUR
    row = {
        "id": number,
        "version": 1,
        "subject": f"Subject {number}",
        "state": State.OPEN,
        "queue": "support",
        "priority": "normal",
        "tier": 1,
        "assignee": ALICE,
        "tags": [],
        "language": "en",
        "mailbox": "Support",
        "customer_id": 1,
        "created_at": opened_at,
        "updated_at": opened_at,
    }
    with database.write() as connection:
        connection.execute(insert(TicketRow).values(row | more))


def customer(database: Database) -> None:
    with database.write() as connection:
        connection.execute(
            insert(CustomerRow).values(id=1, address="anna@customer.example", created_at=NOW)
        )


def deadline(
    database: Database, number: int, kind: str, due_at: datetime, state: str, *, cycle: str = "1"
) -> None:
    with database.write() as connection:
        connection.execute(
            insert(DeadlineRow).values(
                ticket_id=number,
                kind=kind,
                cycle=cycle,
                due_at=due_at,
                state=state,
                policy="",
                policy_version="",
                priority="normal",
                claimed_by="",
                late=False,
                merged=False,
            )
        )


def test_each_ticket_is_in_one_pile_of_its_queue(database: Database) -> None:
    customer(database)
    for number, hours in enumerate((0, 23.9, 24, 71.9, 72, 167.9, 168, 9000), start=1):
        ticket(database, number, hours, assignee=ALICE if number % 2 else "")
    ticket(database, 20, 5, state=State.PENDING)
    ticket(database, 21, 5, state=State.ON_HOLD, assignee="")
    ticket(database, 22, 5, state=State.SOLVED)
    ticket(database, 23, 5, state=State.NEW, queue="elsewhere", assignee="")

    with database.read() as connection:
        support, sales, elsewhere = wall.stocks(connection, ["support", "sales"], NOW)

    assert (support.queue, support.by_age) == ("support", (2, 2, 2, 2))
    assert (support.pending, support.unassigned) == (2, 4)
    assert support.oldest_at == NOW - 9000 * HOUR
    assert (sales.by_age, sales.oldest_at) == ((0, 0, 0, 0), None)
    assert (elsewhere.queue, elsewhere.by_age) == ("elsewhere", (1, 0, 0, 0))


def numbers(found: Sequence[Due]) -> list[tuple[int, str]]:
    return [(one.number, one.kind) for one in found]


def test_what_is_over_is_told_while_it_is_waited_for(database: Database) -> None:
    customer(database)
    fired, waiting = DeadlineState.FIRED, DeadlineState.WAITING
    for number in range(1, 8):
        ticket(database, number)
    deadline(database, 1, "first_response", NOW - 2 * HOUR, fired)
    ticket(database, 30, first_response_at=NOW)
    deadline(database, 30, "first_response", NOW - 2 * HOUR, fired)
    ticket(database, 31, state=State.PENDING)
    deadline(database, 31, "next_response", NOW - 2 * HOUR, fired)
    deadline(database, 2, "next_response", NOW - 5 * HOUR, fired)
    deadline(database, 2, "next_response", NOW + HOUR, waiting, cycle="2")
    deadline(database, 3, "resolution", NOW - 9 * HOUR, fired)
    deadline(database, 4, "idle", NOW - 9 * HOUR, fired)
    deadline(database, 5, "callback", NOW + 2 * HOUR, waiting)
    deadline(database, 6, "resolution", NOW + 3 * HOUR, DeadlineState.CANCELLED)
    ticket(database, 32, state=State.SOLVED)
    deadline(database, 32, "resolution", NOW + HOUR, waiting)

    with database.read() as connection:
        count, over = wall.over(connection, 5)
        to_come = wall.to_come(connection, 5)
        shortened = wall.over(connection, 1)

    assert (count, numbers(over)) == (2, [(3, "resolution"), (1, "first_response")])
    assert numbers(to_come) == [(2, "next_response"), (5, "callback")]
    assert (shortened[0], numbers(shortened[1])) == (2, [(3, "resolution")])
    assert (over[0].subject, over[0].assignee, over[0].mailbox) == ("Subject 3", ALICE, "Support")
