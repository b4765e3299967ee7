"""What is due is computed from the log: at any time the same, in any order the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core import agenda
from maild.core.agenda import Changes, Item, Plan, Row
from maild.core.calendar import Calendar, Span
from maild.core.history import Entry
from maild.core.promise import Policy, Promise, Target, WarnAt
from maild.core.rule import After, Rule, RuleEvent
from maild.core.ticket import Customer, Priority, State, Ticket

MONDAY = datetime(2026, 3, 23, 8, tzinfo=UTC)
OFFICE = Calendar(
    name="office",
    zone="Europe/Berlin",
    hours=(*((Span(start=480, end=1020),),) * 5, (), ()),
)
POLICY = Policy(
    name="standard",
    first_response=Target(urgent=3600, high=7200, normal=4 * 3600, low=8 * 3600),
    next_response=Target(urgent=3600, high=7200, normal=4 * 3600, low=8 * 3600),
    resolution=Target(urgent=4 * 3600, high=8 * 3600, normal=24 * 3600, low=48 * 3600),
    warn_at=(WarnAt(share=0.5), WarnAt(before_seconds=900)),
)
CARLA, ALICE = "carla@customer.example", "alice@example.com"


def always(_context: object) -> bool:
    return True


IDLE = Rule(
    name="idle",
    on=RuleEvent.TICKET_IDLE,
    condition=always,
    actions=(),
    after=After(working_days=2),
    tables=frozenset(),
)
AGED = replace(IDLE, name="aged", on=RuleEvent.TICKET_AGED, after=After(seconds=3600))
PLAN = Plan(promises=(Promise(policy=POLICY, calendar=OFFICE, condition=always),), timed=(IDLE,))

_KINDS = st.sampled_from(("customer", "agent", "note", "state", "priority", "tag", "callback"))
_STEPS = st.lists(
    st.tuples(
        _KINDS, st.integers(min_value=0, max_value=4000), st.integers(min_value=0, max_value=7)
    ),
    max_size=12,
)


def line(number: int, at: datetime, kind: str, choice: int) -> Entry:
    """One line of a log; `choice` picks its value."""
    data: tuple[tuple[str, str], ...] = (("kind", kind), ("n", str(number)))
    name = "post.added"
    if kind == "state":
        states = (State.OPEN, State.PENDING, State.ON_HOLD, State.SOLVED, State.OPEN)
        name, data = "state.changed", (("to", states[choice % 5]),)
    elif kind == "priority":
        name, data = "priority.changed", (("to", tuple(Priority)[choice % 4]),)
    elif kind == "callback":
        name, data = "callback.set", (("until", (at + timedelta(hours=choice)).isoformat()),)
    elif kind == "tag":
        name, data = "tag.added", (("to", "x"),)
    return Entry(id=number, at=at, kind=name, actor=ALICE, data=data)


def log_of(steps: list[tuple[str, int, int]]) -> tuple[Entry, ...]:
    """A log: a ticket was opened, then so many minutes after each other these things happened."""
    at, made = MONDAY, [Entry(id=1, at=MONDAY, kind="ticket.created", actor=CARLA)]
    made.append(line(2, MONDAY, "customer", 0))
    for number, (kind, minutes, choice) in enumerate(steps, start=3):
        at += timedelta(minutes=minutes)
        made.append(line(number, at, kind, choice))
    return tuple(made)


def ticket_of(log: tuple[Entry, ...]) -> Ticket:
    """The ticket as its log leaves it."""
    ticket = Ticket(number=1, customer=Customer(address=CARLA), created_at=MONDAY)
    for entry in log:
        if entry.kind == "state.changed":
            ticket = replace(ticket, state=State(entry.value("to")))
        elif entry.kind == "priority.changed":
            ticket = replace(ticket, priority=Priority(entry.value("to")))
    return ticket


class Table:
    """The rows of one ticket, as the database keeps them."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Row] = {}

    def bring(self, log: tuple[Entry, ...], now: datetime) -> Changes:
        ticket = ticket_of(log)
        items = agenda.due(ticket, log, PLAN, now)
        found = agenda.changes(self.rows.values(), items, ticket.priority)
        for item in found.new:
            row = Row(id=len(self.rows) + 1, item=item, priority=ticket.priority)
            self.rows[item.key] = row
        for row, item in found.moved:
            moved = replace(row, item=item, is_cancelled=False, priority=ticket.priority)
            self.rows[item.key] = moved
        for row in found.cancelled:
            self.rows[row.item.key] = replace(row, is_cancelled=True)
        return found

    def fire(self, now: datetime) -> list[Item]:
        due = [r for r in self.rows.values() if r.is_waiting and r.item.due_at <= now]
        for row in due:
            self.rows[row.item.key] = replace(row, is_fired=True)
        return [row.item for row in due]

    def waiting(self) -> set[Item]:
        return {row.item for row in self.rows.values() if row.is_waiting}

    def fired(self) -> set[tuple[str, str]]:
        return {key for key, row in self.rows.items() if row.is_fired}


