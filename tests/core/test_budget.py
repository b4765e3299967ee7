"""Who gets how much automatic mail: the narrowest budget says no first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from maild.core import budget, deferred, news
from maild.core.budget import Charge, Entry, Scope, Used
from maild.core.calendar import Calendar, Span
from maild.core.created import created
from maild.core.decision import Audience, Decision, Outcome, Reply, ReplyKind
from maild.core.escalated import Escalation
from maild.core.house import House
from maild.core.promise import Due
from maild.core.reason import Why
from maild.core.trust import Level
from maild.core.webhook import Page
from tests.core.scenes import ALICE, ANNA, BEN, HOUSE, NOW, ticket

SMALL = replace(
    HOUSE,
    automatic_per_pair_hour=2,
    automatic_per_address_day=4,
    automatic_per_domain_hour=6,
    automatic_per_ten_minutes=8,
    to_agent_per_ticket_hour=3,
    to_agent_per_sender_hour=2,
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


REMINDER = replace(
    a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT),
    template="reminder",
    dues=(Due(kind="first_response", due_at=NOW, is_over=True),),
)
NEWS = replace(a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT), reason="new")
PATIENT = replace(SMALL, reminders_per_hour=2, to_agent_per_ticket_hour=100)
HOUR = timedelta(hours=1)
OFFICE = Calendar(name="office", hours=((Span(start=9 * 60, end=17 * 60),),) * 7)


def a_decision(*replies: Reply) -> Decision:
    known = ticket()
    return Decision(outcome=Outcome.POSTED, reasons=(), before=known, after=known, replies=replies)


def used(decision: Decision, house: House | None = None, /, **mails: int) -> tuple[Used, ...]:
    """So many mails on the budgets that are named, none on the others."""
    asked = budget.asked_of(decision, house or SMALL)
    return tuple(Used(charge=c, mails=mails.get(c.scope.value, 0)) for c in asked)


def spent(decision: Decision, *newest: datetime) -> tuple[Used, ...]:
    """Mails at these times, the newest first, on the budget of what a reader is told in time."""
    return tuple(
        replace(one, mails=len(newest), newest=newest) if one.charge.scope is Scope.TIMED else one
        for one in used(decision, PATIENT)
    )


def hours(decision: Decision) -> list[float | None]:
    """For how many hours its mails wait."""
    times = [one.not_before for one in decision.replies]
    return [(at - NOW) / HOUR if at else None for at in times]


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

    assert [reply.recipient for reply in over.replies] == [BEN]


def test_an_agent_has_one_budget_for_all_mail_without_a_ticket() -> None:
    """Who forges an agent's forwards would have us flood the agent."""
    told = a_reply(ALICE, ReplyKind.TROUBLE, Audience.AGENT)
    asked = replace(a_decision(told), before=None, after=None, outcome=Outcome.HELD)
    alices = Charge(scope=Scope.DESK, recipient=ALICE, ticket=0, most=3)

    assert budget.asked_of(asked, SMALL) == (alices,)
    assert budget.within(asked, [Used(charge=alices, mails=2)], SMALL, NOW) == asked
    assert budget.within(asked, [Used(charge=alices, mails=3)], SMALL, NOW).replies == ()


def opened(
    *told: Reply, sender: str = ANNA, by: str = "", trust: Level = Level.DOMAIN
) -> Decision:
    """A new ticket of a sender, and whom it is told; `by` opened it, else the sender."""
    customer = replace(ticket().customer, address=sender)
    after = replace(ticket(), number=0, customer=customer)
    return Decision(
        outcome=Outcome.POSTED,
        reasons=(),
        after=after,
        events=(created(after, by or sender),),
        replies=told or (NEWS,),
        trust=trust.label,
    )


def test_news_of_one_senders_new_tickets_has_a_budget_for_each_agent() -> None:
    to_ben = replace(NEWS, recipient=BEN, key="k2")
    asked = opened(NEWS, to_ben)
    alices, bens = budget.asked_of(asked, SMALL)
    assert alices == Charge(scope=Scope.NEWS, recipient=ALICE, domain=ANNA, most=2)

    first = budget.within(asked, [Used(charge=alices, mails=0)], SMALL, NOW)
    last = budget.within(asked, [Used(charge=alices, mails=1)], SMALL, NOW)
    over = budget.within(asked, [Used(charge=alices, mails=2)], SMALL, NOW)

    assert first == asked
    assert last.replies == (replace(NEWS, is_last=True), to_ben)
    assert over.replies == (to_ben,)
    assert over.after == asked.after
    assert [one.why for one in over.reasons] == [Why.OVER_BUDGET]
    assert dict(over.events[-1].data) == {"to": ALICE, "kind": "notification", "budget": "news"}
    assert [(one.recipient, one.domain) for one in budget.bookings(over, 7)] == [(BEN, ANNA)]
    assert (bens.recipient, bens.domain) == (BEN, ANNA)


