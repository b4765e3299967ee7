"""What became of the promises on one ticket: a pure function of its event log.

Three clocks. *first_response* runs from the opening to the first public reply of a person that
was not undone and reached the customer. *next_response* runs, after that, from the oldest post of
the customer that is not yet answered to the answer, and begins anew each time. *resolution* runs
from the opening until the ticket is solved or closed and stays so.

| state                | the clocks                                           |
|----------------------|------------------------------------------------------|
| new, open            | run in working time, unless the policy pauses there  |
| pending, on-hold     | stand still where the policy pauses, else run        |
| solved, closed       | stand still; resolution is reached                   |
| merged, spam         | stand still                                          |

Nothing here is kept: a changed policy, priority or calendar is the same question asked again. A
clock that was reached, or stopped, keeps the priority of that moment; another has today's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maild.core import calendar, history, promise
from maild.core.calendar import Calendar
from maild.core.history import Entry, Period, Spoken
from maild.core.promise import Clock, Mark, Policy
from maild.core.ticket import PostKind, State

ENDED = (State.SOLVED, State.CLOSED)
GONE = (State.MERGED, State.SPAM)


class Standing(StrEnum):
    """How things are with one deadline or warning."""

    RUNNING = "running"
    """It will be due at the time that is told, if nothing happens."""
    PAUSED = "paused"
    """The clock stands still by policy: nothing is due until it runs again."""
    STOPPED = "stopped"
    """The ticket is solved, closed, merged or spam: nothing is due unless it is opened again."""
    MET = "met"
    """It was reached in time, the very instant that it was due included."""
    MISSED = "missed"
    """It came due before it was reached; a warning: it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of a clock in one state: the reason why it counts or not."""

    start: datetime
    end: datetime
    state: State
    counted: bool
    worked: timedelta
    """Working time that counts; nothing where the clock stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One deadline or warning of one clock."""

    kind: str
    """`first_response`, `first_response.warning`, and so on."""
    started_at: datetime
    after: timedelta
    """Working time from the start of the clock."""
    due_at: datetime | None
    """None while the clock stands still and it has not come due before."""
    standing: Standing
    reached_at: datetime | None = None
    """When the clock was reached: answered or solved."""
    intervals: tuple[Interval, ...] = ()
    """From the start until it was reached, or until now; the same for a clock's warnings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A run of a clock that ended with an answer, or with the ticket solved."""

    clock: Clock
    started_at: datetime
    reached_at: datetime
    due_at: datetime | None
    """None where nothing is promised for this clock."""
    is_met: bool


_Span = tuple[Clock, datetime, datetime | None]
"""A run of a clock: when it began, and when it was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run of a clock."""

    clock: Clock
    start: datetime
    reached_at: datetime | None
    intervals: tuple[Interval, ...]


def deadlines(
    log: Iterable[Entry], policy: Policy, hours: Calendar, now: datetime
) -> tuple[Deadline, ...]:
    """Return every deadline and warning that a ticket has and had, clock by clock.

    `log` is in any order and holds nothing later than `now`. What is RUNNING waits for its time;
    there is at most one such run of each clock.
    """
    entries = history.ordered(log)
    stood = history.periods(entries, now)
    return tuple(_deadlines(entries, stood, _spans(entries, stood), policy, hours))


def waiting(
    log: Iterable[Entry], policy: Policy, hours: Calendar, now: datetime
) -> tuple[Deadline, ...]:
    """Return `deadlines` without the runs that were reached.

    One that began at the same instant as a run of its clock that was not is still told.
    """
    entries = history.ordered(log)
    stood = history.periods(entries, now)
    spans = _spans(entries, stood)
    running = {(clock, begin) for clock, begin, end in spans if end is None}
    wanted = [(clock, begin, end) for clock, begin, end in spans if (clock, begin) in running]
    return tuple(_deadlines(entries, stood, wanted, policy, hours))


def reached(
    log: Iterable[Entry], policy: Policy, hours: Calendar, now: datetime, since: datetime
) -> Iterator[Reached]:
    """Give the runs that were reached after an instant, whether something is promised or not."""
    entries = history.ordered(log)
    stood = history.periods(entries, now)
    spans = [span for span in _spans(entries, stood) if span[2] is not None and span[2] > since]
    for run in _runs(stood, spans, policy, hours):
        assert run.reached_at is not None, "the others were left out"
        marks = promise.marks(policy, run.clock, history.priority_at(entries, run.reached_at))
        due_at = _due_at(run, marks[-1], hours) if marks else None
        yield Reached(
            clock=run.clock,
            started_at=run.start,
            reached_at=run.reached_at,
            due_at=due_at,
            is_met=due_at is not None and run.reached_at <= due_at,
        )


