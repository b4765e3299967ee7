"""Deadlines of many tickets fire in one transaction, and one bad ticket stops no other."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, event

from maild import alarm, handle
from maild.alarm import LATE_PER_RING, ROWS_PER_CLAIM, TOGETHER_MAX
from maild.core import ontime
from maild.core.decision import Decision
from maild.core.ontime import Firing
from maild.core.snapshot import AgentLoad, TicketView, World
from maild.store import deadlines
from maild.store.deadlines import Taken
from tests.ontime.office import CONFIG, STANDARD, Desk


def fired(desk: Desk) -> dict[int, int]:
    """How many rows of each ticket have fired."""
    found: dict[int, int] = {}
    for row in desk.rows():
        found[row["ticket_id"]] = found.get(row["ticket_id"], 0) + (row["state"] == "fired")
    return found


def test_a_bad_ticket_stops_none_of_those_that_are_due_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = desk.opens(5)
    desk.sleep(5)
    on_time = ontime.on_time

    def bad(
        firing: Firing, view: TicketView, world: World, loads: tuple[AgentLoad, ...] = ()
    ) -> Decision:
        if view.ticket.number == numbers[2]:
            raise ValueError("a bug")
        return on_time(firing, view, world, loads)

    monkeypatch.setattr(ontime, "on_time", bad)
    desk.alarm.ring()
    first = fired(desk)
    monkeypatch.undo()
    desk.sleep(0.1)
    desk.alarm.ring()

    assert first == {number: 0 if number == numbers[2] else 2 for number in numbers}
    assert fired(desk) == dict.fromkeys(numbers, 2)
    assert all(len(desk.log(number, "deadline.missed")) == 1 for number in numbers)


def test_a_customers_tickets_fire_one_after_the_other_in_one_ring(desk: Desk) -> None:
    numbers = [*desk.opens(1), *desk.opens(1), *desk.opens(2)]
    desk.sleep(5)
    together = handle.deadlines(desk.office, numbers)
    alone = handle.deadlines(desk.office, [numbers[1]])

    assert sorted(together) == [numbers[0], numbers[3]], "the customer's others wait"
    assert alone == {numbers[1]: 2}
    desk.alarm.ring()
    assert fired(desk) == dict.fromkeys(numbers, 2)


def test_a_ticket_that_is_gone_is_none_to_wait_for(desk: Desk) -> None:
    (number,) = desk.opens(1)
    desk.sleep(5)

    assert handle.deadlines(desk.office, [number, number + 1]) == {number: 2, number + 1: 0}


def test_what_is_due_just_now_is_not_kept_waiting_by_the_bound_for_late_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "RING_SECONDS", 60)
    many = LATE_PER_RING + 2 * ROWS_PER_CLAIM
    desk.opens(many)
    desk.sleep(3.21)

    assert [desk.alarm.ring(), desk.alarm.ring()] == [many, 0]


def test_no_more_late_ones_fire_in_a_ring_than_its_bound(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "RING_SECONDS", 60)
    desk.opens(LATE_PER_RING + 5)
    desk.use(CONFIG + STANDARD.replace('warn_at = ["80%"]', "warn_at = []"))
    desk.alarm.plan()
    desk.sleep(6)

    assert [desk.alarm.ring(), desk.alarm.ring()] == [LATE_PER_RING, 5]


def test_a_claim_that_is_not_full_is_a_rings_last(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: list[Taken] = []
    claim = deadlines.claim

    def counted(connection: Connection, node: str, now: datetime, most: int) -> Taken:
        claims.append(claim(connection, node, now, most))
        return claims[-1]

    monkeypatch.setattr(deadlines, "claim", counted)
    desk.opens(ROWS_PER_CLAIM + 1)
    desk.sleep(3.21)

    assert desk.alarm.ring() == ROWS_PER_CLAIM + 1
    assert [one.is_all for one in claims] == [False, True]


def statements(desk: Desk, numbers: list[int]) -> int:
    """Count what is asked of the database while these fire."""
    count = 0

    def asked(*_what: object) -> None:
        nonlocal count
        count += 1

    event.listen(desk.database.engine, "before_cursor_execute", asked)
    handle.deadlines(desk.office, numbers)
    event.remove(desk.database.engine, "before_cursor_execute", asked)
    return count


def test_many_ask_little_more_than_one(desk: Desk) -> None:
    numbers = desk.opens(TOGETHER_MAX + 1)
    desk.sleep(5)
    one = statements(desk, numbers[:1])
    many = statements(desk, numbers[1:])

    assert many < one * TOGETHER_MAX / 2
