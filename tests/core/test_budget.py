"""Who gets how much automatic mail: the narrowest budget says no first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core import budget
from maild.core.budget import Charge, Entry, Scope, Used
from maild.core.decision import Audience, Decision, Outcome, Reply, ReplyKind
from maild.core.house import House
from maild.core.reason import Why
from tests.core.scenes import ALICE, ANNA, BEN, HOUSE, ticket

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

    last = budget.within(asked, used(asked, **{scope.value: most - 1}), SMALL)
    over = budget.within(asked, used(asked, **{scope.value: most}), SMALL)

    assert last == asked
    assert over.replies == ()
    assert [reason.why for reason in over.reasons] == [Why.OVER_BUDGET]
    assert f"{scope} budget of {most}" in over.reasons[0].detail
    assert dict(over.events[0].data)["budget"] == scope
    assert len(over.stopped) == (scope is Scope.BREAKER)


def test_mails_of_one_decision_draw_on_one_budget() -> None:
    asked = a_decision(*(a_reply(key=f"k{n}") for n in range(5)))

    kept = budget.within(asked, used(asked), SMALL).replies

    assert len(kept) == SMALL.automatic_per_pair_hour


def test_an_agents_own_words_have_no_budget() -> None:
    asked = a_decision(*(a_reply(kind=ReplyKind.REPLY, key=f"k{n}") for n in range(50)))

    assert budget.asked_of(asked, SMALL) == ()
    assert budget.within(asked, (), SMALL) == asked
    assert budget.bookings(asked, 7) == ()


def test_an_agent_has_a_budget_for_each_ticket() -> None:
    told = a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT)
    asked = a_decision(told, a_reply(BEN, ReplyKind.NOTIFICATION, Audience.AGENT, "k2"))
    alices = Charge(scope=Scope.DESK, recipient=ALICE, ticket=asked.after.number, most=3)  # type: ignore[union-attr]

    over = budget.within(asked, [Used(charge=alices, mails=3)], SMALL)

    assert [reply.recipient for reply in over.replies] == [BEN]


def test_an_agent_has_one_budget_for_all_mail_without_a_ticket() -> None:
    """Who forges an agent's forwards would have us flood the agent."""
    told = a_reply(ALICE, ReplyKind.TROUBLE, Audience.AGENT)
    asked = replace(a_decision(told), before=None, after=None, outcome=Outcome.HELD)
    alices = Charge(scope=Scope.DESK, recipient=ALICE, ticket=0, most=3)

    assert budget.asked_of(asked, SMALL) == (alices,)
    assert budget.within(asked, [Used(charge=alices, mails=2)], SMALL) == asked
    assert budget.within(asked, [Used(charge=alices, mails=3)], SMALL).replies == ()


def test_news_of_a_new_ticket_is_never_over_budget() -> None:
    told = a_reply(ALICE, ReplyKind.NOTIFICATION, Audience.AGENT)
    asked = replace(a_decision(told), before=None, after=replace(ticket(), number=0))

    assert budget.asked_of(asked, SMALL) == ()


def test_nothing_automatic_goes_out_where_a_budget_is_none() -> None:
    none = replace(SMALL, automatic_per_ten_minutes=0)
    asked = a_decision(a_reply())

    assert budget.within(asked, used(asked, none), none).replies == ()


def test_addresses_count_alike_in_any_case() -> None:
    asked = a_decision(a_reply(ANNA.upper()))

    lines = budget.bookings(asked, 7)

    assert budget.asked_of(asked, SMALL) == budget.asked_of(a_decision(a_reply()), SMALL)
    assert [(line.recipient, line.domain, line.ticket) for line in lines] == [
        (ANNA, "customer.example", 7)
    ]


def test_what_the_breaker_stopped_is_on_the_account_and_what_others_stopped_is_not() -> None:
    asked = a_decision(a_reply())

    stopped = budget.within(asked, used(asked, breaker=8), SMALL)
    paired = budget.within(asked, used(asked, pair=2, breaker=8), SMALL)

    assert [line.entry for line in budget.bookings(stopped, 7)] == [Entry.STOPPED]
    assert budget.bookings(paired, 7) == ()
