"""Rules about what no mail brings: what they see, what follows from what, and where it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maild.core import ontime, ruling
from maild.core.agenda import Item, Row
from maild.core.calendar import Calendar, Span
from maild.core.decision import Decision, EventDraft, Outcome, ReplyKind
from maild.core.ontime import Cause, Firing
from maild.core.promise import Due, Policy, Promise
from maild.core.reason import Why
from maild.core.rule import FIELDS, Context, Rule, RuleEvent, Verb, tables_of
from maild.core.ruling import STEPS_MAX
from maild.core.snapshot import TicketView, World
from maild.core.ticket import PostKind, State, Ticket
from tests.core.scenes import (
    ALICE,
    ANNA,
    BOB,
    HOUSE,
    KEYS,
    NOW,
    from_agent,
    play,
    post,
    rule,
    ticket,
    view,
)

MISSED = RuleEvent.DEADLINE_MISSED
OFFICE = Calendar(
    name="office",
    zone="Europe/Berlin",
    hours=(*((Span(start=480, end=1020),),) * 5, (), ()),
)
"""Open from 8:00 to 17:00 in Berlin; `NOW` is ten o'clock on a Monday there."""


def world(*rules: Rule, **more: object) -> World:
    return replace(World(house=HOUSE, keys=KEYS, rules=rules), **more)  # type: ignore[arg-type]


def row(number: int = 1, kind: str = "first_response", hours: float = 0.1, **more: str) -> Row:
    """A deadline that was due so many hours ago."""
    cycle = more.pop("cycle", "run/1")
    item = Item(kind=kind, cycle=cycle, due_at=NOW - timedelta(hours=hours), **more)
    return Row(id=number, item=item)


def fire(
    *rows: Row, rules: tuple[Rule, ...] = (), about: Ticket | None = None, **more: object
) -> Decision:
    found = replace(view(), ticket=about or view().ticket)
    firing = Firing(rows=rows or (row(),), open=tuple(one.item for one in rows), now=NOW)
    return ontime.on_time(firing, found, world(*rules, **more))


def spying(on: RuleEvent, tables: frozenset[str]) -> tuple[Rule, list[Context]]:
    """A rule that writes down what it is asked about, and never fires."""
    seen: list[Context] = []

    def look(context: Context) -> bool:
        seen.append(context)
        return False

    return rule(on, (Verb.TAG, "x"), condition=look, tables=tables), seen


def test_an_event_shows_the_tables_that_it_promises() -> None:
    spy, seen = spying(MISSED, tables_of(MISSED))

    fire(rules=(spy,))

    known = {name for name, fields in seen[0].items() if fields}
    assert known == tables_of(MISSED)
    assert seen[0]["deadline"] == {"kind": "first_response", "due_in_minutes": -6, "late": True}
    assert set(seen[0]["event"]) == set(FIELDS["event"])  # type: ignore[call-overload]


def test_the_time_is_that_of_the_calendar_that_the_promise_names() -> None:
    spy, seen = spying(MISSED, frozenset({"now"}))
    promised = Promise(policy=Policy(name="p"), calendar=OFFICE, condition=lambda _: True)

    fire(rules=(spy,), promises=(promised,))

    assert seen[0]["now"] == {"hour": 10, "weekday": "mon", "working": True}


def test_a_warning_tells_how_long_there_is_still_time() -> None:
    spy, seen = spying(RuleEvent.DEADLINE_WARNED, frozenset({"deadline"}))
    warning = row(1, "resolution.warning")
    serious = Item(kind="resolution", cycle="run/1", due_at=NOW + timedelta(minutes=50))
    firing = Firing(rows=(warning,), open=(warning.item, serious), now=NOW)
    about = world(spy)

    ontime.on_time(firing, view(), about)

    assert seen[0]["deadline"] == {"kind": "resolution", "due_in_minutes": 50, "late": True}


@pytest.mark.parametrize(
    ("action", "then"),
    [
        ((Verb.ASSIGN, BOB), RuleEvent.TICKET_ASSIGNED),
        ((Verb.TIER, "3"), RuleEvent.TICKET_ESCALATED),
        ((Verb.REOPEN, "true"), RuleEvent.TICKET_REOPENED),
    ],
)
def test_what_a_rule_does_is_an_event_in_its_turn(
    action: tuple[Verb, str], then: RuleEvent
) -> None:
    about = replace(ticket(), state=State.SOLVED)
    rules = (rule(then, (Verb.TAG, "followed"), name="b"), rule(MISSED, action, name="a"))

    decision = fire(rules=rules, about=about)

    assert decision.rules == ("a", "b")
    assert decision.after is not None
    assert decision.after.tags == ("followed",)


def test_rules_that_set_each_other_off_end() -> None:
    rules = (
        rule(MISSED, (Verb.ASSIGN, BOB), name="start"),
        rule(RuleEvent.TICKET_ASSIGNED, (Verb.TIER, "2"), name="ping"),
        rule(RuleEvent.TICKET_ESCALATED, (Verb.ASSIGN, ALICE), name="pong"),
    )

    assert fire(rules=rules).rules == ("start", "ping", "pong")