@given(steps=_STEPS, looks=st.lists(st.integers(min_value=0, max_value=20_000), max_size=6))
@settings(max_examples=150, deadline=None)
def test_the_rows_are_what_the_log_says_at_any_time(
    steps: list[tuple[str, int, int]], looks: list[int]
) -> None:
    log = log_of(steps)
    table, fired = Table(), list[Item]()
    for n in range(2, len(log) + 1):
        now = log[n - 1].at
        table.bring(log[:n], now)
        fired += table.fire(now)
    for minutes in sorted(looks):
        now = log[-1].at + timedelta(minutes=minutes)
        table.bring(log, now)
        fired += table.fire(now)
        computed = set(agenda.due(ticket_of(log), log, PLAN, now))

        assert table.waiting() == {item for item in computed if item.key not in table.fired()}

    assert len(fired) == len({item.key for item in fired}), "nothing fires twice"


@given(steps=_STEPS, chance=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_in_which_lines_are_read_makes_no_difference(
    steps: list[tuple[str, int, int]], chance: object
) -> None:
    log = log_of(steps)
    shuffled = list(log)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    now = log[-1].at + timedelta(days=1)
    ticket = ticket_of(log)

    assert agenda.due(ticket, shuffled, PLAN, now) == agenda.due(ticket, log, PLAN, now)


@given(steps=_STEPS)
@settings(max_examples=100, deadline=None)
def test_bringing_rows_twice_changes_nothing(steps: list[tuple[str, int, int]]) -> None:
    log, table = log_of(steps), Table()
    table.bring(log, log[-1].at)

    assert table.bring(log, log[-1].at).is_nothing


@pytest.mark.parametrize(
    ("rule", "state", "is_due"),
    [
        (IDLE, State.NEW, True),
        (IDLE, State.ON_HOLD, True),
        (IDLE, State.SOLVED, False),
        (AGED, State.SOLVED, True),
        (AGED, State.CLOSED, False),
        (AGED, State.SPAM, False),
        (AGED, State.MERGED, False),
        (replace(AGED, condition=lambda _: False), State.SOLVED, False),
        (
            replace(AGED, condition=lambda _: False, tables=frozenset({"now"})),
            State.SOLVED,
            True,
        ),
    ],
)
def test_a_rule_waits_where_it_may_fire(rule: Rule, state: State, *, is_due: bool) -> None:
    changed = Entry(id=3, at=MONDAY, kind="state.changed", data=(("to", state),))
    log = (*log_of([]), changed)

    found = agenda.due(ticket_of(log), log, Plan(timed=(rule,)), MONDAY)

    assert bool(found) is is_due


def test_working_days_are_those_of_the_calendar_and_end_in_its_hours() -> None:
    friday_night = datetime(2026, 3, 27, 21, tzinfo=UTC)
    created = Entry(id=1, at=friday_night, kind="ticket.created")
    ticket = Ticket(number=1, customer=Customer(address=CARLA), created_at=friday_night)

    found = agenda.due(ticket, [created], replace(PLAN, timed=(IDLE,)), friday_night)
    (idle,) = (item for item in found if item.kind == "idle")

    # Monday and Tuesday are worked; ten at night is after hours; Berlin is on summer time.
    assert idle.due_at == datetime(2026, 4, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-03-24T10:00:00"])
def test_a_callback_without_an_instant_is_none(text: str) -> None:
    said = Entry(id=3, at=MONDAY, kind="callback.set", data=(("until", text),))
    log = (*log_of([]), said)

    assert agenda.due(ticket_of(log), log, Plan(), MONDAY) == ()


def test_a_callback_ends_with_the_ticket_and_does_not_come_back() -> None:
    log = log_of([("callback", 1, 7), ("state", 1, 3), ("state", 1, 0)])

    assert agenda.due(ticket_of(log), log, Plan(), log[-1].at) == ()


def test_the_version_tells_every_change_of_what_is_promised() -> None:
    (promised,) = PLAN.promises
    closed = replace(OFFICE, closed=(MONDAY.date(),))
    plans = [
        PLAN,
        Plan(),
        replace(PLAN, promises=(replace(promised, calendar=closed),)),
        replace(PLAN, promises=(replace(promised, policy=replace(POLICY, match="true")),)),
        replace(PLAN, timed=(replace(IDLE, after=After(working_days=3)),)),
        replace(PLAN, timed=(replace(IDLE, when="ticket.tier == 2"),)),
    ]

    assert len({agenda.version(plan) for plan in plans}) == len(plans)
    assert agenda.version(PLAN) == agenda.version(replace(PLAN))
