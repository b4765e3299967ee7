"""Who gets a ticket."""

from __future__ import annotations

from dataclasses import replace

from maild.core.assign import Search, Staff, choose
from maild.core.house import Agent, House
from maild.core.snapshot import AgentLoad
from maild.core.terms import LEAST_LOADED, ROUND_ROBIN
from tests.core.scenes import ALICE, BOB, HOUSE, NOW, ticket

CAROL = "carol@co.example"
THREE = replace(
    HOUSE,
    agents=(
        Agent(address=ALICE, capacity=3),
        Agent(address=BOB, aliases=("bob@home.example",)),
        Agent(address=CAROL, queues=("sales",)),
    ),
)


def load(address: str, in_hand: int, newest: int) -> AgentLoad:
    return AgentLoad(
        address=address, open_tickets=in_hand, weight=4 * in_hand, last_assigned_ticket=newest
    )


def chosen(how: str, *loads: AgentLoad, house: House = THREE, queue: str = "support") -> str:
    search = Search(how=how, ticket=ticket(queue=queue))
    choice = choose(search, Staff(house=house, loads=loads, now=NOW))
    assert choice.why
    return choice.address


def test_a_named_agent_is_taken_by_the_registered_address() -> None:
    assert chosen("BOB@home.example") == BOB


def test_a_stranger_is_not_taken() -> None:
    assert chosen("eve@elsewhere.example") == ""


def test_round_robin_takes_who_was_given_nothing_for_longest() -> None:
    assert chosen(ROUND_ROBIN, load(ALICE, 0, 9), load(BOB, 5, 8)) == BOB
    assert chosen(ROUND_ROBIN, load(ALICE, 0, 9)) == BOB
    assert chosen(ROUND_ROBIN) == ALICE


def test_least_loaded_takes_who_has_the_least_and_else_the_next_in_turn() -> None:
    assert chosen(LEAST_LOADED, load(ALICE, 1, 2), load(BOB, 2, 1)) == ALICE
    assert chosen(LEAST_LOADED, load(ALICE, 1, 2), load(BOB, 1, 1)) == BOB


def test_who_has_no_room_is_passed_over() -> None:
    assert chosen(LEAST_LOADED, load(ALICE, 3, 2), load(BOB, 50, 9)) == BOB


def test_queues_bind_agents() -> None:
    assert chosen(ROUND_ROBIN, load(ALICE, 0, 9), load(BOB, 0, 9), queue="sales") == CAROL


def test_nobody_is_taken_when_nobody_can() -> None:
    only = replace(THREE, agents=THREE.agents[:1])

    assert chosen(LEAST_LOADED, load(ALICE, 3, 1), house=only) == ""
    assert chosen(ROUND_ROBIN, house=replace(THREE, agents=())) == ""
