"""Several daemons on one database share what is due, and nobody does it twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from maild import handle
from maild.alarm import Alarm
from maild.errors import StoreBusy
from maild.store import deadlines, nodes
from tests.ontime.office import CONFIG, STANDARD, Desk, desk_in
from tests.servers.postgresql import PostgreSQL, running

TICKETS = 120
BRIEFLY = text("SET LOCAL lock_timeout = '500ms'")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """One server for all tests of this file."""
    with running() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/maild.db"
    started: PostgreSQL = request.getfixturevalue("server")
    return started.database()


@pytest.fixture
def pair(tmp_path: Path, url: str) -> Iterator[tuple[Desk, Desk]]:
    """Two offices on one database, each with a folder of its own."""
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    config = CONFIG + STANDARD
    with desk_in(folders[0], config, url) as one, desk_in(folders[1], config, url) as two:
        two.alarm = two.new_alarm("other")
        yield one, two


def drained(alarm: Alarm) -> int:
    """Ring until nothing is due; return how many tickets it was about."""
    total = 0
    while fired := alarm.ring():
        total += fired
    return total


def test_two_nodes_share_the_work_and_fire_each_deadline_once(pair: tuple[Desk, Desk]) -> None:
    one, two = pair
    numbers = one.opens(TICKETS)
    for desk in pair:
        desk.sleep(5)

    with ThreadPoolExecutor(2) as threads:
        fired = list(threads.map(drained, (one.alarm, two.alarm)))

    missed = Counter(len(one.log(number, "deadline.missed")) for number in numbers)
    assert sum(fired) == TICKETS
    assert missed == {1: TICKETS}
    assert len(one.mails()) == 2 * TICKETS
    assert len({mail["key"] for mail in one.mails()}) == 2 * TICKETS


def test_what_a_node_has_in_hand_nobody_else_takes_until_its_lease_ends(
    pair: tuple[Desk, Desk],
) -> None:
    one, two = pair
    one.opens(3)
    for desk in pair:
        desk.sleep(5)
    with one.database.write() as connection:
        taken = deadlines.claim(connection, "node", one.now, 100)
    meanwhile = two.alarm.ring()
    two.sleep(deadlines.LEASE / timedelta(hours=1) + 0.01)
    later = two.alarm.ring()

    assert (len(taken.tickets), taken.is_all) == (3, True)
    assert (meanwhile, later) == (0, 3)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_nodes_claim_one_after_the_other(pair: tuple[Desk, Desk]) -> None:
    one, two = pair
    one.opens(1)
    one.sleep(5)

    with one.database.write() as first:
        deadlines.claim(first, "node", one.now, 1)
        with pytest.raises(StoreBusy), two.database.write() as second:  # noqa: PT012 - it waits inside
            second.execute(BRIEFLY)
            deadlines.claim(second, "other", one.now, 1)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_claim_waits_for_nobody_who_has_a_deadline_in_hand(pair: tuple[Desk, Desk]) -> None:
    """They may want another of the same ticket: each would wait for the other."""
    one, two = pair
    (number,) = one.opens(1)
    one.sleep(5)
    [held, *_] = sorted(row["id"] for row in one.rows(number))

    with one.database.write() as first:
        first.execute(text("SELECT id FROM deadline WHERE id = :id FOR UPDATE"), {"id": held})
        with two.database.write() as second:
            second.execute(BRIEFLY)
            taken = deadlines.claim(second, "other", one.now, 100)

    assert taken.tickets == (number,)
    assert {row["id"] for row in one.rows() if row["claimed_by"]} == _due(one) - {held}


def test_a_node_that_starts_again_takes_back_its_own_deadlines(pair: tuple[Desk, Desk]) -> None:
    one, _ = pair
    one.opens(3)
    one.sleep(5)
    with one.database.write() as connection:
        deadlines.claim(connection, "node", one.now, 100)
    with one.database.write() as connection:
        nodes.arrive(connection, "node", "1", one.now)

    assert one.alarm.ring() == 3


def test_an_answer_and_a_deadline_at_the_same_moment_agree(pair: tuple[Desk, Desk]) -> None:
    one, two = pair
    numbers = one.opens(20)
    for desk in pair:
        desk.sleep(4.01)

    with ThreadPoolExecutor(2) as threads:
        fires = [threads.submit(handle.deadlines, one.office, [number]) for number in numbers]
        answers = [threads.submit(_answered, two, number) for number in reversed(numbers)]
        fired = {n: bool(one_.result()[n]) for n, one_ in zip(numbers, fires, strict=True)}
        for answer in answers:
            answer.result()

    for number in numbers:
        assert len(one.log(number, "deadline.missed")) == int(fired[number])
        states = {row["state"] for row in one.rows(number) if row["kind"] == "first_response"}
        assert states == {"fired" if fired[number] else "cancelled"}


def _due(desk: Desk) -> set[int]:
    return {row["id"] for row in desk.rows() if row["due_at"] <= desk.now}


def _answered(desk: Desk, number: int) -> None:
    desk.answers(number)


def test_two_nodes_plan_every_ticket_once(pair: tuple[Desk, Desk]) -> None:
    one, two = pair
    for desk in pair:
        desk.use(CONFIG)
    one.opens(230)
    for desk in pair:
        desk.use(CONFIG + STANDARD)

    with ThreadPoolExecutor(2) as threads:
        planned = list(threads.map(_planned, (one.alarm, two.alarm)))

    assert sum(planned) == 230
    assert one.count("deadline") == 4 * 230


def _planned(alarm: Alarm) -> int:
    total = 0
    while some := alarm.plan():
        total += some
    return total
