"""Who takes which ticket in a simulated house, and who is away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maild.core.calendar import AROUND_THE_CLOCK
from maild.core.house import Agent, House, Mailbox, Queue
from maild.simulation.desks import Desks
from maild.simulation.model import Model
from maild.store.tally import ToDo

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ALICE = Agent(address="alice@example.com", queues=("support",))
BOB = Agent(address="bob@example.com", queues=("support",), tier=2, calendar="night and day")
CAROL = Agent(address="carol@example.com", queues=("sales",))
HOUSE = House(
    name="Example",
    domain="example.com",
    mailboxes=(Mailbox(name="Support", address="support@example.com"),),
    queues=(Queue(name="support"), Queue(name="sales")),
    agents=(ALICE, BOB, CAROL),
)
TICKET = ToDo(
    number=1,
    queue="support",
    priority="normal",
    tier=1,
    assignee="",
    mailbox="Support",
    customer="anna@customer.example",
)


@pytest.fixture
def desks() -> Desks:
    return Desks(HOUSE, (replace(AROUND_THE_CLOCK, name="night and day"),))


def test_agents_work_in_their_hours_and_not_while_they_are_away(desks: Desks) -> None:
    night = NOON + timedelta(hours=10)

    assert desks.working(NOON) == [ALICE, BOB, CAROL]
    assert desks.working(night) == [BOB]
    desks.leaves(BOB.address, night + timedelta(hours=1))
    assert desks.working(night) == []


def test_an_agent_has_one_ticket_in_hand_and_nobody_else_takes_it(desks: Desks) -> None:
    assert desks.take(ALICE, [TICKET], NOON) == TICKET

    assert desks.working(NOON) == [BOB, CAROL]
    assert desks.take(BOB, [TICKET], NOON) is None
    desks.frees(ALICE.address)
    assert desks.take(BOB, [TICKET], NOON) == TICKET


def test_the_most_urgent_is_taken_first_then_ones_own_then_the_oldest(desks: Desks) -> None:
    own = replace(TICKET, number=2, assignee=ALICE.address)
    urgent = replace(TICKET, number=3, priority="urgent")
    waiting = [TICKET, replace(TICKET, number=4), own, urgent]
    taken = []

    while (found := desks.take(ALICE, waiting, NOON)) is not None:
        taken.append(found.number)
        waiting.remove(found)

    assert taken == [3, 2, 1, 4]


def test_a_colleagues_ticket_is_taken_over_while_they_are_away(desks: Desks) -> None:
    theirs = replace(TICKET, assignee=BOB.address)

    before = desks.take(ALICE, [theirs], NOON)
    desks.leaves(BOB.address, NOON + timedelta(days=1))

    assert before is None
    assert desks.take(ALICE, [theirs], NOON) == theirs


def test_other_queues_and_higher_tiers_are_left_to_others(desks: Desks) -> None:
    raised = replace(TICKET, tier=2)

    assert desks.take(CAROL, [TICKET], NOON) is None
    assert desks.take(ALICE, [raised], NOON) is None
    assert desks.take(BOB, [raised], NOON) == raised
    assert desks.take(ALICE, [replace(TICKET, number=2, tier=3)], NOON) is not None


def test_everybody_is_away_now_and_then_in_a_year() -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)

    away = Model(1, 10).absences(start, 365)

    assert len(away) == 5
    assert all(start <= since < until <= since + timedelta(days=10) for since, until in away)
