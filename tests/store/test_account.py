"""The account of automatic mail, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from maild.core import budget
from maild.core.budget import Booking, Charge, Entry, Scope
from maild.core.decision import Decision, Outcome
from maild.store import account
from maild.store.database import Database, open_database
from maild.store.migrate import migrate
from tests.core.scenes import ALICE, HOUSE
from tests.core.test_budget import REMINDER
from tests.store.rows import ANNA, NOW

LINE = Booking(
    entry=Entry.CUSTOMER,
    recipient=ANNA,
    domain="customer.example",
    mailbox="Support",
    ticket=7,
)
CHARGES = {
    Scope.PAIR: Charge(scope=Scope.PAIR, recipient=ANNA, mailbox="Support", most=9),
    Scope.ADDRESS: Charge(scope=Scope.ADDRESS, recipient=ANNA, most=9),
    Scope.DOMAIN: Charge(scope=Scope.DOMAIN, domain="customer.example", most=9),
    Scope.BREAKER: Charge(scope=Scope.BREAKER, most=9),
    Scope.DESK: Charge(scope=Scope.DESK, recipient=ANNA, ticket=7, most=9),
    Scope.NEWS: Charge(scope=Scope.NEWS, recipient=ANNA, domain="eve@evil.example", most=9),
    Scope.TIMED: Charge(scope=Scope.TIMED, recipient=ANNA, most=9),
    Scope.PAGE: Charge(scope=Scope.PAGE, recipient=ANNA, most=9),
}


def book(database: Database, *lines: Booking, at: datetime = NOW) -> None:
    with database.write() as connection:
        account.book(connection, lines, at)


def drawn(database: Database, *charges: Charge, now: datetime = NOW) -> list[int]:
    with database.read() as connection:
        return [one.mails for one in account.used(connection, charges, now)]


def test_a_line_counts_for_its_own_budgets_only(database: Database) -> None:
    book(
        database,
        LINE,
        replace(LINE, mailbox="Sales"),
        replace(LINE, recipient="ben@customer.example"),
        replace(LINE, recipient="eve@evil.example", domain="evil.example"),
        replace(LINE, entry=Entry.STOPPED),
        replace(LINE, entry=Entry.AGENT),
        replace(LINE, entry=Entry.AGENT, ticket=8),
        replace(LINE, entry=Entry.AGENT, ticket=8, domain="eve@evil.example"),
        replace(LINE, entry=Entry.AGENT, recipient="b@co.example", domain="eve@evil.example"),
    )

    found = dict(zip(CHARGES, drawn(database, *CHARGES.values()), strict=True))

    assert found == {
        Scope.PAIR: 1,
        Scope.ADDRESS: 2,
        Scope.DOMAIN: 3,
        Scope.BREAKER: 5,
        Scope.DESK: 1,
        Scope.NEWS: 1,
        Scope.TIMED: 0,
        Scope.PAGE: 0,
    }


@pytest.mark.parametrize("scope", list(Scope))
def test_a_line_counts_as_long_as_the_window_of_a_budget(database: Database, scope: Scope) -> None:
    own = {
        Scope.DESK: Entry.AGENT,
        Scope.NEWS: Entry.AGENT,
        Scope.TIMED: Entry.REMINDER,
        Scope.PAGE: Entry.PAGE,
    }
    entry = own.get(scope, Entry.CUSTOMER)
    domain = CHARGES[scope].domain or LINE.domain
    book(database, replace(LINE, entry=entry, domain=domain))
    second = timedelta(seconds=1)

    inside = drawn(database, CHARGES[scope], now=NOW + scope.window - second)
    outside = drawn(database, CHARGES[scope], now=NOW + scope.window + second)

    assert (inside, outside) == ([1], [0])


def test_nobody_counts_further_than_a_budget_reaches(database: Database) -> None:
    book(database, *[LINE] * 20)

    assert drawn(database, CHARGES[Scope.PAIR]) == [9]


@pytest.mark.parametrize(
    ("entry", "scope"), [(Entry.PAGE, Scope.PAGE), (Entry.CUSTOMER, Scope.BREAKER)]
)
def test_what_waits_for_its_turn_counts_from_when_it_goes(
    database: Database, entry: Entry, scope: Scope
) -> None:
    later = NOW + timedelta(hours=3)
    second = timedelta(seconds=1)
    book(database, replace(LINE, entry=entry, at=later))
    times = (NOW, later - second, later, later + scope.window - second, later + scope.window)

    assert [drawn(database, CHARGES[scope], now=at) for at in times] == [[0], [0], [1], [1], [0]]


def test_within_an_hour_a_reader_is_never_told_more_than_the_limit_and_soon_all(
    database: Database,
) -> None:
    house = replace(HOUSE, reminders_per_hour=3)
    charge = Charge(scope=Scope.TIMED, recipient=ALICE, most=3)
    minutes = []
    for number, minute in enumerate((0, 0, 0, 59, 59, 59, 61, 61, 61)):
        now = NOW + timedelta(minutes=minute)
        told = replace(REMINDER, key=str(number))
        asked = Decision(outcome=Outcome.POSTED, reasons=(), replies=(told,))
        with database.write() as connection:
            before = account.used(connection, [charge], now)
            before = account.queued(connection, before, {charge}, now)
            within = budget.within(asked, before, house, now)
            account.book(connection, budget.bookings(within, number), now)
        [mail] = within.replies
        minutes.append(((mail.not_before or now) - NOW) // timedelta(minutes=1))

    assert minutes == [0, 0, 0, 60, 60, 60, 120, 120, 120]


def test_lines_that_no_budget_asks_for_are_forgotten(database: Database) -> None:
    book(database, LINE, at=NOW - timedelta(days=1, seconds=1))
    book(database, LINE, at=NOW - timedelta(hours=23))

    with database.write() as connection:
        assert account.forget(connection, NOW) == 1
        assert account.forget(connection, NOW) == 0


def test_the_breaker_stays_open_while_too_much_is_asked_for_and_closes_by_itself(
    database: Database,
) -> None:
    house = replace(HOUSE, automatic_per_ten_minutes=3)
    minute = timedelta(minutes=1)
    book(database, LINE, LINE, LINE, at=NOW)
    book(database, *[replace(LINE, entry=Entry.STOPPED)] * 3, at=NOW + 5 * minute)

    with database.read() as connection:
        standing = [
            account.breaker(connection, house, NOW + minutes * minute).is_open
            for minutes in (1, 6, 11, 14, 16)
        ]

    assert standing == [True, True, True, True, False]


def searched(*scopes: Scope) -> list[str]:
    """How SQLite finds the lines of budgets."""
    database = open_database("sqlite://")
    migrate(database)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    drawn(database, *(CHARGES[one] for one in scopes))
    question = asked[-1]
    with database.read() as connection:
        values = tuple("0" * question.count("?"))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", values).all()
    database.close()
    return [row[3] for row in plan if row[3].startswith("SEARCH")]


def test_a_budget_is_counted_from_an_index_alone() -> None:
    ways = searched(Scope.ADDRESS, Scope.DOMAIN, Scope.BREAKER)

    assert len(ways) == 3
    assert all("USING COVERING INDEX" in one for one in ways), ways


def test_news_is_counted_among_what_one_sender_caused_not_among_all_that_an_agent_got() -> None:
    [way] = searched(Scope.NEWS)

    assert "ix_automatic_domain_entry_at" in way
