"""What became of promises: tables of logs, and a counter of minutes over random ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core import history
from maild.core.calendar import AROUND_THE_CLOCK, Calendar, Span
from maild.core.history import Entry
from maild.core.promise import Clock, Policy, Promise, Target, WarnAt, choose, marks
from maild.core.sla import Deadline, Standing, deadlines, waiting
from maild.core.ticket import Priority, State

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
OFFICE = Calendar(name="office", hours=(*((Span(start=480, end=1020),),) * 5, (), ()))
POLICY = Policy(
    name="standard",
    first_response=Target(urgent=3600, high=7200, normal=4 * 3600, low=8 * 3600),
    next_response=Target(urgent=3600, high=7200, normal=4 * 3600, low=8 * 3600),
    resolution=Target(urgent=4 * 3600, high=8 * 3600, normal=24 * 3600, low=48 * 3600),
)


def log(*lines: str) -> tuple[Entry, ...]:
    """Read lines such as `1.5 post agent 2`: hours after Monday 08:00, and what happened."""
    entries = [entry(0, "0 created")]
    entries += [entry(n, line) for n, line in enumerate(lines, start=1)]
    return tuple(entries)


def entry(number: int, line: str) -> Entry:
    hours, what, *rest = line.split()
    kind, names = {
        "created": ("ticket.created", ()),
        "post": ("post.added", ("kind", "n")),
        "state": ("state.changed", ("to",)),
        "priority": ("priority.changed", ("to",)),
        "undone": ("post.undone", ("n",)),
        "failed": ("reply.failed", ("to", "n")),
        "suspended": ("reply.suspended", ("to", "n")),
        "customer": ("customer.changed", ("to",)),
        "tagged": ("tag.added", ("to",)),
    }[what]
    at = MONDAY + timedelta(hours=float(hours))
    data = tuple(zip(names, rest, strict=True))
    return Entry(id=number, at=at, kind=kind, actor="carla@customer.example", data=data)


def told(
    entries: tuple[Entry, ...],
    hours: float,
    *,
    policy: Policy = POLICY,
    calendar: Calendar = AROUND_THE_CLOCK,
) -> list[str]:
    """Say for each deadline: clock, hours after Monday 08:00 at which it is due, standing."""
    now = MONDAY + hours * HOUR
    return [line(one) for one in deadlines(entries, policy, calendar, now)]


def line(one: Deadline) -> str:
    due = "-" if one.due_at is None else f"{(one.due_at - MONDAY) / HOUR:g}"
    return f"{one.kind.replace('_response', '')} {due} {one.standing}"


@pytest.mark.parametrize(
    ("lines", "hours", "expected"),
    [
        ([], 1, ["first 4 running", "resolution 24 running"]),
        ([], 4, ["first 4 missed", "resolution 24 running"]),
        ([], 30, ["first 4 missed", "resolution 24 missed"]),
        (["1 post note 2"], 2, ["first 4 running", "resolution 24 running"]),
        (["1 post auto 2"], 2, ["first 4 running", "resolution 24 running"]),
        (["2 post agent 2", "2 state pending"], 9, ["first 4 met", "resolution - paused"]),
        (["4 post agent 2"], 9, ["first 4 met", "resolution 24 running"]),
        (["4.1 post agent 2"], 9, ["first 4 missed", "resolution 24 running"]),
        (["2 post agent 2", "3 undone 2"], 3, ["first 4 running", "resolution 24 running"]),
        (
            ["2 post agent 2", "3 failed CARLA@customer.example 2"],
            5,
            ["first 4 missed", "resolution 24 running"],
        ),
        (
            ["2 post agent 2", "3 suspended carla@customer.example 2"],
            3,
            ["first 4 running", "resolution 24 running"],
        ),
        (
            ["2 post agent 2", "3 failed copy@else.example 2"],
            5,
            ["first 4 met", "resolution 24 running"],
        ),
        (
            ["1 customer new@else.example", "2 post agent 2", "3 failed new@else.example 2"],
            3,
            ["first 4 running", "resolution 24 running"],
        ),
        (["1 state pending"], 30, ["first - paused", "resolution - paused"]),
        (["1 state pending", "6 state open"], 7, ["first 9 running", "resolution 29 running"]),
        (["5 state pending", "6 state open"], 7, ["first 4 missed", "resolution 25 running"]),
        (["1 state on-hold"], 2, ["first 4 running", "resolution 24 running"]),
        (["1 state pending", "2 post agent 2"], 3, ["first 5 met", "resolution - paused"]),
        (["3 state solved"], 5, ["first - stopped", "resolution 24 met"]),
        (["3 state solved", "5 state closed"], 6, ["first - stopped", "resolution 24 met"]),
        (["3 state closed"], 6, ["first - stopped", "resolution 24 met"]),
        (["25 state solved"], 26, ["first 4 missed", "resolution 24 missed"]),
        (["3 state solved", "5 state open"], 5.5, ["first 6 running", "resolution 26 running"]),
        (["1 state spam"], 6, ["first - stopped", "resolution - stopped"]),
        (["1 state merged"], 6, ["first - stopped", "resolution - stopped"]),
        (["1 state spam", "3 state open"], 4, ["first 6 running", "resolution 26 running"]),
        (["1 priority urgent"], 1.5, ["first 1 missed", "resolution 4 running"]),
        (["0.5 priority urgent"], 0.6, ["first 1 running", "resolution 4 running"]),
        (["0.5 priority low"], 6, ["first 8 running", "resolution 48 running"]),
        (["0.5 post agent 2", "2 priority urgent"], 3, ["first 4 met", "resolution 4 running"]),
        (["3 state solved", "9 priority urgent"], 10, ["first - stopped", "resolution 24 met"]),
        (["1 priority none", "2 state asleep"], 3, ["first 4 running", "resolution 24 running"]),
    ],
)
def test_first_response_and_resolution(
    lines: list[str], hours: float, expected: list[str]
) -> None:
    assert told(log(*lines), hours) == expected


@pytest.mark.parametrize(
    ("lines", "hours", "expected"),
    [
        (["0 post customer 1", "1 post customer 2"], 2, []),
        (["1 post agent 2"], 2, []),
        (["1 post agent 2", "2 post customer 3"], 3, ["next 6 running"]),
        (["1 post agent 2", "2 post customer 3", "3 post customer 4"], 3, ["next 6 running"]),
        (["1 post agent 2", "2 post customer 3", "3 post note 4"], 7, ["next 6 missed"]),
        (
            ["1 post agent 2", "2 post customer 3", "3 post agent 4", "5 post customer 5"],
            6,
            ["next 6 met", "next 9 running"],
        ),
        (
            ["1 post agent 2", "2 post customer 3", "3 post agent 4", "4 undone 4"],
            6,
            ["next 6 missed"],
        ),
        (
            ["1 post agent 2", "1 state pending", "3 post customer 3", "3 state open"],
            5,
            ["next 7 running"],
        ),
        (
            ["1 post agent 2", "2 post customer 3", "3 state pending", "8 state open"],
            9,
            ["next 11 running"],
        ),
        (["1 post agent 2", "2 post customer 3", "3 state solved"], 9, ["next - stopped"]),
    ],
)
def test_next_response(lines: list[str], hours: float, expected: list[str]) -> None:
    found = told(log(*lines), hours)

    assert [one for one in found if one.startswith("next")] == expected


def test_pauses_are_what_the_policy_says() -> None:
    paused = log("1 state on-hold", "3 state open")
    on_hold = replace(POLICY, pause=("pending", "on-hold"))
    never = replace(POLICY, pause=())

    assert told(paused, 4) == ["first 4 missed", "resolution 24 running"]
    assert told(paused, 4, policy=on_hold) == ["first 6 running", "resolution 26 running"]
    assert told(log("1 state pending"), 2, policy=never)[0] == "first 4 running"
    assert told(log("1 state solved"), 2, policy=never)[0] == "first - stopped"


def test_working_hours_count_and_nights_do_not() -> None:
    lines = log("7 state pending", "30 state open")

    assert told(log(), 1, calendar=OFFICE)[1] == "resolution 54 running"
    assert told(lines, 31, calendar=OFFICE)[1] == "resolution 77 running"
    assert (
        told(log("8 state pending", "9 state open"), 31, calendar=OFFICE)[1]
        == "resolution 55 running"
    )


def test_warnings_stand_before_their_deadline() -> None:
    policy = replace(POLICY, warn_at=(WarnAt(share=0.5), WarnAt(before_seconds=3600)))

    assert told(log(), 2.5, policy=policy)[:3] == [
        "first.warning 2 missed",
        "first.warning 3 running",
        "first 4 running",
    ]
    assert told(log("1 post agent 2"), 3.5, policy=policy)[:3] == [
        "first.warning 2 met",
        "first.warning 3 met",
        "first 4 met",
    ]


def test_a_share_is_exact_and_two_warnings_at_once_are_one() -> None:
    warn = (
        WarnAt(share=0.8),
        WarnAt(before_seconds=2880),
        WarnAt(share=0.01),
        WarnAt(before_seconds=10**6),
    )
    policy = replace(POLICY, warn_at=warn)

    found = marks(policy, Clock.FIRST_RESPONSE, Priority.NORMAL)

    assert [mark.after.total_seconds() for mark in found] == [144, 11520, 14400]
    assert marks(Policy(name="none"), Clock.FIRST_RESPONSE, Priority.NORMAL) == ()


def test_every_interval_says_why_it_counts_or_not() -> None:
    lines = log("2 state pending", "5 state open", "6 post agent 2", "6 state pending")

    first, resolution = deadlines(lines, POLICY, AROUND_THE_CLOCK, MONDAY + 8 * HOUR)

    told_ = [(i.state, i.counted, i.worked / HOUR) for i in first.intervals]
    assert told_ == [(State.NEW, True, 2), (State.PENDING, False, 0), (State.OPEN, True, 1)]
    assert resolution.intervals[-1].state is State.PENDING
    assert resolution.intervals[-1].end == MONDAY + 8 * HOUR
    assert sum((i.worked for i in resolution.intervals), timedelta()) == 3 * HOUR


def test_a_clock_that_was_set_back_turns_nothing_around() -> None:
    lines = log("2 state pending", "1 post customer 2", "1 state open")

    assert told(lines, 3) == ["first 4 running", "resolution 24 running"]
    assert told(log("-5 state pending", "2 state open"), 3)[0] == "first 6 running"


def test_a_log_without_a_beginning_promises_nothing() -> None:
    assert told((), 3) == []
    assert told(log("1 state open")[1:], 3) == []


def test_the_first_promise_that_matches_counts() -> None:
    def promise(name: str, segment: str) -> Promise:
        return Promise(
            policy=Policy(name=name),
            calendar=AROUND_THE_CLOCK,
            condition=lambda context: context["segment"] == segment,
        )

    promises = (promise("gold", "enterprise"), promise("silver", "paid"), promise("iron", "paid"))

    found = [choose(promises, {"segment": word}) for word in ("paid", "enterprise", "free")]

    assert [one.policy.name if one else "" for one in found] == ["silver", "gold", ""]


STATES = ("new", "open", "pending", "on-hold", "solved")
LAST_HOUR = 48


def story(chance: Random) -> tuple[Entry, ...]:
    """Make up the log of a ticket: states, posts and priorities, at whole minutes of two days."""
    minutes = sorted(chance.randint(0, 24 * 60) for _ in range(chance.randint(0, 8)))
    lines, n = [], 1
    for minute in minutes:
        choices = [f"state {chance.choice(STATES)}", f"priority {chance.choice(list(Priority))}"]
        n += 1
        choices += [f"post {chance.choice(('customer', 'agent', 'note'))} {n}", "tagged vip"]
        lines.append(f"{minute / 60} {chance.choice(choices)}")
    return log(*lines)


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_resolution_is_due_when_a_counter_of_minutes_has_counted_it(seed: int) -> None:
    chance = Random(seed)
    entries = story(chance)
    pause = tuple(chance.sample(("pending", "on-hold", "open"), chance.randint(0, 2)))
    policy = replace(POLICY, pause=pause)
    now = MONDAY + LAST_HOUR * HOUR

    resolution = deadlines(entries, policy, OFFICE, now)[-1]

    counted, target = 0, resolution.after // timedelta(minutes=1)
    for n in range(LAST_HOUR * 60):
        minute = MONDAY + n * timedelta(minutes=1)
        counted += office_is_open(minute) and state_at(entries, minute) not in (*pause, "solved")
        if counted == target:
            assert resolution.due_at == minute + timedelta(minutes=1)
            return
    assert resolution.due_at is None or resolution.due_at > now or resolution.reached_at


def office_is_open(minute: datetime) -> bool:
    return 8 <= minute.hour < 17 and minute.weekday() < 5


def state_at(entries: tuple[Entry, ...], minute: datetime) -> str:
    changes = [e for e in entries if e.kind == "state.changed" and e.at <= minute]
    return changes[-1].value("to") if changes else "new"


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_time_that_passes_without_an_event_moves_no_deadline(seed: int) -> None:
    chance = Random(seed)
    entries = story(chance)
    begin = max(entry.at for entry in entries)

    early = deadlines(entries, POLICY, OFFICE, begin)
    late = deadlines(entries, POLICY, OFFICE, begin + chance.randint(0, 9**5) * HOUR / 3600)

    assert [(d.kind, d.due_at) for d in early] == [(d.kind, d.due_at) for d in late]
    still = (Standing.RUNNING, Standing.MISSED)
    for before, after in zip(early, late, strict=True):
        assert before.standing == after.standing or (before.standing, after.standing) == still


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_the_order_in_which_a_log_is_handed_over_does_not_matter(seed: int) -> None:
    chance = Random(seed)
    entries = story(chance)
    now = MONDAY + LAST_HOUR * HOUR
    shuffled = chance.sample(entries, len(entries))

    assert deadlines(shuffled, POLICY, OFFICE, now) == deadlines(entries, POLICY, OFFICE, now)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_what_waits_is_all_that_was_not_reached(seed: int) -> None:
    entries = story(Random(seed))
    now = MONDAY + LAST_HOUR * HOUR

    every = deadlines(entries, POLICY, OFFICE, now)
    begun = {(one.kind, one.started_at) for one in every if one.reached_at is None}

    assert waiting(entries, POLICY, OFFICE, now) == tuple(
        one for one in every if (one.kind, one.started_at) in begun
    )


def test_a_run_that_was_reached_is_told_with_one_that_began_at_the_same_instant() -> None:
    before = ("0 post customer 1", "1 post agent 2")
    entries = log(*before, "2 post customer 3", "2 post agent 4", "2 post customer 5")

    told = waiting(entries, POLICY, AROUND_THE_CLOCK, MONDAY + 3 * HOUR)

    assert [line(one) for one in told] == ["next 6 met", "next 6 running", "resolution 24 running"]


def test_the_history_keeps_what_was_said_aloud() -> None:
    lines = ("0 post customer 1", "1 post note 2", "2 post agent 3", "3 post auto 4")

    assert [post.n for post in history.spoken(log(*lines))] == [1, 3]
