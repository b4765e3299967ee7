"""Who gets how much automatic mail: the narrowest budget says no first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core import budget, deferred
from maild.core.budget import Charge, Entry, Scope, Used
from maild.core.decision import Audience, Decision, Outcome, Reply, ReplyKind
from maild.core.house import House
from maild.core.reason import Why
from maild.core.webhook import Page
from tests.core.scenes import ALICE, ANNA, BEN, HOUSE, NOW, ticket

SMALL = replace(
    HOUSE,
    automatic_per_pair_hour=2,
    automatic_per_address_day=4,
    automatic_per_domain_hour=6,
    automatic_per_ten_minutes=8,
    to_agent_per_ticket_hour=3,
)


def a_reply(
    recipient: str = ANNA,
    kind: ReplyKind = ReplyKind.ACKNOWLEDGEMENT,
    audience: Audience = Audience.CUSTOMER,
    key: str = "k",
) -> Reply:
    return Reply(
        kind=kind,
        audience=audience,
        template=kind.value,
        recipient=recipient,
        mailbox="Support",
        language="en",
        subject="The printer smokes",
        key=key,
    )


def a_decision(*replies: Reply) -> Decision:
    known = ticket()
    return Decision(outcome=Outcome.POSTED, reasons=(), before=known, after=known, replies=replies)


def used(decision: Decision, house: House | None = None, /, **mails: int) -> tuple[Used, ...]:
    """So many mails on the budgets that are named, none on the others."""
    asked = budget.asked_of(decision, house or SMALL)
    return tuple(Used(charge=c, mails=mails.get(c.scope.value, 0)) for c in asked)


@pytest.mark.parametrize(
    ("scope", "most"),
    [(Scope.PAIR, 2), (Scope.ADDRESS, 4), (Scope.DOMAIN, 6), (Scope.BREAKER, 8)],
)
def test_each_budget_lets_through_what_it_has_and_no_more(scope: Scope, most: int) -> None:
    asked = a_decision(a_reply())

    last = budget.within(asked, used(asked, **{scope.value: most - 1}), SMALL, NOW)
    over = budget.within(asked, used(asked, **{scope.value: most}), SMALL, NOW)

    assert last == asked
    assert over.replies == ()
    assert [reason.why for reason in over.reasons] == [Why.OVER_BUDGET]
    assert f"{scope} budget of {most}" in over.reasons[0].detail
    assert dict(over.events[0].data)["budget"] == scope
    assert len(over.stopped) == (scope is Scope.BREAKER)


def test_mails_of_one_decision_draw_on_one_budget() -> None:
    asked = a_decision(*(a_reply(key=f"k{n}") for n in range(5)))

    kept = budget.within(asked, used(asked), SMALL, NOW).replies

    assert len(kept) == SMALL.automatic_per_pair_hour


def test_an_agents_own_words_have_no_budget() -> None:
    asked = a_decision(*(a_reply(kind=ReplyKind.REPLY, key=f"k{n}") for n in range(50)))

    assert budget.asked_of(asked, SMALL) == ()
    assert budget.within(asked, (), SMALL, NOW) == asked
    assert budget.bookings(asked, 7) == ()


def test_an_agent_has_a_budget_for_each_ticket() -> None:
    told = a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT)
    asked = a_decision(told, a_reply(BEN, ReplyKind.NOTIFICATION, Audience.AGENT, "k2"))
    alices = Charge(scope=Scope.DESK, recipient=ALICE, ticket=asked.after.number, most=3)  # type: ignore[union-attr]

    over = budget.within(asked, [Used(charge=alices, mails=3)], SMALL, NOW)
    far_over = budget.within(asked, [Used(charge=alices, mails=6)], SMALL, NOW)

    assert [(one.recipient, one.not_before) for one in over.replies] == [
        (ALICE, NOW + timedelta(hours=1)),
        (BEN, None),
    ]
    assert [reply.recipient for reply in far_over.replies] == [BEN]


def test_an_agent_has_one_budget_for_all_mail_without_a_ticket() -> None:
    """Who forges an agent's forwards would have us flood the agent."""
    told = a_reply(ALICE, ReplyKind.TROUBLE, Audience.AGENT)
    asked = replace(a_decision(told), before=None, after=None, outcome=Outcome.HELD)
    alices = Charge(scope=Scope.DESK, recipient=ALICE, ticket=0, most=3)

    assert budget.asked_of(asked, SMALL) == (alices,)
    assert budget.within(asked, [Used(charge=alices, mails=2)], SMALL, NOW) == asked
    assert budget.within(asked, [Used(charge=alices, mails=6)], SMALL, NOW).replies == ()


def test_news_of_a_new_ticket_is_never_over_budget() -> None:
    told = a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT)
    asked = replace(a_decision(told), before=None, after=replace(ticket(), number=0))

    assert budget.asked_of(asked, SMALL) == ()


def test_nothing_automatic_goes_out_where_a_budget_is_none() -> None:
    none = replace(SMALL, automatic_per_ten_minutes=0)
    asked = a_decision(a_reply())

    assert budget.within(asked, used(asked, none), none, NOW).replies == ()