def _spans(log: Sequence[Entry], stood: Sequence[Period]) -> list[_Span]:
    """Return when every run of every clock began and was reached."""
    start = history.created_at(log)
    if start is None:
        return []
    posts = history.spoken(log)
    first = next((post for post in posts if post.kind is PostKind.AGENT), None)
    spans: list[_Span] = [(Clock.FIRST_RESPONSE, start, first.at if first else None)]
    spans += [(Clock.NEXT_RESPONSE, *span) for span in _unanswered(posts, first)]
    spans.append((Clock.RESOLUTION, start, _since(stood, ENDED)))
    return spans


def _deadlines(
    log: Sequence[Entry],
    stood: Sequence[Period],
    spans: Iterable[_Span],
    policy: Policy,
    hours: Calendar,
) -> Iterator[Deadline]:
    """Give the deadlines and warnings of some runs."""
    stopped_at = _since(stood, (*ENDED, *GONE))
    for run in _runs(stood, spans, policy, hours):
        priority = history.priority_at(log, run.reached_at or stopped_at)
        for mark in promise.marks(policy, run.clock, priority):
            yield _deadline(run, mark, hours, stood[-1])


def _runs(
    stood: Sequence[Period], spans: Iterable[_Span], policy: Policy, hours: Calendar
) -> Iterator[_Run]:
    """Give runs with the states in which they were."""
    for clock, begin, reached in spans:
        intervals = tuple(_intervals(stood, policy, hours, (begin, reached)))
        yield _Run(clock=clock, start=begin, reached_at=reached, intervals=intervals)


def _unanswered(
    posts: Sequence[Spoken], first: Spoken | None
) -> Iterator[tuple[datetime, datetime | None]]:
    """Give (oldest post of the customer not yet answered, answer), after the first response."""
    waiting: datetime | None = None
    for post in posts:
        if first is None or post.n <= first.n:
            continue
        if post.kind is PostKind.CUSTOMER:
            waiting = waiting or post.at
        elif waiting:
            yield waiting, post.at
            waiting = None
    if waiting:
        yield waiting, None


def _since(stood: Sequence[Period], states: tuple[State, ...]) -> datetime | None:
    """Return since when the ticket is in some of these states; None when it is in another."""
    since: datetime | None = None
    for period in stood:
        since = (since or period.start) if period.state in states else None
    return since


def _intervals(
    stood: Sequence[Period],
    policy: Policy,
    hours: Calendar,
    span: tuple[datetime, datetime | None],
) -> Iterator[Interval]:
    """Give the states of a ticket from the start of a clock until it was reached."""
    begin, reached = span
    last = reached or stood[-1].end
    for period in stood:
        start, end = max(period.start, begin), min(period.end, last)
        if start < end or (reached is None and period is stood[-1]):
            counted = _counts(period.state, policy)
            worked = calendar.working_time(hours, start, end) if counted else timedelta()
            yield Interval(
                start=start, end=end, state=period.state, counted=counted, worked=worked
            )


def _counts(state: State, policy: Policy) -> bool:
    """Tell whether the clocks run in a state."""
    return state not in (*ENDED, *GONE) and state.value not in policy.pause


def _deadline(run: _Run, mark: Mark, hours: Calendar, last: Period) -> Deadline:
    """Say when a mark of a run is or was due, and how it stands."""
    due_at = _due_at(run, mark, hours)
    return Deadline(
        kind=mark.kind,
        started_at=run.start,
        after=mark.after,
        due_at=due_at,
        standing=_standing(run, due_at, last),
        reached_at=run.reached_at,
        intervals=run.intervals,
    )


def _due_at(run: _Run, mark: Mark, hours: Calendar) -> datetime | None:
    """Return when so much had been or will have been worked; None while the clock stands still.

    What was reached is told as if the clock had run on from then.
    """
    left = mark.after
    for interval in run.intervals:
        if interval.counted:
            due_at = calendar.due_after(hours, interval.start, left)
            if due_at <= interval.end or interval is run.intervals[-1]:
                return due_at
            left -= interval.worked
    return calendar.due_after(hours, run.reached_at, left) if run.reached_at else None


def _standing(run: _Run, due_at: datetime | None, last: Period) -> Standing:
    """Judge a mark at the end of the last period, which is now."""
    if run.reached_at:
        return Standing.MET if due_at and run.reached_at <= due_at else Standing.MISSED
    if due_at is None:
        return Standing.STOPPED if last.state in (*ENDED, *GONE) else Standing.PAUSED
    return Standing.MISSED if due_at <= last.end else Standing.RUNNING