@pytest.mark.parametrize("reason", ["new", "assigned", ""], ids=["queue", "holder", "colleague"])
def test_news_is_news_to_whomever_a_rule_gave_the_ticket(reason: str) -> None:
    asked = opened(replace(NEWS, reason=reason))

    assert [one.scope for one in budget.asked_of(asked, SMALL)] == [Scope.NEWS]


@pytest.mark.parametrize(
    ("sender", "trust", "account"),
    [
        (ANNA, Level.TOKEN_AND_DOMAIN, ANNA),
        ("Anna+2@customer.example", Level.DOMAIN, ANNA),
        (ANNA, Level.TOKEN, f"unproven:{ANNA}"),
        ("Anna+2@customer.example", Level.CLAIMED, "unproven:anna+2@customer.example"),
        (ANNA, Level.FAILED, f"unproven:{ANNA}"),
    ],
)
def test_who_writes_in_a_customers_name_does_not_use_up_the_customers_budget(
    sender: str, trust: Level, account: str
) -> None:
    asked = opened(sender=sender, trust=trust)

    assert [one.domain for one in budget.asked_of(asked, SMALL)] == [account]
    assert [one.domain for one in budget.bookings(asked, 7)] == [account]
    assert account in news.accounts(sender)


@pytest.mark.parametrize(
    "asked",
    [
        opened(by=ALICE),
        opened(replace(NEWS, template="transcript")),
        replace(opened(), before=ticket(), after=ticket()),
        opened(REMINDER),
        a_decision(NEWS),
    ],
    ids=["opened by an agent", "transcript", "known ticket", "reminder", "answer"],
)
def test_what_is_no_news_of_a_senders_new_ticket_is_not_counted_as_such(asked: Decision) -> None:
    scopes = {one.scope for one in budget.asked_of(asked, SMALL)}

    assert Scope.NEWS not in scopes
    assert {one.domain for one in budget.bookings(asked, 7)} == {"co.example"}


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


def test_plus_addresses_that_nobody_proved_count_as_one_and_agents_are_told_at_theirs() -> None:
    def charged(address: str, audience: Audience, trust: Level = Level.TOKEN) -> set[str]:
        decision = a_decision(a_reply(address, ReplyKind.NOTIFICATION, audience))
        decision = replace(decision, trust=trust.label)
        booked = {line.recipient for line in budget.bookings(decision, 7)}
        return booked | {one.recipient for one in budget.asked_of(decision, SMALL)} - {""}

    proven = charged("Anna+2@customer.example", Audience.CUSTOMER, Level.DOMAIN)
    assert proven == {"anna+2@customer.example"}
    assert charged("Anna+2@customer.example", Audience.CUSTOMER) == {ANNA}
    assert charged("alice+2@co.example", Audience.AGENT) == {"alice+2@co.example"}


def test_what_the_breaker_stopped_is_on_the_account_and_what_others_stopped_is_not() -> None:
    asked = a_decision(a_reply())

    stopped = budget.within(asked, used(asked, breaker=8), SMALL, NOW)
    paired = budget.within(asked, used(asked, pair=2, breaker=8), SMALL, NOW)

    assert [line.entry for line in budget.bookings(stopped, 7)] == [Entry.STOPPED]
    assert budget.bookings(paired, 7) == ()


def test_what_a_deadline_tells_waits_for_its_turn_and_the_log_says_until_when() -> None:
    asked = a_decision(*(replace(REMINDER, key=f"k{n}") for n in range(5)))
    every = set(budget.asked_of(asked, PATIENT))
    assert budget.queues(asked, used(asked, PATIENT), PATIENT, NOW) == every

    within = budget.within(asked, used(asked, PATIENT), PATIENT, NOW)

    assert hours(within) == [None, None, 1, 1, 2]
    assert [one.is_last for one in within.replies] == [False, True, False, False, False]
    assert [one.kind for one in within.events] == [deferred.DEFERRED] * 3
    assert dict(within.events[0].data) == {
        "key": "k2",
        "to": ALICE,
        "until": "2026-03-02T10:00:00+00:00",
        "about": "first_response",
    }
    assert [line.at for line in budget.bookings(within, 7)] == [
        one.not_before for one in within.replies
    ]


def test_a_turn_comes_when_the_mail_that_was_first_counts_no_more() -> None:
    asked = a_decision(REMINDER)
    minutes = [timedelta(minutes=one) for one in (5, 50)]

    within = budget.within(asked, spent(asked, *(NOW - one for one in minutes)), PATIENT, NOW)

    assert [one.not_before for one in within.replies] == [NOW + timedelta(minutes=10)]


