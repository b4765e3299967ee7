"""The figures of a simulated quarter, against a reader of the same log that shares no code.

Beside what the simulation does, the log gets what people do only now and then: votes that come
late and are changed, replies that never arrive, tiers that are raised, mail that was held for days.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from random import Random
from statistics import fmean, quantiles
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from maild.cli import simulate_house
from maild.core import kpi
from maild.core.decision import EventDraft
from maild.core.scorecard import By, Only, Report, Span, Step, Wish, spans
from maild.core.token import Keys
from maild.furnish import office_of
from maild.simulation import year as course_of_time
from maild.store import commit, report
from maild.store.database import Connection, Database, open_database
from maild.store.migrate import migrate

pytestmark = pytest.mark.slow
START = datetime(2026, 1, 5, tzinfo=UTC)
FIRST_MONTH = Span(start=START, end=datetime(2026, 2, 5, tzinfo=UTC))
TICKETS, DAYS = 150, 60
ENDED = ("solved", "closed")
UNSOLVED = ("new", "open", "pending", "on-hold")
CLOCKS = ("first_response", "next_response", "resolution")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A simulation that ended."""

    database: Database
    whole: Span
    told_then: Report
    """The first month, as it was told on the day after it."""


class Chaos:
    """What happens now and then, written into the log at midnight."""

    def __init__(self, database: Database) -> None:
        self.chance = Random(7)
        self.database = database

    def night(self, now: datetime) -> None:
        with self.database.write() as connection:
            self._of_tickets(connection, now)
            for survey in range(2):
                key = f"nps-{now:%j}-{survey}"
                self.write(connection, None, "survey.sent", _of("nps", key), now)
                if self.chance.random() < 0.7:
                    self.vote(connection, None, ("nps", key), now + timedelta(hours=1))
                    self.vote(connection, None, ("nps", key), now + timedelta(hours=2))

    def _of_tickets(self, connection: Connection, now: datetime) -> None:
        for number, survey in _asked(connection):
            if self.chance.random() < 0.06:
                self.vote(connection, number, ("csat", survey), now)
        for number, n, customer in _answered(connection):
            if self.chance.random() < 0.002:
                data = (("to", customer), ("answer", "no"), ("n", n))
                self.write(connection, number, "reply.failed", data, now)
        for (number,) in connection.execute(text(_OPEN)).all():
            if self.chance.random() < 0.05:
                tier = str(self.chance.choice((2, 3)))
                self.write(connection, number, "tier.changed", (("to", tier),), now)

    def vote(
        self, connection: Connection, number: int | None, which: tuple[str, str], now: datetime
    ) -> None:
        kind, survey = which
        score = self.chance.randint(0, 10) if kind == "nps" else self.chance.randint(1, 5)
        data = (*_of(kind, survey), ("score", str(score)))
        self.write(connection, number, "survey.answered", data, now)

    def write(
        self,
        connection: Connection,
        number: int | None,
        kind: str,
        data: tuple[tuple[str, str], ...],
        now: datetime,
    ) -> None:
        event = EventDraft(kind=kind, actor="chaos", data=data)
        commit.add_events(connection, number, [event], 0, now)


_OPEN = "SELECT id FROM ticket WHERE state IN ('new', 'open', 'pending')"


def _of(kind: str, survey: str) -> tuple[tuple[str, str], ...]:
    return (("survey", survey), ("kind", kind), ("customer", "1"))


def _asked(connection: Connection) -> list[tuple[int, str]]:
    found = connection.execute(
        text("SELECT ticket_id, data FROM event WHERE kind = 'survey.sent' AND ticket_id > 0")
    )
    return [(number, json.loads(data)["survey"]) for number, data in found]


def _answered(connection: Connection) -> list[tuple[int, str, str]]:
    found = connection.execute(
        text(
            "SELECT p.ticket_id, p.n, c.address FROM post p JOIN ticket t ON t.id = p.ticket_id"
            " JOIN customer c ON c.id = t.customer_id WHERE p.kind = 'agent'"
        )
    )
    return [(number, str(n), address) for number, n, address in found]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    database = open_database("sqlite://")
    migrate(database)
    office = office_of(
        simulate_house.built_in(tmp_path_factory.mktemp("house")),
        database,
        Keys(current=0, by_id={0: bytes(32)}),
    )
    wish = course_of_time.Wish(start=START, days=DAYS, tickets=TICKETS, seed=3)
    year = course_of_time.Year(office, wish)
    chaos, told = Chaos(database), []

    def each_day(day: date) -> None:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        if midnight == FIRST_MONTH.end:
            told.append(figures(database, FIRST_MONTH))
        chaos.night(midnight)

    try:
        course = year.run(each_day)
        whole = Span(start=START, end=course.end + timedelta(days=2))
        yield History(database=database, whole=whole, told_then=told[0])
    finally:
        year.place.close()
        database.close()


