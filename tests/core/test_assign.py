"""Who gets a ticket, and why not the others."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core import assign
from maild.core.absence import FOREVER
from maild.core.assign import Choice, Crew, Search, choose
from maild.core.calendar import Calendar, Span
from maild.core.house import Agent, House, Queue
from maild.core.snapshot import AgentLoad
from maild.core.terms import LEAST_LOADED, ROUND_ROBIN, WAYS, Speaking, Terms
from maild.core.ticket import Priority, State
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
DAY = (Span(start=9 * 60, end=17 * 60),)
OFFICE = Calendar(name="office", hours=(DAY, DAY, DAY, DAY, DAY, (), ()))
EARLY = Calendar(name="early", hours=((Span(start=6 * 60, end=8 * 60),),) * 7)
NEVER = Calendar(name="never")
NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


def load(address: str, in_hand: int, newest: int, **more: object) -> AgentLoad:
    made = AgentLoad(
        address=address, open_tickets=in_hand, weight=4 * in_hand, last_assigned_ticket=newest
    )
    return replace(made, **more)  # type: ignore[arg-type]


def answer(
    how: str,
    *loads: AgentLoad,
    house: House = THREE,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    last_agent: str = "",
    now: datetime = NOW,
    **about: object,
) -> Choice:
    search = Search(how=how, ticket=ticket(**about), terms=terms, last_agent=last_agent)  # type: ignore[arg-type]
    calendars = (OFFICE, EARLY, NEVER)
    return choose(search, Crew(house=house, calendars=calendars, loads=loads, now=now))


def chosen(how: str, *loads: AgentLoad, house: House = THREE, queue: str = "support") -> str:
    choice = answer(how, *loads, house=house, queue=queue)
    assert choice.why
    return choice.address


def house_of(*agents: Agent, queues: tuple[Queue, ...] = ()) -> House:
    return replace(HOUSE, agents=agents, queues=queues or HOUSE.queues)


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


def test_one_urgent_ticket_weighs_more_than_two_that_wait() -> None:
    urgent = assign.weight(State.OPEN, Priority.URGENT)
    waiting = 2 * assign.weight(State.PENDING, Priority.NORMAL)
    loads = (load(ALICE, 1, 1, weight=urgent), load(BOB, 2, 2, weight=waiting))

    assert chosen(LEAST_LOADED, *loads) == BOB


def test_who_has_no_room_is_passed_over() -> None:
    assert chosen(LEAST_LOADED, load(ALICE, 3, 2), load(BOB, 50, 9)) == BOB


def test_queues_bind_agents() -> None:
    assert chosen(ROUND_ROBIN, load(ALICE, 0, 9), load(BOB, 0, 9), queue="sales") == CAROL


def test_nobody_is_taken_when_nobody_can() -> None:
    only = replace(THREE, agents=THREE.agents[:1])

    assert chosen(LEAST_LOADED, load(ALICE, 3, 1), house=only) == ""
    assert chosen(ROUND_ROBIN, house=replace(THREE, agents=())) == ""


UNFIT = [
    (Agent(address=ALICE, tier=1), Terms(), "tier 1"),
    (Agent(address=ALICE, tier=2), Terms(skills=("billing",)), "no skill billing"),
    (
        Agent(address=ALICE, tier=2, languages=("fr",)),
        Terms(language=Speaking.REQUIRED),
        "does not speak en",
    ),
    (Agent(address=ALICE, tier=2, calendar="never"), Terms(), "never at work"),
    (
        Agent(address=ALICE, tier=2, calendar="early"),
        Terms(at_work=True),
        "not at work before 2026-03-03 06:00 UTC",
    ),
]


@pytest.mark.parametrize(("agent", "terms", "why"), UNFIT)
def test_who_does_not_fit_is_passed_over_and_it_is_said_why(
    agent: Agent, terms: Terms, why: str
) -> None:
    choice = answer(ROUND_ROBIN, house=house_of(agent), terms=terms, tier=2)

    assert (choice.address, choice.queue) == ("", "support")
    assert choice.passed == (f"{ALICE}: {why}",)
    assert choice.why == "nobody on support can take it"


def test_an_absent_agent_gets_nothing_until_they_are_back() -> None:
    until = NOW + timedelta(days=1)
    away = load(ALICE, 0, 0, away_until=until)
    alone = house_of(Agent(address=ALICE))

    assert answer(ROUND_ROBIN, away, house=alone).passed == (
        f"{ALICE}: away until 2026-03-03 09:00 UTC",
    )
    assert answer(ALICE, away, house=alone).address == ""
    assert answer(ROUND_ROBIN, away, house=alone, now=until).address == ALICE
    gone = load(ALICE, 0, 0, away_until=FOREVER)
    assert answer(ROUND_ROBIN, gone, house=alone).passed == (f"{ALICE}: away",)


def test_a_named_agent_who_is_full_is_passed_over_for_the_fallback() -> None:
    choice = answer(ALICE, load(ALICE, 3, 1), terms=Terms(fallback=CAROL))

    assert choice.address == CAROL
    assert choice.passed == (f"{ALICE}: full: 3 of 3",)


def test_who_is_at_work_comes_before_who_is_not() -> None:
    house = house_of(Agent(address=ALICE, calendar="early"), Agent(address=BOB, calendar="office"))

    choice = answer(ROUND_ROBIN, load(BOB, 9, 9, last_turn=9), house=house)

    assert choice.address == BOB
    assert choice.passed == (f"{ALICE}: not at work at 2026-03-02 09:00 UTC",)


def test_at_night_those_get_it_who_begin_first() -> None:
    house = house_of(Agent(address=ALICE, calendar="office"), Agent(address=BOB, calendar="early"))

    assert answer(ROUND_ROBIN, house=house, now=NIGHT).address == BOB


def test_the_last_agent_of_the_customer_comes_first_where_that_is_wished() -> None:
    loads = (load(BOB, 5, 9, last_turn=9),)

    assert answer(LEAST_LOADED, *loads, terms=Terms(sticky=True), last_agent=BOB).address == BOB
    assert answer(LEAST_LOADED, *loads, last_agent=BOB).address == ALICE
    away = (load(BOB, 5, 9, away_until=FOREVER),)
    assert answer(LEAST_LOADED, *away, terms=Terms(sticky=True), last_agent=BOB).address == ALICE


def test_who_speaks_the_language_comes_first_and_else_anybody_will_do() -> None:
    house = house_of(Agent(address=ALICE), Agent(address=BOB, languages=("de", "en")))
    busy = load(BOB, 5, 5)

    assert answer(LEAST_LOADED, busy, house=house, language="de").address == BOB
    assert answer(LEAST_LOADED, busy, house=house, language="es").address == ALICE
    assert answer(LEAST_LOADED, busy, house=house, language="en").address == ALICE
    free = Terms(language=Speaking.ANY)
    assert answer(LEAST_LOADED, busy, house=house, terms=free, language="de").address == ALICE


def test_the_lowest_tier_that_will_do_comes_first() -> None:
    house = house_of(Agent(address=ALICE, tier=3), Agent(address=BOB, tier=2))

    assert answer(LEAST_LOADED, load(BOB, 9, 9), house=house, tier=2).address == BOB
    assert answer(LEAST_LOADED, house=house, tier=3).address == ALICE


QUEUES = (
    Queue(name="support", overflow="sales"),
    Queue(name="sales", overflow="third"),
    Queue(name="third", overflow="support"),
)


def test_a_full_queue_runs_over_into_the_next_and_the_ticket_with_it() -> None:
    house = house_of(
        Agent(address=ALICE, queues=("support",), capacity=1),
        Agent(address=CAROL, queues=("third",)),
        queues=QUEUES,
    )

    choice = answer(ROUND_ROBIN, load(ALICE, 1, 1), house=house)

    assert (choice.address, choice.queue) == (CAROL, "third")
    assert choice.why == "next in turn on third; support ran over"
    assert choice.passed == (f"{ALICE}: full: 1 of 1", "nobody works on sales")


def test_queues_that_run_over_in_a_circle_end() -> None:
    choice = answer(ROUND_ROBIN, house=house_of(queues=QUEUES))

    assert (choice.address, choice.queue) == ("", "support")
    assert choice.why == "nobody on support, sales, third can take it"


def test_a_rule_may_name_the_queue_that_it_runs_over_into() -> None:
    house = house_of(Agent(address=CAROL, queues=("sales",)))

    assert answer(ROUND_ROBIN, house=house, terms=Terms(overflow="sales")).queue == "sales"


def test_of_a_large_house_few_are_named() -> None:
    house = house_of(*(Agent(address=f"a{n:02}@co.example") for n in range(40)))

    passed = answer(ROUND_ROBIN, house=house).passed

    assert len(passed) == assign.SHOWN_MAX + 1
    assert passed[-1] == "and 29 more"


def test_what_is_given_and_taken_is_counted_at_once() -> None:
    before, after = ticket(assignee=ALICE), ticket(assignee=BOB, priority=Priority.URGENT)
    loads = (load(ALICE, 1, 1, last_turn=1),)

    changed = {one.address: one for one in assign.changed(loads, before, after)}

    assert (changed[ALICE].open_tickets, changed[ALICE].weight) == (0, 0)
    assert (changed[BOB].open_tickets, changed[BOB].weight, changed[BOB].last_turn) == (1, 10, 2)
    assert assign.changed(loads, before, before) == loads
    assert assign.changed(loads, None, None) == loads


AGENTS = st.lists(
    st.builds(
        lambda n, queues, capacity, tier, skills, calendar: Agent(
            address=f"a{n}@co.example",
            queues=queues,
            capacity=capacity,
            tier=tier,
            skills=skills,
            calendar=calendar,
        ),
        st.integers(0, 9),
        st.sampled_from([(), ("support",), ("sales",)]),
        st.integers(0, 3),
        st.integers(1, 3),
        st.sampled_from([(), ("billing",)]),
        st.sampled_from(["", "office", "early", "never"]),
    ),
    max_size=8,
    unique_by=lambda agent: agent.address,
)


@settings(max_examples=300, deadline=None)
@given(
    agents=AGENTS,
    asks=st.tuples(
        st.sampled_from(WAYS),
        st.sampled_from([(), ("billing",)]),
        st.sampled_from(["", "sales"]),
        st.integers(1, 3),
    ),
    seed=st.integers(0, 2**32),
    away=st.sets(st.integers(0, 9)),
    minutes=st.integers(0, 7 * 1440),
)
def test_nobody_ever_gets_what_they_cannot_take(
    agents: list[Agent],
    asks: tuple[str, tuple[str, ...], str, int],
    seed: int,
    away: set[int],
    minutes: int,
) -> None:
    """Twenty tickets come, and some of them end: whatever the order, the bounds hold."""
    how, skills, overflow, tier = asks
    chance = random.Random(seed)
    now = NOW + timedelta(minutes=minutes)
    until = now + timedelta(hours=1)
    absent = {f"a{n}@co.example" for n in away}
    loads = tuple(AgentLoad(address=one, away_until=until) for one in sorted(absent))
    terms = Terms(skills=skills, overflow=overflow)
    asked = ticket(assignee="", tier=tier)
    by_address = {agent.address: agent for agent in agents}
    given_out: list[str] = []
    for _ in range(20):
        shuffled = chance.sample(agents, len(agents))
        search = Search(how=how, ticket=asked, terms=terms)
        crews = [
            Crew(
                house=house_of(*order),
                calendars=(OFFICE, EARLY, NEVER),
                loads=tuple(chance.sample(loads, len(loads))),
                now=now,
            )
            for order in (agents, shuffled)
        ]
        choice, again = (choose(search, crew) for crew in crews)
        assert choice == again
        if not choice.address:
            continue
        agent = by_address[choice.address]
        assert agent.serves(choice.queue)
        assert choice.queue in ("support", overflow)
        assert agent.tier >= tier
        assert set(skills) <= set(agent.skills)
        assert agent.calendar != "never"
        assert agent.address not in absent
        after = replace(asked, assignee=agent.address)
        loads = assign.changed(loads, asked, after)
        given_out.append(agent.address)
        in_hand = {one.address: one.open_tickets for one in loads}
        assert agent.capacity == 0 or in_hand[agent.address] <= agent.capacity
        if chance.random() < 0.3:
            ends = given_out.pop(chance.randrange(len(given_out)))
            before = replace(asked, assignee=ends)
            loads = assign.changed(loads, before, replace(before, state=State.SOLVED))


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_equal_agents_get_equally_much(how: str, count: int) -> None:
    """Over thousands of tickets nobody is ever more than one ahead."""
    house = house_of(*(Agent(address=f"a{n}@co.example") for n in range(count)))
    loads: tuple[AgentLoad, ...] = ()
    got: Counter[str] = Counter()
    for n in range(2000):
        asked = ticket(assignee="", priority=list(Priority)[0 if how == LEAST_LOADED else n % 4])
        choice = choose(Search(how=how, ticket=asked), Crew(house=house, loads=loads, now=NOW))
        loads = assign.changed(loads, asked, replace(asked, assignee=choice.address))
        got[choice.address] += 1
        assert max(got.values()) - min(got[a.address] for a in house.agents) <= 1

    assert got.total() == 2000
