"""A ladder follows from the log alone: when it runs, what comes next, and who stopped it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from maild.core import ladder
from maild.core.calendar import AROUND_THE_CLOCK, Calendar, Span
from maild.core.history import Entry
from maild.core.rule import Rule, RuleEvent, Step

FRIDAY = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OFFICE = Calendar(name="office", zone="UTC", hours=(*((Span(start=480, end=960),),) * 5, (), ()))
RULE = Rule(
    name="nobody acts",
    on=RuleEvent.DEADLINE_MISSED,
    condition=lambda _: True,
    actions=(),
    steps=(Step(after_seconds=900, actions=()), Step(after_seconds=3600, actions=())),
)
NIGHT = Rule(
    name="nobody acts",
    on=RuleEvent.DEADLINE_MISSED,
    condition=lambda _: True,
    actions=(),
    steps=RULE.steps,
    anytime=True,
)


def line(place: int, what: str, /, actor: str = "maild", **data: str) -> Entry:
    at = FRIDAY + place * MINUTE
    return Entry(id=place, at=at, kind=what, actor=actor, data=tuple(data.items()))


OPENED = line(1, "ticket.created", actor="anna@customer.example")
BEGAN = line(2, ladder.STARTED, ladder="nobody acts")
FIRST = line(3, ladder.STEP, ladder="nobody acts", n="1", of="2")
LAST = line(4, ladder.STEP, ladder="nobody acts", n="2", of="2")


def stopped(*entries: Entry) -> str:
    return ladder.climbs((OPENED, BEGAN, *entries))[0].stopped


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (line(9, ladder.ACKNOWLEDGED, actor="alice@example.com"), "acknowledged"),
        (line(9, "post.added", actor="alice@example.com", kind="agent", n="2"), "answered"),
        (line(9, "post.added", actor="alice@example.com", kind="note", n="2"), ""),
        (line(9, "post.added", actor="anna@customer.example", kind="customer", n="2"), ""),
        (line(9, "ticket.assigned", actor="bob@example.com", to="alice@example.com"), "assigned"),
        (line(9, "assignee.changed", actor="operator", to="alice@example.com"), "assigned"),
        (line(9, "ticket.assigned", actor="rule:nobody acts", to="alice@example.com"), ""),
        (line(9, "ticket.assigned", actor="bob@example.com", to=""), ""),
        (line(9, "state.changed", actor="alice@example.com", to="solved"), "solved"),
        (line(9, "state.changed", actor="alice@example.com", to="closed"), "closed"),
        (line(9, "state.changed", actor="alice@example.com", to="merged"), "merged"),
        (line(9, "state.changed", actor="alice@example.com", to="spam"), "spam"),
        (line(9, "state.changed", actor="alice@example.com", to="pending"), ""),
        (line(9, ladder.STOPPED, ladder="nobody acts", why="withdrawn"), "withdrawn"),
    ],
)
def test_a_ladder_stops_when_somebody_acts_and_only_then(entry: Entry, why: str) -> None:
    assert stopped(entry) == why


def test_a_reply_that_was_taken_back_stops_nothing() -> None:
    reply = line(8, "post.added", actor="alice@example.com", kind="agent", n="2")

    assert stopped(reply) == "answered"
    assert stopped(reply, line(9, "post.undone", actor="alice@example.com", n="2")) == ""


def test_a_second_beginning_while_it_runs_is_none() -> None:
    again = line(5, ladder.STARTED, ladder="nobody acts")

    assert len(ladder.climbs((BEGAN, FIRST, again))) == 1


def test_after_its_last_step_or_its_end_it_may_begin_again() -> None:
    again = line(7, ladder.STARTED, ladder="nobody acts")
    seen = line(6, ladder.ACKNOWLEDGED, actor="alice@example.com")

    assert [c.id for c in ladder.climbs((BEGAN, FIRST, LAST, again))] == [2, 7]
    assert [c.id for c in ladder.climbs((BEGAN, seen, again))] == [2, 7]


def test_steps_count_working_time_so_that_a_weekend_is_quiet() -> None:
    rungs = list(ladder.rungs((OPENED, BEGAN), [RULE], OFFICE))

    assert [rung.due_at for rung in rungs] == [
        datetime(2026, 3, 27, 15, 47, tzinfo=UTC),
        datetime(2026, 3, 30, 8, 32, tzinfo=UTC),
    ]


def test_at_any_time_means_real_time() -> None:
    rungs = list(ladder.rungs((OPENED, BEGAN), [NIGHT], OFFICE))

    assert [rung.due_at - BEGAN.at for rung in rungs] == [15 * MINUTE, 60 * MINUTE]


def test_what_stopped_has_no_steps_left() -> None:
    seen = line(6, ladder.ACKNOWLEDGED, actor="alice@example.com")

    assert list(ladder.rungs((BEGAN, seen), [RULE], AROUND_THE_CLOCK)) == []
    assert list(ladder.rungs((BEGAN,), [], AROUND_THE_CLOCK)) == []
    assert list(ladder.rungs((BEGAN, FIRST, LAST), [RULE], AROUND_THE_CLOCK)) == []


def test_the_order_in_which_a_log_is_handed_over_changes_nothing() -> None:
    log = (BEGAN, FIRST, line(6, ladder.ACKNOWLEDGED, actor="alice@example.com"), LAST)

    assert len({ladder.climbs(order) for order in permutations(log)}) == 1


def test_the_log_is_told_once_for_each_ladder_why_it_ended() -> None:
    seen = line(6, ladder.ACKNOWLEDGED, actor="alice@example.com")

    [event] = ladder.stopped((BEGAN, seen), ["2/1", "2/2"])

    assert (event.kind, dict(event.data)) == (
        "escalation.stopped",
        {"ladder": "nobody acts", "why": "acknowledged"},
    )


def test_the_version_follows_the_times() -> None:
    assert ladder.version(RULE) != ladder.version(NIGHT)
    assert ladder.version(RULE) == ladder.version(RULE)