def figures(
    database: Database,
    whole: Span,
    *,
    parts: tuple[Span, ...] = (),
    by: By | None = None,
    only: Only | None = None,
) -> Report:
    wish = Wish(whole=whole, spans=parts, by=by, only=only or Only())
    with database.read() as connection:
        return report.read(connection, wish)


def lines(found: kpi.Figures) -> dict[str, float | None]:
    return {line.name: line.value for line in kpi.lines(found)}


@dataclass(slots=True)
class Row:
    """A line of the log, and when it was known."""

    at: datetime
    known: datetime
    kind: str
    actor: str
    data: dict[str, str]


def logs(database: Database) -> list[list[Row]]:
    """Every ticket's log, read anew."""
    with database.read() as connection:
        found = connection.execute(
            text(
                "SELECT ticket_id, id, at, kind, actor, data, journal_id FROM event"
                " WHERE ticket_id IS NOT NULL ORDER BY ticket_id, id"
            )
        ).all()
    tickets = []
    for _, rows in groupby(found, lambda row: row[0]):
        log: list[Row] = []
        latest = datetime(1970, 1, 1, tzinfo=UTC)
        for _, step in groupby(rows, lambda row: row[6] or row[2]):
            together = [(_instant(row[2]), row) for row in step]
            latest = max([latest, *(at for at, _ in together)])
            log += [
                Row(at=at, known=latest, kind=row[3], actor=row[4], data=json.loads(row[5]))
                for at, row in together
            ]
        tickets.append(log)
    return tickets


