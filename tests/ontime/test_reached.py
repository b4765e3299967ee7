"""The log is told which clocks were reached, and in time or not: what figures are made of."""

from __future__ import annotations

from datetime import timedelta

from maild.core.kpi import Figures
from maild.core.promise import Clock
from maild.core.scorecard import Span, Wish
from maild.core.ticket import Move
from maild.store import report
from tests.ontime.office import CONFIG, MONDAY, STANDARD, Desk

HOUR = timedelta(hours=1)
WEEK = Span(start=MONDAY - HOUR, end=MONDAY + timedelta(days=7))


def figures(desk: Desk) -> Figures:
    with desk.database.read() as connection:
        return report.read(connection, Wish(whole=WEEK)).total.whole


def share(desk: Desk, clock: Clock) -> tuple[int, int]:
    found = dict(figures(desk).sla_by_clock)[clock]
    return found.hits, found.n


def test_an_answer_in_time_is_told_with_what_it_took(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(3)

    desk.answers(number)

    [told] = desk.log(number, "clock.reached")
    assert (told["clock"], told["verdict"], told["worked"]) == ("first_response", "met", "10800")
    assert share(desk, Clock.FIRST_RESPONSE) == (1, 1)
    assert figures(desk).first_response.median == 3 * 3600


def test_what_nobody_rang_for_is_missed_all_the_same(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(5)

    desk.answers(number)

    assert [told["verdict"] for told in desk.log(number, "clock.reached")] == ["missed"]
    assert share(desk, Clock.FIRST_RESPONSE) == (0, 1)


def test_what_fired_and_was_answered_later_is_missed_once(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(5)
    desk.alarm.ring()
    desk.sleep(1)

    desk.answers(number)

    assert len(desk.log(number, "deadline.missed")) == 1
    assert share(desk, Clock.FIRST_RESPONSE) == (0, 1)


def test_every_answer_to_a_customer_is_told(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.answers(number)
    for hours in (1, 2):
        desk.sleep(1)
        desk.writes(number)
        desk.sleep(hours)
        desk.answers(number)

    assert share(desk, Clock.NEXT_RESPONSE) == (2, 2)


def test_a_solution_is_told_again_when_it_was_none(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.moves(number, Move.SOLVE)
    desk.sleep(1)
    desk.writes(number)
    assert share(desk, Clock.RESOLUTION) == (0, 0)

    desk.sleep(1)
    desk.moves(number, Move.SOLVE)

    assert len(desk.log(number, "clock.reached")) == 2
    assert share(desk, Clock.RESOLUTION) == (1, 1)


def test_nothing_is_told_twice(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.answers(number)

    desk.says(number, "ticket.noted", text="x")
    desk.alarm.ring()

    assert len(desk.log(number, "clock.reached")) == 1


def test_other_settings_later_change_no_figure(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(3)
    desk.answers(number)
    before = figures(desk)

    desk.use(CONFIG + STANDARD.replace('normal = "4h"', 'normal = "1h"'))
    desk.alarm.ring()
    desk.sleep(0.1)
    desk.says(number, "ticket.noted", text="x")

    assert figures(desk) == before


def test_without_a_policy_there_is_no_promise_and_no_working_time(desk: Desk) -> None:
    desk.use(CONFIG)
    (number,) = desk.opens()

    desk.answers(number)

    found = figures(desk)
    assert desk.log(number, "clock.reached") == []
    assert (found.sla.n, found.first_response.n, found.first_response_working.n) == (0, 1, 0)


def test_a_promise_that_came_with_the_answer_was_none(desk: Desk) -> None:
    desk.use(CONFIG)
    (number,) = desk.opens()
    desk.use(CONFIG + STANDARD)

    desk.answers(number)

    assert [told.get("verdict", "") for told in desk.log(number, "clock.reached")] == [""]
    assert share(desk, Clock.FIRST_RESPONSE) == (0, 0)
