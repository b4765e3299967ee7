"""Escalation in simulated time: steps, stops, tiers, pages, and a thousand misses at once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core.ticket import Move, Priority
from maild.outbox.pieces import assemble, unpack
from tests.ontime.office import ALICE, BOB, CONFIG, STANDARD, Desk

OFFICE = """
[[calendar]]
name = "office"
zone = "UTC"
hours = { mon = "08:00-16:00", tue = "08:00-16:00", wed = "08:00-16:00" }
"""
POLICY = '[[sla]]\nname = "answers"\nfirst_response = "1h"\n'
LADDER = """
[[rule]]
name = "nobody acts"
on = "deadline.missed"
do = [ { note = "nobody has answered" }, { notify = "assignee" } ]
%s
[[rule.step]]
after = "15m"
do = [ { priority = "+1" }, { notify = "lead" } ]
[[rule.step]]
after = "30m"
every = "15m"
times = 2
do = [ { tier = "+1" }, { notify = "tier" }%s ]
"""
PLAIN = LADDER % ("", "")
PAGING = LADDER % ("", ', { page = "oncall" }')
HOOK = """
[[webhook]]
name = "oncall"
url = "https://pager.example.com/hook"
secret_file = "secret"
"""
TIERED = CONFIG.replace('name = "Bob"', 'name = "Bob"\ntier = 3') + POLICY


def text_of(mail: object) -> str:
    row = dict(mail)  # type: ignore[call-overload]
    raw = assemble(unpack(row["literal"], row["pieces"]), lambda _: b"")
    return raw.decode()


def started(desk: Desk, config: str = CONFIG + POLICY, rules: str = PLAIN) -> int:
    """Let a deadline be missed: the ladder begins."""
    (desk.folder / "secret").write_text("a secret of many characters")
    desk.use(config, rules)
    (number,) = desk.opens()
    desk.sleep(1)
    desk.alarm.ring()
    return number


def later(desk: Desk, minutes: float) -> None:
    desk.sleep(minutes / 60)
    desk.alarm.ring()


def test_the_steps_come_one_after_the_other(desk: Desk) -> None:
    number = started(desk)
    told = []
    for minutes in (14, 1, 15, 15, 600):
        later(desk, minutes)
        told.append(len(desk.log(number, "escalation.step")))

    assert told == [0, 1, 2, 3, 3]
    assert [s["n"] for s in desk.log(number, "escalation.step")] == ["1", "2", "3"]
    assert desk.ticket(number).priority is Priority.HIGH
    assert desk.ticket(number).tier == 3
    assert len(desk.log(number, "escalation.started")) == 1


def test_who_is_told_reads_why_what_was_missed_and_how_to_stop_it(desk: Desk) -> None:
    number = started(desk)
    later(desk, 15)

    [first] = desk.mails(ALICE)
    [second] = desk.mails(BOB)
    assert "nobody has answered" in text_of(first)
    assert "First response: was due" in text_of(first)
    assert "#ack" in text_of(first)
    assert "Escalation: step 1 of 3" in text_of(second)
    assert desk.log(number, "ticket.noted") == [{"text": "nobody has answered"}]


@pytest.mark.parametrize("how", ["ack", "answer", "assign", "solve", "merge"])
def test_it_stops_when_somebody_acts(desk: Desk, how: str) -> None:
    number = started(desk)
    later(desk, 15)
    acts = {
        "ack": lambda: desk.says(number, "escalation.acknowledged"),
        "answer": lambda: desk.answers(number),
        "assign": lambda: desk.sets(number, f"assignee={ALICE}"),
        "solve": lambda: desk.moves(number, Move.SOLVE),
        "merge": lambda: desk.moves(number, Move.SPAM),
    }
    acts[how]()
    later(desk, 600)

    why = {"ack": "acknowledged", "answer": "answered", "assign": "assigned", "solve": "solved"}
    assert desk.log(number, "escalation.stopped") == [
        {"ladder": "nobody acts", "why": why.get(how, "spam")}
    ]
    assert len(desk.log(number, "escalation.step")) == 1


def test_a_step_gives_the_ticket_to_who_has_least(desk: Desk) -> None:
    given = LADDER.replace('{ notify = "lead" }', '{ assign = "least-loaded" }') % ("", "")
    number = started(desk, rules=given)
    later(desk, 15)
    later(desk, 600)

    assert desk.ticket(number).assignee == ALICE
    assert len(desk.log(number, "escalation.step")) == 3


def test_a_note_or_the_customers_next_mail_stops_nothing(desk: Desk) -> None:
    number = started(desk)
    desk.writes(number)
    later(desk, 15)

    assert len(desk.log(number, "escalation.step")) == 1


def test_tiers_go_up_with_the_reason_and_an_agent_of_a_lower_one_lets_go(desk: Desk) -> None:
    config = TIERED.replace('queues = ["sales"]', 'queues = ["support"]')
    number = started(desk, config)
    desk.sets(number, f"assignee={ALICE}")
    (other,) = desk.opens(assignee=ALICE)
    desk.sleep(1)
    desk.alarm.ring()
    later(desk, 30)

    assert desk.log(other, "ticket.escalated") == [
        {"from": "1", "to": "2", "why": "nobody has answered"}
    ]
    assert desk.ticket(other).assignee == ""
    assert "Raised from tier 1 to tier 2" in text_of(desk.mails(BOB)[-1])


def test_nothing_is_due_at_night_unless_it_may_be(desk: Desk) -> None:
    policy = POLICY + 'calendar = "office"\n'
    desk.use(CONFIG + OFFICE + policy, PLAIN)
    desk.sleep(5.8)
    (number,) = desk.opens()
    desk.sleep(1)
    desk.alarm.ring()
    later(desk, 300)
    at_night = len(desk.log(number, "escalation.step"))
    desk.sleep(11.3)
    desk.alarm.ring()

    assert at_night == 0
    assert len(desk.log(number, "escalation.step")) == 1


def test_after_days_of_silence_every_step_is_taken_once_and_told_in_one_mail(desk: Desk) -> None:
    number = started(desk)
    before = len(desk.mails(BOB))
    desk.sleep(72)
    desk.restart()
    desk.alarm.step()
    desk.alarm.step()

    assert [s["n"] for s in desk.log(number, "escalation.step")] == ["1", "2", "3"]
    assert len(desk.mails(BOB)) == before + 1


def test_a_page_is_a_row_with_fixed_bytes_once_for_each_step(desk: Desk) -> None:
    number = started(desk, CONFIG + POLICY + HOOK, PAGING)
    later(desk, 30)
    later(desk, 15)

    pages = desk.mails("webhook:oncall")
    told = [json.loads(text_of(page)) for page in pages]
    assert [page["kind"] for page in pages] == ["page", "page"]
    assert [one["step"] for one in told] == [2, 3]
    assert told[0]["ticket"]["number"] == number
    assert told[0]["ticket"]["tier"] == 2
    assert told[0]["deadline"]["kind"] == "first_response"
    assert "Carla" not in text_of(pages[0])
    assert desk.log(number, "page.queued") == [{"to": "oncall"}] * 2


def test_a_webhook_that_was_taken_out_is_not_called(desk: Desk) -> None:
    number = started(desk, CONFIG + POLICY + HOOK, PAGING)
    desk.office = replace(desk.office, webhooks={})
    later(desk, 30)

    assert desk.mails("webhook:oncall") == []
    assert len(desk.log(number, "escalation.step")) == 2


def test_of_a_thousand_misses_at_once_a_lead_gets_a_bounded_number_of_mails(desk: Desk) -> None:
    capped = (CONFIG + STANDARD).replace("reminders_per_hour = 10_000", "reminders_per_hour = 5")
    desk.use(capped)
    desk.opens(40)
    desk.sleep(5)
    desk.alarm.step()

    mails = desk.mails(BOB)
    hours = Counter(-((desk.now - mail["not_before"]) // timedelta(hours=1)) for mail in mails)
    assert hours == dict.fromkeys(range(8), 5)
    assert ["A lot is coming due at once" in text_of(mail) for mail in mails[:6]] == [
        *[False] * 4,
        True,
        False,
    ]


def test_what_waits_for_its_turn_is_taken_back_by_who_acts_meanwhile(desk: Desk) -> None:
    capped = (CONFIG + STANDARD).replace("reminders_per_hour = 10_000", "reminders_per_hour = 1")
    desk.use(capped)
    numbers = desk.opens(3)
    desk.sleep(5)
    desk.alarm.step()
    first, second, third = [mail["ticket_id"] for mail in desk.mails(BOB)]
    assert sorted((first, second, third)) == numbers

    desk.answers(second)
    desk.moves(second, Move.SOLVE)

    assert [mail["state"] for mail in desk.mails(BOB)] == ["queued", "held", "scheduled"]
    assert BOB in [line["to"] for line in desk.log(second, "notice.withdrawn")]


def test_a_webhook_is_called_a_bounded_number_of_times(desk: Desk) -> None:
    config = CONFIG.replace("reminders_per_hour = 10_000", "pages_per_hour = 3") + POLICY + HOOK
    paging = '[[rule]]\nname = "p"\non = "deadline.missed"\ndo = [{ page = "oncall" }]\n'
    (desk.folder / "secret").write_text("a secret of many characters")
    desk.use(config, paging)
    numbers = desk.opens(5)
    desk.sleep(1.1)
    desk.alarm.step()

    put_off = [line for number in numbers for line in desk.log(number, "notice.deferred")]
    assert len(desk.mails("webhook:oncall")) == 5
    assert [(line["to"], line["about"]) for line in put_off] == [("oncall", "first_response")] * 2


def test_a_policy_that_goes_ends_its_ladders(desk: Desk) -> None:
    number = started(desk)
    desk.use(CONFIG + POLICY, '[[rule]]\nname = "x"\non = "deadline.missed"\ndo = [{tag = "x"}]\n')
    desk.alarm.step()
    desk.sleep(timedelta(minutes=20) / timedelta(hours=1))
    desk.alarm.step()

    assert desk.log(number, "escalation.step") == []
    assert desk.log(number, "escalation.stopped")[0]["why"] == "withdrawn"