def _instant(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


class Brute:
    """The figures of one period, told ticket by ticket from what was known at its end."""

    def __init__(self, tickets: Sequence[list[Row]], span: Span) -> None:
        self.span = span
        self.known = [[row for row in log if row.known < span.end] for log in tickets]
        self.known = [log for log in self.known if log]

    def now(self, row: Row) -> bool:
        return self.span.start <= row.known

    def state(self, log: list[Row]) -> str:
        return next((r.data["to"] for r in reversed(log) if r.kind == "state.changed"), "new")

    def real(self) -> list[list[Row]]:
        """Without what is spam."""
        return [log for log in self.known if self.state(log) != "spam"]

    def changes(self, log: list[Row]) -> list[tuple[str, str, Row]]:
        moves = [row for row in log if row.kind == "state.changed"]
        befores = ["new", *(row.data["to"] for row in moves)]
        return [(was, row.data["to"], row) for was, row in zip(befores, moves, strict=False)]

    def ends(self, log: list[Row]) -> list[Row]:
        return [r for was, to, r in self.changes(log) if was in UNSOLVED and to in ENDED]

    def reopenings(self, log: list[Row]) -> list[Row]:
        return [r for was, to, r in self.changes(log) if was in ENDED and to in UNSOLVED]

    def lost(self, log: list[Row]) -> dict[str, Row]:
        """By number of the post: what was lost once is lost."""
        return {row.data["n"]: row for row in reversed(log) if row.kind == "reply.failed"}

    def answers(self, log: list[Row]) -> list[Row]:
        gone = self.lost(log)
        return [
            row
            for row in log
            if row.kind == "post.added"
            and row.data["kind"] == "agent"
            and row.data["n"] not in gone
        ]

    def volume(self) -> int:
        return sum(self.now(log[0]) for log in self.real())

    def backlog(self) -> int:
        return sum(self.state(log) in UNSOLVED for log in self.known)

    def solved(self) -> list[list[Row]]:
        return [
            log for log in self.real() if self.state(log) in ENDED and self.now(self.ends(log)[-1])
        ]

    def resolution(self) -> list[float]:
        return [(self.ends(log)[-1].at - log[0].at).total_seconds() for log in self.solved()]

    def first_response(self) -> list[float]:
        found = []
        for log in self.real():
            answers = self.answers(log)
            if not answers:
                continue
            first = answers[0]
            earlier = [row for n, row in self.lost(log).items() if int(n) < int(first.data["n"])]
            first_since = max(first.known, *(row.known for row in earlier), first.known)
            if first_since >= self.span.start:
                found.append((first.at - log[0].at).total_seconds())
        return found

    def first_contact(self) -> tuple[int, int]:
        hits = 0
        for log in self.solved():
            before = log[: log.index(self.ends(log)[-1])]
            answers = self.answers(before)
            spoken = [
                row
                for row in before
                if row.kind == "post.added" and (row.data["kind"] == "customer" or row in answers)
            ]
            hits += len(answers) == 1 and spoken[-1] is answers[0] and not self.reopenings(before)
        return hits, len(self.solved())

    def reopened(self) -> tuple[int, int]:
        again = [any(map(self.now, self.reopenings(log))) for log in self.real()]
        ended = [any(map(self.now, self.ends(log))) for log in self.real()]
        return sum(again), sum(a or e for a, e in zip(again, ended, strict=True))

    def escalated(self) -> tuple[int, int]:
        raised, handled = 0, 0
        for log in self.real():
            tier, is_raised = 1, False
            for row in log:
                if row.kind == "tier.changed":
                    is_raised |= int(row.data["to"]) > tier and self.now(row)
                    tier = int(row.data["to"])
            raised += is_raised
            handled += is_raised or self.now(log[0])
        return raised, handled

    def sla(self, clock: str) -> tuple[int, int]:
        """Of each run the last word in the period; missed once is missed for good."""
        met = told = 0
        for log in self.real():
            runs = self.runs(log, clock)
            told += sum(self.now(row) for row, _ in runs.values())
            met += sum(self.now(row) and is_met for row, is_met in runs.values())
        return met, told

    def runs(self, log: list[Row], clock: str) -> dict[str, tuple[Row, bool]]:
        runs: dict[str, tuple[Row, bool]] = {}
        for row in log:
            since = row.data.get("since", "")
            if row.kind == "deadline.missed" and row.data["kind"] == clock:
                runs.setdefault(since, (row, False))
                runs[since] = (row, False) if runs[since][1] else runs[since]
            elif row.kind == "clock.reached" and row.data["clock"] == clock:
                if row.data.get("verdict") and runs.get(since, (row, True))[1]:
                    runs[since] = (row, row.data["verdict"] == "met")
            elif row.kind == "state.changed" and clock == "resolution":
                if row.data["to"] in UNSOLVED:
                    runs = {key: run for key, run in runs.items() if not run[1]}
            elif row.kind == "reply.failed" and clock != "resolution":
                gone = {r.at for r in log if r.data.get("n") == row.data["n"]}
                runs = {
                    key: run
                    for key, run in runs.items()
                    if not run[1] or _instant(run[0].data["at"][:-6]) not in gone
                }
        return runs


def votes(database: Database, kind: str, span: Span) -> list[int]:
    """In plain SQL: the last mark of each survey in the period."""
    statement = """
        SELECT json_extract(data, '$.score') FROM event e
        WHERE kind = 'survey.answered' AND json_extract(data, '$.kind') = :kind
        AND at >= :start AND at < :end AND NOT EXISTS (
            SELECT 1 FROM event later WHERE later.kind = e.kind AND later.id > e.id
            AND json_extract(later.data, '$.survey') = json_extract(e.data, '$.survey')
            AND json_extract(later.data, '$.kind') = json_extract(e.data, '$.kind')
            AND later.at >= :start AND later.at < :end)"""
    words: dict[str, Any] = {"kind": kind}
    for name in ("start", "end"):
        words[name] = getattr(span, name).replace(tzinfo=None).isoformat(" ", "microseconds")
    with database.read() as connection:
        return [int(score) for (score,) in connection.execute(text(statement), words)]


def periods(history: History) -> list[Span]:
    months = spans(history.whole, Step.MONTH)
    return [history.whole, FIRST_MONTH, *months, *spans(history.whole, Step.WEEK)[2:6]]


def test_counts_are_those_of_a_reader_that_shares_no_code(history: History) -> None:
    tickets = logs(history.database)

    for span in periods(history):
        found, brute = figures(history.database, span).total.whole, Brute(tickets, span)
        assert found.volume == brute.volume(), span
        assert found.backlog == brute.backlog(), span
        assert found.solved == len(brute.solved()), span
        assert (found.first_contact.hits, found.first_contact.n) == brute.first_contact(), span
        assert (found.reopened.hits, found.reopened.n) == brute.reopened(), span
        assert (found.escalated.hits, found.escalated.n) == brute.escalated(), span


def test_times_are_those_of_a_reader_that_shares_no_code(history: History) -> None:
    tickets = logs(history.database)

    for span in periods(history):
        found, brute = figures(history.database, span).total.whole, Brute(tickets, span)
        pairs = [
            (found.first_response, brute.first_response()),
            (found.resolution, brute.resolution()),
        ]
        for spread, times in pairs:
            assert spread.n == len(times), span
            if len(times) > 1:
                tenths = quantiles(times, n=10, method="inclusive")
                assert spread.mean == pytest.approx(fmean(times))
                assert spread.median == pytest.approx(tenths[4])
                assert spread.p90 == pytest.approx(tenths[8])


def test_promises_are_those_of_a_reader_that_shares_no_code(history: History) -> None:
    tickets = logs(history.database)

    for span in periods(history):
        found, brute = figures(history.database, span).total.whole, Brute(tickets, span)
        for clock, share in found.sla_by_clock:
            assert (share.hits, share.n) == brute.sla(clock.value), (span, clock)
        assert found.sla.n == sum(brute.sla(clock)[1] for clock in CLOCKS)


def test_votes_are_those_that_plain_sql_finds(history: History) -> None:
    for span in periods(history):
        found = figures(history.database, span).total.whole
        marks, scores = (votes(history.database, kind, span) for kind in ("csat", "nps"))
        assert found.csat.satisfied.n == len(marks), span
        assert found.csat.satisfied.hits == sum(mark >= 4 for mark in marks)
        assert found.nps.promoters == sum(score >= 9 for score in scores), span
        assert found.nps.detractors == sum(score <= 6 for score in scores)
        assert found.nps.n == len(scores)


def test_a_month_that_is_over_is_the_same_whenever_it_is_told(history: History) -> None:
    now = figures(history.database, FIRST_MONTH)

    assert now == history.told_then
    assert now.total.whole.volume > 20
    assert now.total.whole.csat.satisfied.n > 5


def test_a_week_within_a_report_is_the_week_by_itself(history: History) -> None:
    weeks = spans(history.whole, Step.WEEK)

    together = figures(history.database, history.whole, parts=weeks).total.spans

    for span, found in list(zip(weeks, together, strict=True))[::4]:
        assert found == figures(history.database, span).total.whole, span


@pytest.mark.parametrize("by", [By.QUEUE, By.AGENT, By.TIER, By.SEGMENT, By.LANGUAGE])
def test_groups_add_up_to_the_whole(history: History, by: By) -> None:
    found = figures(history.database, history.whole, by=by)

    total, groups = found.total.whole, [group.whole for group in found.groups]
    assert len(groups) > 1
    assert sum(group.volume for group in groups) == total.volume
    assert sum(group.backlog for group in groups) == total.backlog
    assert sum(group.solved for group in groups) == total.solved
    assert sum(group.first_response.n for group in groups) == total.first_response.n
    for name in ("sla", "first_contact", "reopened", "escalated", "deflection"):
        assert sum(getattr(group, name).hits for group in groups) == getattr(total, name).hits
        assert sum(getattr(group, name).n for group in groups) == getattr(total, name).n
    assert sum(group.nps.n for group in groups) == total.nps.n


def test_a_filter_gives_what_the_group_has(history: History) -> None:
    groups = figures(history.database, history.whole, by=By.QUEUE).groups

    for group in groups:
        if group.name:
            only = figures(history.database, history.whole, only=Only(queue=group.name))
            assert only.total.whole == group.whole, group.name


def test_working_time_is_what_the_minutes_of_the_calendar_say(history: History) -> None:
    looked_at = 0

    for log in logs(history.database):
        for row in log:
            is_first = row.kind == "clock.reached" and row.data["clock"] == "first_response"
            if is_first and log[0].data["segment"] != "enterprise":
                begin, end = (datetime.fromisoformat(row.data[name]) for name in ("since", "at"))
                assert abs(int(row.data["worked"]) - _worked(begin, end)) <= 60, row
                looked_at += 1

    assert looked_at > 20


def _worked(begin: datetime, end: datetime) -> int:
    """Seconds at the office of the built-in house, minute by minute; no holiday is among them."""
    place, minutes, at = ZoneInfo("Europe/Berlin"), 0, begin
    while at < end:
        local = at.astimezone(place)
        closing = (17, 17, 17, 17, 15, 0, 0)[local.weekday()]
        minutes += 8 <= local.hour < closing
        at += timedelta(minutes=1)
    return 60 * minutes
