"""The figures of a simulated quarter, against a reader of the same log that shares no code.

Beside what the simulation does, the log gets what people do only now and then: votes that come
late and are changed, replies that never arrive, tiers that are raised, mail that was held for days.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from maild.cli import simulate_house
from maild.core.decision import EventDraft
from maild.core.scorecard import By, Only, Report, Span, Wish
from maild.core.token import Keys
from maild.furnish import office_of
from maild.simulation import year as course_of_time
from maild.store import commit, report
from maild.store.database import Connection, Database, open_database
from maild.store.migrate import migrate
from tests.report import brute, year

pytestmark = pytest.mark.slow
START = datetime(2026, 1, 5, tzinfo=UTC)
FIRST_MONTH = Span(start=START, end=datetime(2026, 2, 5, tzinfo=UTC))
TICKETS, DAYS = 150, 60


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
    course = course_of_time.Year(office, wish)
    chaos, told = Chaos(database), []

    def each_day(day: date) -> None:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        if midnight == FIRST_MONTH.end:
            told.append(figures(database, FIRST_MONTH))
        chaos.night(midnight)

    try:
        ended = course.run(each_day)
        whole = Span(start=START, end=ended.end + timedelta(days=2))
        yield History(database=database, whole=whole, told_then=told[0])
    finally:
        course.place.close()
        database.close()


def figures(
    database: Database, whole: Span, *, by: By | None = None, only: Only | None = None
) -> Report:
    with database.read() as connection:
        return report.read(connection, Wish(whole=whole, by=by, only=only or Only()))


def test_every_figure_is_that_of_a_reader_that_shares_no_code(history: History) -> None:
    found = list(year.figures(history.database, history.whole, "Europe/Berlin"))

    assert [one for compared in found for one in compared.differences] == []
    assert len(found) == len(brute.GROUPED) + 1
    assert sum(one.told for one in found) > 5000


@pytest.mark.parametrize(
    ("spoilt", "differs"),
    [
        ("kpi.SATISFIED_MIN", {"csat"}),
        ("kpi.DETRACTOR_MAX", {"nps"}),
        ("kpi.MOST", {f"{name}.p90" for name in brute.TIMES}),
    ],
)
def test_what_is_told_wrong_is_seen(
    history: History, monkeypatch: pytest.MonkeyPatch, spoilt: str, differs: set[str]
) -> None:
    monkeypatch.setattr(f"maild.core.{spoilt}", 0.7)
    told = figures(history.database, history.whole, by=By.SEGMENT)
    whole = brute.Period(history.whole.start, history.whole.end)

    found = year.compared(told, brute.told(history.database, [whole]), "segment")

    assert found.differences
    assert {words.rpartition(":")[0].split()[-1] for words in found.differences} == differs


def test_a_month_that_is_over_is_the_same_whenever_it_is_told(history: History) -> None:
    now = figures(history.database, FIRST_MONTH)

    assert now == history.told_then
    assert now.total.whole.volume > 20
    assert now.total.whole.csat.satisfied.n > 5


def test_a_filter_gives_what_the_group_has(history: History) -> None:
    groups = figures(history.database, history.whole, by=By.QUEUE).groups

    for group in groups:
        if group.name:
            only = figures(history.database, history.whole, only=Only(queue=group.name))
            assert only.total.whole == group.whole, group.name


def test_working_time_is_what_the_minutes_of_the_calendar_say(history: History) -> None:
    looked_at = 0

    for log in brute.logs(history.database):
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
