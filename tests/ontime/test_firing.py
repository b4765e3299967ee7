"""Deadlines fire once, at their time, and only when nobody did meanwhile what they ask for."""

from __future__ import annotations

from datetime import timedelta

from maild.core.ticket import Move, State
from tests.ontime.office import ALICE, BOB, MONDAY, Desk

HOUR = timedelta(hours=1)


def test_a_new_ticket_has_its_deadlines_in_the_same_transaction(desk: Desk) -> None:
    (number,) = desk.opens()

    assert desk.waiting(number) == {
        "first_response": MONDAY + 4 * HOUR,
        "first_response.warning": MONDAY + 3.2 * HOUR,
        "resolution": MONDAY + 48 * HOUR,
        "resolution.warning": MONDAY + 38.4 * HOUR,
    }


def test_nothing_fires_before_its_time(desk: Desk) -> None:
    desk.opens()
    desk.sleep(3)

    assert desk.alarm.ring() == 0
    assert desk.mails() == []


def test_a_warning_goes_to_who_serves_the_queue_and_a_miss_to_the_lead_too(desk: Desk) -> None:
    desk.opens()
    desk.sleep(3.5)
    desk.alarm.ring()
    warned = [mail["recipient"] for mail in desk.mails()]
    desk.sleep(0.6)
    desk.alarm.ring()

    assert warned == [ALICE]
    assert sorted(mail["recipient"] for mail in desk.mails()[1:]) == [ALICE, BOB]


def test_a_deadline_fires_once_however_often_the_clock_rings(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(4.01)

    rings = [desk.alarm.ring() for _ in range(3)]

    assert rings == [1, 0, 0]
    assert len(desk.log(number, "deadline.missed")) == 1
    assert len(desk.mails(ALICE)) == 1


def test_what_was_answered_in_time_never_fires(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(3)
    desk.answers(number)
    desk.sleep(100)
    desk.alarm.ring()

    states = {row["kind"]: row["state"] for row in desk.rows(number)}
    assert states["first_response"] == "cancelled"
    assert desk.log(number, "deadline.missed") == []


def test_what_was_answered_while_the_daemon_was_down_tells_nobody(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(5)
    desk.answers(number)

    assert desk.alarm.ring() == 0
    assert desk.mails() == []


def test_a_row_that_the_log_contradicts_is_cancelled_when_it_should_fire(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(3)
    with desk.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO event (ticket_id, at, kind, actor, data) SELECT ticket_id, at,"
            " 'state.changed', '', '{\"to\": \"solved\"}' FROM event WHERE kind = 'ticket.created'"
        )
    desk.sleep(50)
    desk.alarm.ring()

    assert {row["state"] for row in desk.rows(number)} == {"cancelled"}
    assert desk.mails() == []


def test_pending_stops_the_clocks_and_the_customers_answer_starts_them_again(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(1)
    desk.answers(number)
    paused = desk.waiting(number)
    desk.sleep(10)
    desk.writes(number)

    assert paused == {}
    assert desk.waiting(number)["next_response"] == MONDAY + 15 * HOUR
    assert desk.waiting(number)["resolution"] == MONDAY + 58 * HOUR


def test_a_ticket_that_is_opened_again_does_not_miss_the_same_deadline_twice(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sleep(50)
    desk.alarm.step()
    missed = len(desk.log(number, "deadline.missed"))
    desk.moves(number, Move.SOLVE)
    desk.moves(number, Move.REOPEN)
    desk.sleep(50)
    desk.alarm.step()

    assert missed == len(desk.log(number, "deadline.missed"))


def test_a_change_of_priority_moves_the_deadlines_at_once_and_says_so(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.sets(number, "priority=urgent")

    moved = {line["kind"]: line for line in desk.log(number, "deadline.moved")}
    assert desk.waiting(number)["first_response"] == MONDAY + HOUR
    assert moved["first_response"]["why"] == "priority"
    assert "resolution" not in moved


def test_a_promised_callback_opens_the_ticket_and_tells_who_promised(desk: Desk) -> None:
    (number,) = desk.opens(assignee=ALICE)
    desk.moves(number, Move.PENDING)
    until = MONDAY + 6 * HOUR
    desk.says(number, "callback.set", until=until.isoformat())
    waiting = desk.waiting(number)
    desk.sleep(6.01)
    desk.alarm.ring()

    assert waiting == {"callback": until}
    assert desk.ticket(number).state is State.OPEN
    assert [mail["recipient"] for mail in desk.mails()] == [ALICE]


def test_a_callback_needs_no_policy_and_can_be_taken_back(desk: Desk) -> None:
    from_none = desk.office_of(desk.folder.joinpath("config.toml").read_text().split("[[sla]]")[0])
    desk.office = from_none
    (number,) = desk.opens(assignee=ALICE)
    desk.says(number, "callback.set", until=(MONDAY + HOUR).isoformat())
    waiting = desk.waiting(number)
    desk.says(number, "callback.cleared")

    assert waiting == {"callback": MONDAY + HOUR}
    assert desk.waiting(number) == {}


def test_without_policies_nothing_is_written(desk: Desk) -> None:
    desk.use(desk.folder.joinpath("config.toml").read_text().split("[[sla]]")[0])
    (number,) = desk.opens()
    desk.answers(number)

    assert desk.rows() == []