def test_addresses_count_alike_in_any_case() -> None:
    asked = a_decision(a_reply(ANNA.upper()))

    lines = budget.bookings(asked, 7)

    assert budget.asked_of(asked, SMALL) == budget.asked_of(a_decision(a_reply()), SMALL)
    assert [(line.recipient, line.domain, line.ticket) for line in lines] == [
        (ANNA, "customer.example", 7)
    ]


def test_what_the_breaker_stopped_is_on_the_account_and_what_others_stopped_is_not() -> None:
    asked = a_decision(a_reply())

    stopped = budget.within(asked, used(asked, breaker=8), SMALL, NOW)
    paired = budget.within(asked, used(asked, pair=2, breaker=8), SMALL, NOW)

    assert [line.entry for line in budget.bookings(stopped, 7)] == [Entry.STOPPED]
    assert budget.bookings(paired, 7) == ()


def test_what_must_not_be_lost_waits_for_its_turn_and_the_log_says_until_when() -> None:
    house = replace(SMALL, reminders_per_hour=2, to_agent_per_ticket_hour=100)
    told = replace(a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT), template="reminder")
    asked = a_decision(*(replace(told, key=f"k{n}") for n in range(5)))

    within = budget.within(asked, used(asked, house), house, NOW)

    hours = [
        one.not_before and (one.not_before - NOW) / timedelta(hours=1) for one in within.replies
    ]
    assert hours == [None, None, 1, 1, 2]
    assert [one.is_last for one in within.replies] == [False, True, False, False, False]
    assert [one.kind for one in within.events] == ["reply.postponed"] * 3
    assert dict(within.events[0].data) == {
        "to": ALICE,
        "kind": "notification",
        "budget": "timed",
        "until": "2026-03-02T10:00:00+00:00",
    }
    assert [line.at for line in budget.bookings(within, 7)] == [
        one.not_before for one in within.replies
    ]


def test_beyond_a_day_of_waiting_nothing_more_is_written_and_the_last_one_says_so() -> None:
    house = replace(SMALL, reminders_per_hour=2, to_agent_per_ticket_hour=100)
    told = replace(a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT), template="reminder")
    asked = a_decision(told, replace(told, key="k2"))

    within = budget.within(asked, used(asked, house, timed=49), house, NOW)

    assert [(one.not_before, one.is_last) for one in within.replies] == [
        (NOW + timedelta(hours=24), True)
    ]
    assert [one.why for one in within.reasons] == [Why.OVER_BUDGET]


@pytest.mark.parametrize(("scope", "hours"), [("pair", 1), ("address", 24), ("domain", 1)])
def test_a_survey_and_a_follow_up_wait_and_an_answer_to_a_mail_does_not(
    scope: str, hours: int
) -> None:
    most = {"pair": 2, "address": 4, "domain": 6}[scope]
    told = a_reply(kind=ReplyKind.TEMPLATE)
    for worth in (replace(told, is_bulk=True), replace(told, may_wait=True)):
        asked = a_decision(worth)

        within = budget.within(asked, used(asked, **{scope: most}), SMALL, NOW)

        assert [one.not_before for one in within.replies] == [NOW + timedelta(hours=hours)]
    answer = a_decision(told)
    assert budget.within(answer, used(answer, **{scope: most}), SMALL, NOW).replies == ()


def test_nothing_waits_behind_the_breaker() -> None:
    asked = a_decision(replace(a_reply(kind=ReplyKind.TEMPLATE), is_bulk=True))

    assert budget.within(asked, used(asked, breaker=8), SMALL, NOW).replies == ()


def test_a_page_waits_and_is_taken_back_as_any_that_waits() -> None:
    page = Page(webhook="oncall", event="deadline.missed", rule="p", step=1, key="p1")
    asked = replace(a_decision(), pages=(page, replace(page, key="p2", step=0)))
    house = replace(SMALL, pages_per_hour=1)

    within = budget.within(asked, used(asked, house, page=1), house, NOW)

    assert [one.not_before for one in within.pages] == [
        NOW + timedelta(hours=1),
        NOW + timedelta(hours=2),
    ]
    assert [one.kind for one in within.events] == ["notice.deferred", "page.postponed"]
    assert [line.at for line in budget.bookings(within, 7)] == [
        one.not_before for one in within.pages
    ]


def test_what_waits_for_working_hours_waits_for_longer_and_has_one_line() -> None:
    monday = NOW + timedelta(minutes=30)
    page = Page(webhook="oncall", event="x", rule="p", step=1, not_before=monday, key="p1")
    line = deferred.noted("p1", "oncall", monday, ())
    asked = replace(a_decision(), pages=(page,), events=(line,))
    house = replace(SMALL, pages_per_hour=1)

    within = budget.within(asked, used(asked, house, page=1), house, NOW)

    assert [dict(one.data)["until"] for one in within.events] == ["2026-03-02T10:00:00+00:00"]
