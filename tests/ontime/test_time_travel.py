"""Days of silence, and clocks that somebody set: each deadline fires once, and none wrongly."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from maild.alarm import ROWS_PER_CLAIM, TICKETS_PER_RING
from maild.core import steady
from tests.ontime.office import ALICE, BOB, CONFIG, MONDAY, STANDARD, Desk

TICKETS = 350
THREE_DAYS = 72


def test_after_three_days_of_silence_each_deadline_fires_once_merged_and_marked(
    desk: Desk,
) -> None:
    desk.opens(TICKETS)
    desk.sleep(THREE_DAYS)
    desk.restart()
    rows = desk.count("deadline")
    rings = []
    while fired := desk.alarm.ring():
        rings.append(fired)
        assert fired <= TICKETS_PER_RING + ROWS_PER_CLAIM
    found = desk.rows()
    told = Counter(mail["recipient"] for mail in desk.mails())
    again = desk.alarm.ring()

    assert rows == 4 * TICKETS > 1000
    assert len(rings) >= TICKETS / (TICKETS_PER_RING + ROWS_PER_CLAIM)
    assert again == 0
    assert {row["state"] for row in found} == {"fired"}
    assert all(row["late"] for row in found)
    assert Counter(row["merged"] for row in found) == {True: 2 * TICKETS, False: 2 * TICKETS}
    assert told == {ALICE: TICKETS, BOB: TICKETS}, "one mail a reader and ticket"


def test_three_stale_reminders_become_one(desk: Desk) -> None:
    wait = 'on = "ticket.idle"\nwhen = \'ticket.state == "new"\'\n'
    rules = "".join(
        f'[[rule]]\nname = "after {n} days"\n{wait}after = "{n}d"\ndo = [ {{ tag = "d{n}" }} ]\n'
        for n in (1, 2, 3)
    )
    desk.use(CONFIG, rules)
    (number,) = desk.opens()
    waiting = [row["due_at"] - MONDAY for row in desk.rows(number)]
    desk.sleep(24 * 10)
    desk.alarm.ring()

    assert waiting == [timedelta(days=n) for n in (1, 2, 3)]
    assert desk.ticket(number).tags == ("d3",)
    assert [row["merged"] for row in desk.rows(number)] == [True, True, False]


def test_the_clock_two_hours_back_gives_no_mail_twice(desk: Desk) -> None:
    desk.opens(3)
    desk.sleep(4.5)
    desk.alarm.ring()
    mails = len(desk.mails())
    desk.set_clock(desk.now - timedelta(hours=2))
    back = desk.alarm.ring()
    desk.sleep(2.1)
    later = desk.alarm.ring()

    assert mails == 6
    assert (back, later) == (0, 0)
    assert len(desk.mails()) == mails


def test_the_clock_ten_years_ahead_fires_nothing_until_it_is_right_again(desk: Desk) -> None:
    desk.opens(3)
    desk.alarm.ring()
    right = desk.now
    desk.set_clock(right.replace(year=right.year + 10))
    ahead = [desk.alarm.ring()]
    desk.sleep(24)
    ahead.append(desk.alarm.ring())
    unhealthy = desk.alarm.check()
    desk.set_clock(right + timedelta(hours=24))
    desk.alarm.ring()

    assert ahead == [0, 0]
    assert "leapt ahead" in unhealthy
    assert desk.alarm.check() == ""
    assert {row["late"] for row in desk.rows() if row["state"] == "fired"} == {True}


def test_a_start_with_a_clock_ten_years_ahead_fires_nothing_until_somebody_says_so(
    desk: Desk,
) -> None:
    desk.opens(3)
    desk.alarm.ring()
    desk.set_clock(desk.now.replace(year=desk.now.year + 10))
    desk.restart()
    started = desk.alarm.ring()
    desk.sleep(1)
    desk.alarm.ring()
    mails = desk.mails()
    desk.alarm.believe()

    assert started == 0
    assert mails == []
    assert desk.alarm.ring() == 3


@pytest.mark.parametrize(
    ("leap", "fires_after_minutes"), [(timedelta(hours=5), 11), (timedelta(seconds=90), 0)]
)
def test_a_leap_of_hours_is_believed_once_the_clock_has_stayed(
    desk: Desk, leap: timedelta, fires_after_minutes: int
) -> None:
    desk.opens()
    desk.sleep(3.98)
    desk.alarm.step()
    desk.set_clock(desk.now + leap)
    first = desk.alarm.ring()
    desk.sleep(fires_after_minutes / 60)
    second = desk.alarm.ring()

    assert (first, second) == ((0, 1) if fires_after_minutes else (1, 0))


def test_a_machine_that_slept_did_not_leap(desk: Desk) -> None:
    desk.opens()
    desk.alarm.ring()
    desk.sleep(24 * 20)

    assert desk.alarm.ring() == 1


def test_a_clock_that_is_never_seen_is_believed() -> None:
    look = steady.Look(wall=MONDAY, steady=timedelta())

    assert steady.first(look, None).is_trusted
    assert steady.first(look, MONDAY - timedelta(days=29)).is_trusted
    assert not steady.first(look, MONDAY - timedelta(days=31)).is_trusted


def test_a_new_policy_reaches_every_open_ticket_in_chunks_and_says_so(desk: Desk) -> None:
    numbers = desk.opens(250)
    desk.alarm.plan()
    desk.use(CONFIG + STANDARD.replace('normal = "4h"', 'normal = "6h"'))
    chunks = []
    while done := desk.alarm.plan():
        chunks.append(done)
    firsts = {row["due_at"] for row in desk.rows() if row["kind"] == "first_response"}

    assert sum(chunks) == 250
    assert firsts == {MONDAY + timedelta(hours=6)}
    assert {line["why"] for line in desk.log(numbers[0], "deadline.moved")} == {"policy"}
    assert desk.alarm.plan() == 0


def test_a_policy_that_goes_takes_its_deadlines_along(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.alarm.plan()
    desk.use(CONFIG)
    desk.alarm.plan()

    assert desk.waiting() == {}
    assert {line["to"] for line in desk.log(number, "deadline.moved")} == {""}
