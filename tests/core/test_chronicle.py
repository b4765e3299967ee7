"""Each figure by small logs, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from maild.core import chronicle
from maild.core.countable import Logged
from maild.core.counting import Count
from maild.core.kpi import Figures
from maild.core.promise import Clock
from maild.core.scorecard import By, Only, Report, Span, Wish

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = Span(start=MONDAY, end=MONDAY + 7 * DAY)
NEXT = Span(start=WEEK.end, end=WEEK.end + 7 * DAY)
BOTH = Span(start=WEEK.start, end=NEXT.end)
ANNA, BOB = "anna@customer.example", "bob@example.com"


class Log:
    """A log in the making; times are hours since Monday."""

    def __init__(self, at: float = 1, **data: str) -> None:
        self.lines: list[Logged] = []
        self._posts = count(1)
        self._mails = count(100)
        told = {"queue": "support", "language": "en", "segment": "free"} | data
        self.add(at, "ticket.created", ANNA, told)
        self.wrote(at, "customer")

    def add(
        self, at: float, kind: str, actor: str = "maild", data: dict[str, str] | None = None
    ) -> Log:
        when = MONDAY + at * HOUR
        self.lines.append(Logged(at=when, kind=kind, actor=actor, data=data or {}))
        return self

    def wrote(self, at: float, kind: str, **more: str) -> Log:
        actor = ANNA if kind == "customer" else BOB
        told = {"kind": kind, "n": str(next(self._posts))} | more
        return self.add(at, "post.added", actor, told)

    def state(self, at: float, to: str, actor: str = BOB) -> Log:
        return self.add(at, "state.changed", actor, {"to": to})

    def reached(self, at: float, clock: str, verdict: str, since: float = 1) -> Log:
        told = {
            "clock": clock,
            "since": (MONDAY + since * HOUR).isoformat(),
            "at": (MONDAY + at * HOUR).isoformat(),
            "worked": "600",
            "verdict": verdict,
        }
        return self.add(at, "clock.reached", "maild", told)

    def missed(self, at: float, clock: str, since: float = 1) -> Log:
        told = {"kind": clock, "since": (MONDAY + since * HOUR).isoformat()}
        return self.add(at, "deadline.missed", "maild", told)


def report(
    logs: Sequence[Log],
    span: Span = WEEK,
    by: By | None = None,
    only: Only | None = None,
) -> Report:
    counted = Count(Wish(whole=span, spans=(WEEK, NEXT), by=by, only=only or Only()))
    for log in logs:
        counted.add(chronicle.of_ticket(log.lines))
    return counted.report()


def told(*logs: Log, span: Span = WEEK) -> Figures:
    return report(logs, span).total.whole


def groups(*logs: Log, by: By) -> dict[str, Figures]:
    return {group.name: group.whole for group in report(logs, by=by).groups}


def solved_at_once(at: float = 1) -> Log:
    log = Log(at).wrote(at + 1, "agent")
    return log.state(at + 1, "solved")


def test_tickets_are_counted_when_they_are_opened() -> None:
    assert told(Log(1), Log(24), Log(7 * 24)).volume == 2
    assert told(Log(1), Log(24), Log(7 * 24), span=NEXT).volume == 1


def test_the_first_instant_belongs_to_a_period_and_the_last_does_not() -> None:
    assert told(Log(0), Log(7 * 24)).volume == 1


def test_spam_is_no_ticket() -> None:
    log = Log(1).wrote(2, "agent").state(3, "spam")

    found = told(log)

    assert (found.volume, found.backlog, found.first_response.n) == (0, 0, 0)


def test_what_was_spam_after_the_report_was_told_stays_told() -> None:
    log = Log(1).state(8 * 24, "spam")

    assert told(log).volume == 1
    assert told(log, span=BOTH).volume == 0


def test_what_is_no_spam_after_all_is_a_ticket_again() -> None:
    assert told(Log(1).state(2, "spam").state(3, "open")).volume == 1


def test_the_backlog_is_what_waits_at_the_end() -> None:
    logs = [
        Log(1),
        Log(1).state(2, "pending"),
        Log(1).state(2, "on-hold"),
        solved_at_once(),
        Log(1).state(2, "merged"),
        Log(1).state(8 * 24, "solved"),
    ]

    found = report(logs, BOTH)

    assert found.total.whole.backlog == 3
    assert [part.backlog for part in found.total.spans] == [4, 3]


def test_a_ticket_that_nothing_happened_to_waits_on() -> None:
    assert told(Log(1), span=NEXT).backlog == 1


def test_the_first_response_is_the_first_word_of_an_agent() -> None:
    log = Log(1).add(1, "template.sent", "rule:welcome").wrote(2, "note")
    log.wrote(4, "agent").wrote(9, "agent")

    found = told(log)

    assert found.first_response.n == 1
    assert found.first_response.median == 3 * 3600


def test_a_reply_that_was_taken_back_was_none() -> None:
    log = Log(1).wrote(2, "agent").add(3, "post.undone", BOB, {"kind": "agent", "n": "2"})

    assert told(log).first_response.n == 0
    assert told(log.wrote(5, "agent")).first_response.median == 4 * 3600


def test_a_reply_that_the_customer_never_got_was_none() -> None:
    log = Log(1).wrote(2, "agent").add(3, "reply.failed", data={"to": ANNA, "n": "2"})

    assert told(log).first_response.n == 0


def test_a_copy_that_was_lost_took_nothing_from_the_customer() -> None:
    log = Log(1).wrote(2, "agent")
    log.add(3, "reply.failed", data={"to": "cc@other.example", "n": "2"})

    assert told(log).first_response.n == 1


def test_a_reply_that_failed_after_the_report_was_told_stays_told() -> None:
    log = Log(1).wrote(2, "agent").add(8 * 24, "reply.failed", data={"to": ANNA, "n": "2"})

    assert told(log).first_response.n == 1
    assert told(log, span=BOTH).first_response.n == 0


def test_the_next_reply_is_the_first_when_the_first_got_lost() -> None:
    log = Log(1).wrote(2, "agent").wrote(5, "agent")
    log.add(6, "reply.failed", data={"to": ANNA, "n": "2"})

    assert told(log).first_response.median == 4 * 3600


def test_what_came_from_another_ticket_is_no_answer_here() -> None:
    log = Log(1).wrote(1, "agent", written="2026-03-01T00:00:00+00:00").wrote(9, "agent")

    assert told(log).first_response.n == 0


def test_resolution_is_told_of_the_last_time_that_it_was_solved() -> None:
    log = solved_at_once(1).state(10, "open", ANNA).state(25, "solved").state(90, "closed")

    found = told(log)

    assert (found.solved, found.resolution.n, found.resolution.mean) == (1, 1, 24 * 3600)


def test_closed_without_being_solved_is_solved() -> None:
    assert told(Log(1).state(3, "closed")).resolution.mean == 2 * 3600


def test_merged_is_not_solved() -> None:
    assert told(Log(1).state(3, "merged")).solved == 0


def test_working_time_is_told_as_it_was_written() -> None:
    log = solved_at_once().reached(2, "first_response", "met").reached(2, "resolution", "met")

    found = told(log, Log(1).wrote(2, "agent"))

    assert (found.first_response.n, found.first_response_working.n) == (2, 1)
    assert found.first_response_working.median == 600
    assert found.resolution_working.median == 600


def test_promises_are_kept_or_missed() -> None:
    kept = Log(1).wrote(2, "agent").reached(2, "first_response", "met")
    late = Log(1).wrote(9, "agent").reached(9, "first_response", "missed")
    never = Log(1).missed(5, "first_response")
    unpromised = Log(1).wrote(2, "agent").reached(2, "first_response", "")

    found = dict(told(kept, late, never, unpromised).sla_by_clock)

    assert (found[Clock.FIRST_RESPONSE].hits, found[Clock.FIRST_RESPONSE].n) == (1, 3)
    assert found[Clock.RESOLUTION].n == 0


def test_a_promise_is_missed_once() -> None:
    log = Log(1).missed(5, "first_response").wrote(9, "agent")
    log.reached(9, "first_response", "missed")

    assert (told(log).sla.hits, told(log).sla.n) == (0, 1)


def test_a_promise_that_was_missed_is_not_kept_by_a_late_answer() -> None:
    log = Log(1).missed(5, "resolution").state(8 * 24, "solved")
    log.reached(8 * 24, "resolution", "met")

    assert told(log).sla.n == 1
    assert told(log, span=NEXT).sla.n == 0


def test_every_run_of_a_clock_is_a_promise() -> None:
    log = Log(1).wrote(2, "agent")
    log.wrote(3, "customer").wrote(4, "agent").reached(4, "next_response", "met", since=3)
    log.wrote(5, "customer").missed(6, "next_response", since=5)

    assert (told(log).sla.hits, told(log).sla.n) == (1, 2)


def test_what_is_opened_again_has_not_kept_its_promise_yet() -> None:
    log = solved_at_once().reached(2, "resolution", "met").state(9, "open", ANNA)

    assert told(log).sla.n == 0
    assert told(log.missed(20, "resolution")).sla.hits == 0


def test_a_lost_reply_has_kept_no_promise_but_that_of_a_solution() -> None:
    log = solved_at_once().reached(2, "first_response", "met").reached(2, "resolution", "met")
    log.add(3, "reply.suspended", data={"to": ANNA, "n": "2"})

    found = dict(told(log).sla_by_clock)

    assert found[Clock.FIRST_RESPONSE].n == 0
    assert found[Clock.RESOLUTION].hits == 1


def test_one_answer_that_solved_is_a_first_contact_resolution() -> None:
    two = Log(1).wrote(2, "agent").wrote(3, "agent").state(3, "solved")
    asked = Log(1).wrote(2, "agent").wrote(3, "customer").state(4, "solved")
    silent = Log(1).state(3, "solved")
    later = Log(1).wrote(2, "agent").state(2, "pending").state(99, "solved", "rule:silence")

    found = told(solved_at_once(), two, asked, silent, later).first_contact

    assert (found.hits, found.n) == (2, 5)


def test_who_writes_twice_before_the_answer_is_answered_at_first_contact() -> None:
    log = Log(1).wrote(2, "customer").wrote(3, "agent").state(3, "solved")

    assert told(log).first_contact.hits == 1


def test_what_was_opened_again_was_not_solved_at_first_contact() -> None:
    log = solved_at_once().state(5, "open", BOB).state(6, "solved")

    assert (told(log).first_contact.hits, told(log).first_contact.n) == (0, 1)


def test_opened_again_counts_once_where_it_happened() -> None:
    often = solved_at_once().state(5, "open", ANNA).state(6, "solved").state(7, "open", ANNA)
    later = solved_at_once().state(8 * 24, "open", ANNA)

    first, second = (part.reopened for part in report([often, later]).total.spans)

    assert (first.hits, first.n) == (1, 2)
    assert (second.hits, second.n) == (1, 1)


def test_a_solution_that_is_taken_back_is_not_reopened() -> None:
    log = Log(1).wrote(2, "agent").state(2, "solved")
    log.add(3, "post.undone", BOB, {"kind": "agent", "n": "2"}).state(3, "new")

    found = told(log)

    assert (found.reopened.hits, found.reopened.n, found.solved) == (0, 0, 0)


def test_a_raised_tier_is_an_escalation() -> None:
    raised = Log(1).add(2, "tier.changed", BOB, {"to": "2"})
    returned = Log(1, tier="2").add(2, "tier.changed", BOB, {"to": "1"})
    opened = Log(1).add(1, "tier.changed", "rule:hard", {"to": "3"})
    old = Log(-50).add(2, "tier.changed", "operator", {"to": "2"})

    found = told(raised, returned, opened, old).escalated

    assert (found.hits, found.n) == (2, 4)


def test_what_a_rule_answered_and_nobody_touched_is_deflected() -> None:
    def answered() -> Log:
        return Log(1).add(1, "template.sent", "rule:password", {"template": "password"})

    alone = answered().state(99, "solved", "rule:silence")
    noted = answered().wrote(2, "note").state(99, "solved", "rule:silence")
    unanswered = Log(1).state(99, "solved", "rule:silence")
    withheld = answered().add(1, "reply.withheld").state(99, "solved", "rule:silence")

    found = told(alone, noted, unanswered, withheld).deflection

    assert (found.hits, found.n) == (1, 4)


def voted(log: Log, at: float, score: int, survey: str = "1", kind: str = "csat") -> Log:
    told = {"survey": survey, "kind": kind, "score": str(score)}
    return log.add(at, "survey.answered", "customer", told)


def test_csat_is_the_share_of_the_two_best_marks() -> None:
    logs = [voted(Log(1), 5, mark) for mark in (1, 3, 4, 5)]

    found = told(*logs).csat

    assert (found.satisfied.hits, found.satisfied.n, found.mean) == (2, 4, 3.25)


def test_of_a_vote_that_was_changed_the_last_word_of_each_period_counts() -> None:
    log = voted(voted(voted(Log(1), 5, 5), 6, 4), 8 * 24, 1)

    first, second = (part.csat for part in report([log]).total.spans)

    assert (first.satisfied.hits, first.mean) == (1, 4)
    assert (second.satisfied.hits, second.mean) == (0, 1)
    assert told(log, span=BOTH).csat.mean == 1


def answer(survey: int, score: int, kind: str = "survey.answered", **where: str) -> Logged:
    told = {"survey": str(survey), "kind": "nps", "score": str(score), **where}
    return Logged(at=MONDAY + HOUR, kind=kind, data=told)


def test_nps_is_promoters_less_detractors() -> None:
    lines = [answer(n, mark) for n, mark in enumerate((10, 9, 8, 7, 6, 0, 10))]
    counted = Count(Wish(whole=WEEK))

    counted.add_surveys(chronicle.of_survey(lines))
    found = counted.report().total.whole.nps

    assert (found.promoters, found.passives, found.detractors) == (3, 2, 2)
    assert found.value == pytest.approx(100 / 7)


def test_what_is_said_of_us_on_a_ticket_that_it_opened_is_not_counted_with_that() -> None:
    log = voted(Log(1), 5, 3, survey="4", kind="nps")
    lines = [
        answer(4, 0, "survey.sent", segment="paid", language="fr"),
        answer(4, 3, segment="paid", language="fr"),
        answer(5, 2, "survey.answered", segment="free", language="fr"),
    ]
    counted = Count(Wish(whole=WEEK, by=By.SEGMENT))

    counted.add(chronicle.of_ticket(log.lines))
    counted.add_surveys(chronicle.of_survey(lines))
    found = {group.name: group.whole for group in counted.report().groups}

    assert {name: one.nps.n for name, one in found.items() if one.nps.n} == {"free": 1, "paid": 1}
    assert (found["paid"].nps_responses.hits, found["paid"].nps_responses.n) == (1, 1)


def test_surveys_without_a_ticket_count_where_nobody_has_them() -> None:
    lines = [
        Logged(at=MONDAY + HOUR, kind=kind, data={"survey": "7", "kind": "nps", "score": "9"})
        for kind in ("survey.sent", "survey.answered")
    ]
    counted = Count(Wish(whole=WEEK, by=By.QUEUE))

    counted.add_surveys(chronicle.of_survey(lines))
    found = counted.report()

    assert (found.total.whole.nps.n, found.total.whole.nps_responses.hits) == (1, 1)
    assert [(group.name, group.whole.nps.n) for group in found.groups] == [("", 1)]


def test_the_response_rate_is_told_of_what_was_sent_in_the_period() -> None:
    asked = {"survey": "1", "kind": "csat"}
    logs = [
        voted(Log(1).add(2, "survey.sent", data=asked), 5, 5),
        voted(Log(1).add(2, "survey.sent", data=asked), 8 * 24, 5),
        voted(Log(-50).add(-20, "survey.sent", data=asked), 5, 5),
    ]

    found = told(*logs)

    assert (found.csat_responses.hits, found.csat_responses.n) == (1, 2)
    assert found.csat.satisfied.n == 2


def test_a_survey_that_waits_is_sent_when_its_time_comes_and_not_when_it_is_taken_back() -> None:
    asked = {"survey": "1", "kind": "csat"}
    later = {**asked, "until": (MONDAY + 20 * HOUR).isoformat()}
    never = {**asked, "until": (MONDAY + 8 * 24 * HOUR).isoformat()}

    waited = told(Log(1).add(2, "survey.sent", data=later))
    next_week = told(Log(1).add(2, "survey.sent", data=never))
    taken_back = told(
        Log(1).add(2, "survey.sent", data=later).add(3, "notice.withdrawn", data=asked)
    )

    assert [found.csat_responses.n for found in (waited, next_week, taken_back)] == [1, 0, 0]


def test_a_new_ticket_is_counted_where_the_rules_put_it() -> None:
    log = Log(1).add(1, "queue.changed", "rule:money", {"to": "billing"})

    assert {name: found.volume for name, found in groups(log, by=By.QUEUE).items()} == {
        "billing": 1
    }


def test_what_happens_counts_where_the_ticket_was_then() -> None:
    log = Log(1).wrote(2, "agent").add(9, "queue.changed", BOB, {"to": "billing"})
    log.state(20, "solved")

    found = groups(log, by=By.QUEUE)

    assert (found["support"].volume, found["support"].first_response.n) == (1, 1)
    assert (found["billing"].solved, found["billing"].volume) == (1, 0)


def test_an_answer_is_its_writers_and_a_solution_is_whose_ticket_it_is() -> None:
    log = Log(1, assignee="eve@example.com").wrote(2, "agent").state(2, "solved")

    found = groups(log, by=By.AGENT)

    assert found[BOB].first_response.n == 1
    assert found["eve@example.com"].solved == 1


def test_a_ticket_counts_once_for_each_of_its_tags_and_rules() -> None:
    log = Log(1, tags="vip urgent").add(1, "tag.removed", BOB, {"to": "urgent"})
    log.add(1, "tag.added", "rule:x", {"to": "outage"}).add(1, "rule.fired", "rule:x")

    assert groups(log, Log(1), by=By.TAG).keys() == {"", "vip", "outage"}
    assert groups(log, Log(1), by=By.RULE).keys() == {"", "x"}


def test_a_filter_leaves_out_what_is_not_meant() -> None:
    logs = [Log(1, segment="paid", tags="vip"), Log(1, segment="paid"), Log(1)]

    found = report(logs, only=Only(segment="paid", tag="vip")).total.whole

    assert (found.volume, found.backlog) == (1, 1)


def test_mail_that_was_held_belongs_to_when_it_was_handled() -> None:
    when = MONDAY + HOUR
    lines = [
        Logged(at=when, kind="ticket.created", actor=ANNA, data={}, journal_id=7),
        Logged(at=when + 8 * DAY, kind="mail.late", data={}, journal_id=7),
        Logged(at=when + 8 * DAY, kind="post.added", data={"kind": "agent", "n": "2"}),
    ]
    counted = Count(Wish(whole=BOTH, spans=(WEEK, NEXT)))

    counted.add(chronicle.of_ticket(lines))
    found = counted.report().total

    assert [part.volume for part in found.spans] == [0, 1]
    assert [part.backlog for part in found.spans] == [0, 1]
    assert found.whole.first_response.median == 8 * 24 * 3600


def test_a_clock_that_was_set_back_changes_no_period_that_is_over() -> None:
    log = Log(8 * 24)
    log.state(3, "solved")

    assert told(log).solved == 0
    assert told(log, span=NEXT).solved == 1
    assert told(log, span=NEXT).resolution.mean == 0


def test_nothing_is_told_of_nothing() -> None:
    found = told()

    assert found.volume == found.backlog == 0
    assert found.csat.mean is found.nps.value is found.sla.value is None
    assert found.first_response.median is None
