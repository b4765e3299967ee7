"""Days of silence, and clocks that somebody set: each deadline fires once, and none wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from maild.alarm import LATE_PER_RING, ROWS_PER_CLAIM
from maild.core import steady
from maild.core.ticket import Move
from tests.needs import ROOT
from tests.ontime.office import ALICE, BOB, CONFIG, MONDAY, STANDARD, Desk

UNANSWERED, WAITING, SOLVED, PROMISED = 230, 40, 40, 10
THREE_DAYS = 74
AT_TURN = 8
"""Customers who waited, and whose day to be asked came meanwhile or a little before."""
RULES = "".join(
    (ROOT / "rules" / name).read_text()
    for name in ("50-deadlines.toml", "70-follow-up.toml", "80-survey.toml")
)
IDLE = """
[[rule]]
name  = "nobody has answered for two days"
on    = "ticket.idle"
after = "2d"
when  = 'ticket.state == "new"'
do    = [ { notify = "assignee" } ]
"""


def _fills(desk: Desk) -> None:
    """Let there be tickets of all kinds on a Tuesday morning, and nothing due yet."""
    desk.use(CONFIG + STANDARD, RULES + IDLE)
    desk.alarm.step()
    for number in desk.opens(WAITING):
        desk.answers(number)
    for number in desk.opens(SOLVED, WAITING):
        desk.answers(number)
        desk.moves(number, Move.SOLVE)
    wednesday = (MONDAY + timedelta(days=2)).isoformat()
    for number in desk.opens(PROMISED, WAITING + SOLVED):
        desk.answers(number)
        desk.says(number, "callback.set", until=wednesday)
    desk.sleep(23)
    desk.alarm.step()
    assert desk.mails() == []
    desk.opens(UNANSWERED, WAITING + SOLVED + PROMISED)


def _kinds(desk: Desk, prefix: str) -> Counter[str]:
    """Count the mails to each customer whose key begins so."""
    return Counter(mail["recipient"] for mail in desk.mails() if prefix in mail["key"])


def test_after_three_days_of_silence_each_deadline_fires_once_merged_and_marked(
    desk: Desk, figures: Callable[..., None]
) -> None:
    _fills(desk)
    desk.sleep(THREE_DAYS)
    due = [row for row in desk.rows() if row["state"] == "waiting" and row["due_at"] < desk.now]
    desk.restart()
    rings, written = [], [0]
    while fired := desk.alarm.ring():
        rings.append(fired)
        written.append(len(desk.mails()))
        assert fired <= LATE_PER_RING + ROWS_PER_CLAIM
    asked = [desk.alarm.poll(), desk.alarm.poll()]
    mails = len(desk.mails())
    fired_now = [row for row in desk.rows() if row["state"] == "fired"]
    again = [desk.alarm.step()]
    desk.set_clock(desk.now - timedelta(hours=2))
    again.append(desk.alarm.step())
    desk.sleep(2.1)
    again.append(desk.alarm.step())

    figures(
        due=len(due),
        missed=len({row["id"] for row in due} - {row["id"] for row in fired_now}),
        fired_twice=sum(again),
        late_in_a_ring_at_most=float(max(rings)),
        mails=mails,
        mails_after_it=len(desk.mails()) - mails,
    )
    assert len(due) > 1000
    assert {row["id"] for row in fired_now} == {row["id"] for row in due}
    assert all(row["late"] for row in fired_now)
    # A miss speaks for its warning; the first response was missed, the resolution, and it is idle.
    assert Counter(row["merged"] for row in fired_now)[True] == 2 * UNANSWERED
    assert max(after - before for before, after in pairwise(written)) <= 2 * max(rings)
    assert (again, len(desk.mails())) == ([0, 0, 0], mails)

    told = Counter(mail["recipient"] for mail in desk.mails())
    assert told[BOB] == UNANSWERED, "the lead hears of each ticket once"
    assert told[ALICE] == UNANSWERED + PROMISED, "one mail a ticket"
    assert set(_kinds(desk, "follow-up").values()) == {1}
    assert len(_kinds(desk, "follow-up")) == WAITING
    assert set(_kinds(desk, "survey/csat").values()) == {1}
    assert len(_kinds(desk, "survey/csat")) == SOLVED
    assert asked == [AT_TURN, 0]
    assert set(_kinds(desk, "survey/nps").values()) == {1}
    assert mails == 2 * UNANSWERED + PROMISED + WAITING + SOLVED + AT_TURN


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


def test_the_clock_two_hours_back_gives_no_mail_twice(
    desk: Desk, figures: Callable[..., None]
) -> None:
    desk.opens(3)
    desk.sleep(4.5)
    desk.alarm.ring()
    mails = len(desk.mails())
    desk.set_clock(desk.now - timedelta(hours=2))
    back = desk.alarm.ring()
    desk.sleep(2.1)
    later = desk.alarm.ring()

    figures(jumps=1, wrong_mails=len(desk.mails()) - mails)
    assert mails == 6
    assert (back, later) == (0, 0)
    assert len(desk.mails()) == mails


def test_the_clock_ten_years_ahead_fires_nothing_until_it_is_right_again(
    desk: Desk, figures: Callable[..., None]
) -> None:
    desk.opens(3)
    desk.alarm.ring()
    right = desk.now
    desk.set_clock(right.replace(year=right.year + 10))
    ahead = [desk.alarm.ring()]
    desk.sleep(24)
    ahead.append(desk.alarm.ring())
    unhealthy, early = desk.alarm.clock.check(), len(desk.mails())
    desk.set_clock(right + timedelta(hours=24))
    desk.alarm.ring()

    figures(jumps=1, wrong_mails=early)
    assert (ahead, early) == ([0, 0], 0)
    assert "leapt ahead" in unhealthy
    assert desk.alarm.clock.check() == ""
    assert {row["late"] for row in desk.rows() if row["state"] == "fired"} == {True}


def test_a_start_with_a_clock_ten_years_ahead_fires_nothing_until_somebody_says_so(
    desk: Desk, figures: Callable[..., None]
) -> None:
    desk.opens(3)
    desk.alarm.ring()
    desk.set_clock(desk.now.replace(year=desk.now.year + 10))
    desk.restart()
    started = desk.alarm.ring()
    desk.sleep(1)
    desk.alarm.ring()
    mails = desk.mails()
    desk.alarm.clock.believe()

    figures(jumps=1, wrong_mails=len(mails))
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


def test_other_working_hours_move_what_is_due_and_say_so(desk: Desk) -> None:
    hours = ", ".join(f'{day} = "09:00-17:00"' for day in ("mon", "tue", "wed", "thu", "fri"))
    office = f'[[calendar]]\nname = "office"\nzone = "UTC"\nhours = {{ {hours} }}\n'
    policy = STANDARD.replace("[[sla]]", '[[sla]]\ncalendar = "office"')
    desk.use(CONFIG + office + policy)
    desk.sleep(6)
    (number,) = desk.opens()
    before = desk.waiting(number)["first_response"]
    desk.alarm.plan()
    desk.use(CONFIG + office + 'closed = ["2026-03-03"]\n' + policy)
    desk.alarm.plan()

    assert before == MONDAY + timedelta(days=1, hours=2)
    assert desk.waiting(number)["first_response"] == before + timedelta(days=1)
    moved = {line["kind"]: line["to"] for line in desk.log(number, "deadline.moved")}
    assert moved["first_response"] == (before + timedelta(days=1)).isoformat(timespec="seconds")


def test_a_policy_that_goes_takes_its_deadlines_along(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.alarm.plan()
    desk.use(CONFIG)
    desk.alarm.plan()

    assert desk.waiting() == {}
    assert {line["to"] for line in desk.log(number, "deadline.moved")} == {""}