@pytest.mark.parametrize(("late", "comes"), [(0, True), (1, False)])
def test_what_would_come_later_than_a_day_is_not_written(late: int, comes: bool) -> None:
    asked = a_decision(REMINDER)
    last = NOW + timedelta(days=1, seconds=late)

    within = budget.within(asked, spent(asked, last, last), PATIENT, NOW)

    assert hours(within) == ([25] if comes else [])
    assert [one.why for one in within.reasons] == ([] if comes else [Why.OVER_BUDGET])


@pytest.mark.parametrize(
    "told",
    [
        a_reply(ALICE, ReplyKind.TROUBLE, Audience.AGENT),
        a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT),
        replace(REMINDER, dues=()),
        replace(REMINDER, dues=(), escalation=Escalation(steps=2)),
        replace(a_reply(kind=ReplyKind.TEMPLATE), is_bulk=True),
        a_reply(kind=ReplyKind.TEMPLATE),
    ],
    ids=["answer", "news of a mail", "a vote", "a ladder's beginning", "survey", "follow-up"],
)
def test_what_a_mail_can_cause_and_what_customers_get_waits_for_nothing(told: Reply) -> None:
    asked = a_decision(told)
    every = tuple(Used(charge=one, mails=one.most) for one in budget.asked_of(asked, PATIENT))

    within = budget.within(asked, every, PATIENT, NOW)

    assert within.replies == ()
    assert [one.kind for one in within.events] == ["reply.withheld"]
    assert budget.queues(asked, every, PATIENT, NOW) == set()


def test_a_step_of_a_ladder_waits_for_its_turn() -> None:
    asked = a_decision(replace(REMINDER, dues=(), escalation=Escalation(step=1, steps=2)))

    assert hours(budget.within(asked, spent(asked, NOW, NOW), PATIENT, NOW)) == [1]


def test_a_page_waits_and_is_taken_back_as_any_that_waits() -> None:
    page = Page(webhook="oncall", event="deadline.missed", rule="p", step=1, key="p1")
    asked = replace(a_decision(), pages=(page, replace(page, key="p2", step=0)))
    house = replace(SMALL, pages_per_hour=1)
    [charge] = budget.asked_of(asked, house)

    within = budget.within(asked, [Used(charge=charge, mails=1, newest=(NOW,))], house, NOW)

    assert [one.not_before for one in within.pages] == [
        NOW + timedelta(hours=1),
        NOW + timedelta(hours=2),
    ]
    assert [one.kind for one in within.events] == ["notice.deferred", "page.postponed"]
    assert [line.at for line in budget.bookings(within, 7)] == [
        one.not_before for one in within.pages
    ]


def test_what_is_put_off_beyond_closing_time_goes_out_when_its_reader_works_again() -> None:
    evening = NOW.replace(hour=16, minute=45)
    mondays = replace(OFFICE, hours=(OFFICE.hours[0], *((),) * 6))
    asked = a_decision(replace(REMINDER, hours=mondays))

    within = budget.within(asked, spent(asked, evening, evening), PATIENT, evening)

    assert [one.not_before for one in within.replies] == [NOW + timedelta(days=7)]


def test_what_waits_for_the_morning_keeps_nothing_from_going_out_today() -> None:
    waiting = replace(REMINDER, not_before=NOW + timedelta(days=1))
    asked = a_decision(*(replace(waiting, key=f"k{n}") for n in range(2)), REMINDER)

    within = budget.within(asked, used(asked, PATIENT), PATIENT, NOW)

    assert hours(within) == [24, 24, None]
    assert {one.scope for one in budget.queues(asked, used(asked, PATIENT), PATIENT, NOW)} == {
        Scope.DESK,
        Scope.TIMED,
    }


def test_a_survey_that_waits_for_daytime_counts_at_once() -> None:
    survey = replace(a_reply(kind=ReplyKind.TEMPLATE), not_before=NOW + HOUR)

    assert [line.at for line in budget.bookings(a_decision(survey), 7)] == [None]


def test_what_waits_for_working_hours_waits_for_longer_and_has_one_line() -> None:
    morning = NOW + timedelta(days=1)
    waiting = replace(REMINDER, hours=OFFICE, not_before=morning)
    line = deferred.noted(waiting.key, ALICE, morning, waiting.dues)
    asked = replace(a_decision(waiting), events=(line,))
    drawn = [replace(one, mails=0) for one in spent(asked, morning, morning)]

    within = budget.within(asked, drawn, PATIENT, NOW.replace(hour=18))

    assert [dict(one.data)["until"] for one in within.events] == ["2026-03-03T10:00:00+00:00"]
    assert {one.scope for one in budget.queues(asked, drawn, PATIENT, NOW)} == {
        Scope.DESK,
        Scope.TIMED,
    }
