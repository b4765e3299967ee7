"""What waits for working hours is taken back when somebody acts meanwhile, and only then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from maild.core.absence import Absence
from maild.core.ticket import Move
from maild.store import absence
from tests.ontime.office import ALICE, BOB, CONFIG, MONDAY, Desk

OFFICE = """
[[calendar]]
name = "office"
zone = "UTC"
hours = { mon = "08:00-16:00", tue = "08:00-16:00", wed = "08:00-16:00" }
"""
STAFF = CONFIG.replace('name = "Alice"', 'name = "Alice"\ncalendar = "office"').replace(
    'name = "Bob"', 'name = "Bob"\ncalendar = "office"'
)
HOUSE = STAFF + OFFICE + '[[sla]]\nname = "answers"\nfirst_response = "8h"\nresolution = "10h"\n'
TOLD = """
[[rule]]
name = "missed"
on = "deadline.missed"
when = 'deadline.kind == "%s"'
do = [ { notify = "lead" } ]
"""
IDLE = """
[[rule]]
name = "idle"
on = "ticket.idle"
after = "9h"
do = [ { notify = "lead" } ]
"""
POLICY = '[[sla]]\nname = "answers"\nfirst_response = "8h"\n'
LADDER = """
[[rule]]
name = "nobody acts"
on = "deadline.missed"
do = [ { note = "nobody has answered" } ]
[[rule.step]]
after = "15m"
do = [ { notify = "lead" } ]
"""
PAGED = """
[[rule]]
name = "paged"
on = "deadline.missed"
when = 'deadline.kind == "first_response"'
do = [ { page = "oncall" } ]
"""
HOOK = """
[[webhook]]
name = "oncall"
url = "https://pager.example.com/hook"
secret_file = "secret"
"""
MORNING = MONDAY.replace(hour=8) + timedelta(days=1)


def told_at_night(desk: Desk, rules: str, config: str = HOUSE, hours: float = 11) -> int:
    """Let something come due at five in the afternoon or later, when the lead has gone home."""
    (desk.folder / "secret").write_text("a secret of many characters")
    desk.use(config, rules)
    (number,) = desk.opens()
    desk.sleep(hours)
    desk.alarm.ring()
    return number


def notice(desk: Desk, recipient: str = BOB) -> Mapping[str, Any]:
    [mail] = desk.mails(recipient)
    return mail


def test_a_reminder_that_waits_for_the_morning_is_taken_back_by_an_answer(desk: Desk) -> None:
    number = told_at_night(desk, TOLD % "first_response", hours=9)
    waits = notice(desk)
    desk.answers(number)
    gone = notice(desk)

    assert (waits["state"], waits["not_before"]) == ("scheduled", MORNING)
    assert gone["state"] == "held"
    assert "somebody acted" in gone["last_error"]
    assert [line["to"] for line in desk.log(number, "notice.deferred")] == [BOB]
    assert [line["to"] for line in desk.log(number, "notice.withdrawn")] == [BOB]


def test_what_is_over_budget_before_closing_time_waits_for_the_morning(desk: Desk) -> None:
    (desk.folder / "secret").write_text("a secret of many characters")
    policy = '[[sla]]\nname = "s"\ncalendar = "office"\nfirst_response = "6h30m"\n'
    one = "reminders_per_hour = 1\npages_per_hour = 1"
    config = STAFF.replace("reminders_per_hour = 10_000", one) + OFFICE + policy + HOOK
    desk.use(config, TOLD % "first_response" + PAGED)
    desk.opens(3)
    desk.sleep(6.75)
    desk.alarm.step()

    for reader in (BOB, "webhook:oncall"):
        afternoon, *others = [mail["not_before"] for mail in desk.mails(reader)]
        assert (afternoon.day, afternoon.hour) == (MONDAY.day, 15)
        assert others == [MORNING, MORNING + timedelta(hours=1)]


def test_what_nobody_answered_is_told_in_the_morning(desk: Desk) -> None:
    number = told_at_night(desk, TOLD % "first_response")
    desk.writes(number)
    desk.sleep(1)
    desk.alarm.ring()

    assert notice(desk)["state"] == "scheduled", "the customer's second word is no answer"
    assert desk.log(number, "notice.withdrawn") == []


def test_an_answer_in_the_morning_takes_nothing_back(desk: Desk) -> None:
    number = told_at_night(desk, TOLD % "first_response")
    desk.sleep(24)
    desk.answers(number)

    assert desk.log(number, "notice.withdrawn") == []


def test_a_missed_solution_is_not_excused_by_an_answer_but_by_the_solution(desk: Desk) -> None:
    number = told_at_night(desk, TOLD % "resolution")
    desk.answers(number)
    answered = notice(desk)["state"]
    desk.moves(number, Move.SOLVE)

    assert answered == "scheduled"
    assert notice(desk)["state"] == "held"


@pytest.mark.parametrize("who", ["agent", "customer"])
def test_silence_that_ended_is_told_to_nobody(desk: Desk, who: str) -> None:
    number = told_at_night(desk, IDLE, STAFF + OFFICE)
    waits = notice(desk)["state"]
    if who == "agent":
        desk.answers(number)
    else:
        desk.writes(number)

    assert waits == "scheduled"
    assert notice(desk)["state"] == "held"


def test_a_page_that_waits_for_the_policys_hours_is_taken_back_as_well(desk: Desk) -> None:
    policy = '[[sla]]\nname = "s"\ncalendar = "office"\nfirst_response = "8h"\n'
    config = STAFF + OFFICE + policy + HOOK
    number = told_at_night(desk, PAGED, config, hours=0)
    desk.sleep(32)
    desk.alarm.ring()
    [page] = [mail for mail in desk.mails() if mail["kind"] == "page"]
    desk.answers(number)
    [gone] = [mail for mail in desk.mails() if mail["kind"] == "page"]

    assert page["state"] == "scheduled"
    assert gone["state"] == "held"


def test_one_mail_about_two_misses_is_true_as_long_as_one_of_them_is(desk: Desk) -> None:
    number = told_at_night(desk, TOLD % "first_response", hours=11)
    desk.answers(number)
    answered = notice(desk)["state"]
    desk.moves(number, Move.SOLVE)

    assert answered == "scheduled", "it tells that the ticket is not solved, too"
    assert notice(desk)["state"] == "held"


def test_a_ladders_word_is_taken_back_by_an_acknowledgement(desk: Desk) -> None:
    rules = TOLD % "first_response" + LADDER
    number = told_at_night(desk, rules, STAFF + OFFICE + POLICY, hours=9)
    desk.sleep(0.5)
    desk.alarm.ring()
    states = [mail["state"] for mail in desk.mails(BOB)]
    desk.says(number, "escalation.acknowledged")

    assert desk.log(number, "escalation.step") == [{"ladder": "nobody acts", "n": "1", "of": "1"}]
    assert states == ["scheduled", "scheduled"]
    assert [mail["state"] for mail in desk.mails(BOB)] == ["scheduled", "scheduled"], (
        "that nobody answered stays true"
    )
    desk.answers(number)
    assert [mail["state"] for mail in desk.mails(BOB)] == ["held", "held"]


def is_away(desk: Desk, agent: str, until: datetime) -> None:
    one = Absence(agent=agent, since=desk.now, until=until, set_by=agent)
    with desk.database.write() as connection:
        absence.record(connection, [one], desk.now)


def queue_told(desk: Desk, *away: str) -> list[str]:
    """Let two agents of a queue be told that nobody answered; return who was."""
    config = CONFIG.replace('queues = ["sales"]', 'queues = ["support"]')
    rules = TOLD.replace('"lead"', '"queue"') % "first_response"
    desk.use(config + '[[sla]]\nname = "answers"\nfirst_response = "1h"\n', rules)
    desk.opens()
    desk.sleep(1)
    for agent in away:
        is_away(desk, agent, desk.now + timedelta(days=7))
    desk.alarm.ring()
    return sorted(mail["recipient"] for mail in desk.mails())


def test_a_queue_is_told_without_those_who_are_away(desk: Desk) -> None:
    assert queue_told(desk, ALICE) == [BOB]


def test_when_all_are_away_all_are_told(desk: Desk) -> None:
    assert queue_told(desk, ALICE, BOB) == [ALICE, BOB]