def test_without_a_mail_the_rules_stop_after_sixteen_and_the_ticket_says_so() -> None:
    many = [rule(MISSED, (Verb.TAG, str(n)), name=str(n)) for n in range(STEPS_MAX + 3)]

    decision = fire(rules=tuple(many))

    assert len(decision.rules) == STEPS_MAX
    assert decision.outcome is Outcome.POSTED
    assert [one.kind for one in decision.events].count("rules.stopped") == 1
    assert any(reason.why is Why.LIMIT for reason in decision.reasons)


def test_events_of_a_mail_are_followed_too() -> None:
    rules = (rule(RuleEvent.TICKET_SOLVED, (Verb.TAG, "done"), name="solved"),)

    decision = play(from_agent("#solve"), views=[view()], rules=rules)

    assert decision.rules == ("solved",)
    assert decision.after is not None
    assert "done" in decision.after.tags


def test_two_misses_of_a_ticket_are_told_in_one_mail() -> None:
    rules = (rule(MISSED, (Verb.NOTIFY, ALICE)),)

    decision = fire(row(1), row(2, "resolution"), rules=rules)

    [told] = decision.replies
    assert [due.kind for due in told.dues] == ["first_response", "resolution"] or [
        due.kind for due in told.dues
    ] == ["resolution", "first_response"]
    assert told.reason == "missed"
    assert told.kind is ReplyKind.NOTIFICATION


def test_a_deadline_speaks_for_its_own_warnings_only() -> None:
    warning = row(1, "first_response.warning", 1, cycle="run/1")
    other = row(3, "resolution.warning", 0.5)
    serious = row(2, "first_response", 0.2)
    firing = Firing(rows=(warning, other, serious), open=(), now=NOW)

    merged = {one.row.id for one in ontime.fired(firing) if one.is_merged}

    assert merged == {1}


def test_the_order_of_rows_makes_no_difference() -> None:
    rows = (row(1, "a", 2), row(2, "b", 2), row(3, "c", 1))
    rules = (rule(MISSED, (Verb.NOTIFY, ALICE)),)

    assert fire(*rows, rules=rules) == fire(*reversed(rows), rules=rules)


def test_only_the_rule_whose_time_has_come_is_asked() -> None:
    waits = [rule(RuleEvent.TICKET_IDLE, (Verb.TAG, n), name=n) for n in ("one", "two")]

    decision = fire(row(1, "idle", policy="two"), rules=tuple(waits))

    assert decision.rules == ("two",)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), None),
        (datetime(2026, 3, 2, 22, tzinfo=UTC), datetime(2026, 3, 3, 7, tzinfo=UTC)),
        (datetime(2026, 3, 7, 10, tzinfo=UTC), datetime(2026, 3, 9, 7, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("anytime", [False, True])
def test_an_agent_is_told_in_their_working_hours_unless_the_rule_says_anytime(
    now: datetime, opens: datetime | None, *, anytime: bool
) -> None:
    alice = replace(HOUSE.agents[0], calendar="office")
    house = replace(HOUSE, agents=(alice, *HOUSE.agents[1:]))
    tell = rule(MISSED, (Verb.NOTIFY, ALICE))
    tell = replace(tell, actions=(replace(tell.actions[0], anytime=anytime),))
    firing = Firing(rows=(row(),), open=(), now=now)
    about = replace(world(tell), house=house, calendars=(OFFICE,))

    [told] = ontime.on_time(firing, view(), about).replies

    assert told.not_before == (None if anytime else opens)
    assert told.zone == "Europe/Berlin"


def known(*posts: tuple[PostKind, str]) -> TicketView:
    made = tuple(
        replace(post(n, kind), trust=trust) for n, (kind, trust) in enumerate(posts, start=1)
    )
    return replace(view(), recent=made)


@pytest.mark.parametrize(
    ("about", "fixed"),
    [
        (known((PostKind.CUSTOMER, "E0")), True),
        (known((PostKind.CUSTOMER, "E1")), True),
        (known((PostKind.CUSTOMER, "E2")), False),
        (known((PostKind.CUSTOMER, "E0"), (PostKind.AGENT, "E3")), False),
    ],
)
def test_a_customer_who_proved_nothing_reads_nothing_of_their_own(
    about: TicketView, *, fixed: bool
) -> None:
    firing = Firing(rows=(row(),), open=(), now=NOW)

    [sent] = ontime.on_time(firing, about, world(rule(MISSED, (Verb.REPLY, "follow-up")))).replies

    assert sent.recipient == ANNA
    assert sent.fixed is fixed
    assert (sent.subject == "") is fixed


def test_an_operators_change_is_an_event() -> None:
    about = view()
    after = replace(about.ticket, state=State.CLOSED)
    start = Decision(
        outcome=Outcome.POSTED,
        reasons=(),
        before=about.ticket,
        after=after,
        events=(EventDraft(kind="state.changed", actor="operator", data=(("to", State.CLOSED),)),),
    )
    closed = rule(RuleEvent.TICKET_CLOSED, (Verb.TAG, "closed"))
    cause = Cause(name="operator-1", now=NOW, actor="operator")

    decision = ruling.follow(ontime.occasion(about, world(closed), (), cause), start)

    assert decision.rules == (closed.name,)


def test_a_due_time_is_told_with_its_kind() -> None:
    told = fire(rules=(rule(MISSED, (Verb.NOTIFY, ALICE)),)).replies[0].dues

    assert told == (Due(kind="first_response", due_at=NOW - timedelta(hours=0.1), is_over=True),)
