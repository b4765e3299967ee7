"""Three mails that came back for good suspend an address, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core.absence import FOREVER
from maild.core.decision import Decision, Outcome, Returned
from maild.core.mail import BounceClass
from maild.core.snapshot import AgentLoad
from maild.core.suspension import Marked
from maild.log import Level, configure
from maild.store import outbox, reach, staffing
from maild.store.database import Database
from tests.store.rows import ANNA, NOW, apply, opening, outgoing

HARD, SOFT, VAGUE = BounceClass.PERMANENT, BounceClass.TEMPORARY, BounceClass.UNKNOWN
QUIET = Decision(outcome=Outcome.IGNORED, reasons=())


@pytest.fixture
def ticket(database: Database) -> int:
    """A ticket with four mails to Anna that were sent."""
    number = apply(database, opening()).number
    mails = [outgoing(f"k{n}", ticket_id=number) for n in range(4)]
    with database.write() as connection:
        outbox.add(connection, mails, NOW)
    outbox.claim(database, "node", NOW, 10)
    return number


def bounce(
    database: Database,
    ticket: int,
    mail: str = "k0",
    grade: BounceClass = HARD,
    address: str = ANNA,
) -> list[str]:
    """Commit a bounce, of the day that the mail's number says; return the kinds of events."""
    returned = Returned(address=address, bounce_class=grade, message_id=f"{mail}@co.example")
    decision = replace(QUIET, returned=returned)
    at = NOW + timedelta(days=int(mail[1:]) if mail[1:].isdecimal() else 4)
    with database.write() as connection:
        return [e.kind for e in reach.mark(connection, decision, ticket, at)]


def marked(database: Database) -> tuple[Marked, ...]:
    with database.read() as connection:
        return reach.marked(connection, [ANNA])


def count(database: Database) -> int:
    with database.read() as connection:
        rows = reach.suspended(connection)
    return rows[0]["hard_bounces"] if rows else 0


def test_three_hard_bounces_suspend_an_address_and_a_fourth_says_nothing_new(
    database: Database, ticket: int
) -> None:
    events = [bounce(database, ticket, f"k{n}") for n in range(4)]

    assert events == [[], [], ["address.suspended"], []]
    assert marked(database) == (Marked(address=ANNA, is_suspended=True),)


def test_a_minute_in_which_everything_comes_back_counts_once(
    database: Database, ticket: int
) -> None:
    for n in range(4):
        returned = Returned(address=ANNA, bounce_class=HARD, message_id=f"k{n}@co.example")
        with database.write() as connection:
            at = NOW + reach.COUNTED_EVERY - timedelta(seconds=1 if n < 3 else 0)
            at = at if n else NOW
            reach.mark(connection, replace(QUIET, returned=returned), ticket, at)
        assert count(database) == (2 if n == 3 else 1)

    assert marked(database) == (Marked(address=ANNA, is_suspended=False),)


def test_an_agent_who_is_suspended_counts_as_away_and_the_log_warns(
    database: Database, ticket: int, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(environment={}, level=Level.WARNING)
    for n in range(3):
        bounce(database, ticket, f"k{n}")

    with database.read() as connection:
        found = staffing.away(connection, NOW, [ANNA, "bob@co.example"])
        with_work = staffing.loads(connection, NOW, [ANNA])
        without = staffing.away(connection, NOW)

    assert found == (AgentLoad(address=ANNA, away_until=FOREVER),)
    assert {one.address: one.away_until for one in with_work}[ANNA] == FOREVER
    assert without == ()
    assert capsys.readouterr().err.count("address.suspended") == 1


def test_two_do_not(database: Database, ticket: int) -> None:
    bounce(database, ticket, "k0")
    bounce(database, ticket, "k1")

    assert marked(database) == (Marked(address=ANNA, is_suspended=False),)


def test_one_mail_counts_once_however_many_bounces_tell_of_it(
    database: Database, ticket: int
) -> None:
    for _ in range(3):
        bounce(database, ticket, "k0")

    assert count(database) == 1


@pytest.mark.parametrize("grade", [SOFT, VAGUE])
def test_what_is_not_permanent_does_not_count(
    database: Database, ticket: int, grade: BounceClass
) -> None:
    for n in range(4):
        bounce(database, ticket, f"k{n}", grade)

    assert marked(database) == ()


def test_a_failure_that_turns_permanent_counts_then(database: Database, ticket: int) -> None:
    bounce(database, ticket, "k0", SOFT)
    bounce(database, ticket, "k0", HARD)
    bounce(database, ticket, "k0", SOFT)

    assert count(database) == 1


def test_a_mail_that_was_never_sent_to_that_address_counts_against_nobody(
    database: Database, ticket: int
) -> None:
    bounce(database, ticket, "k0", address="somebody@else.example")
    bounce(database, ticket + 1, "k0")

    with database.read() as connection:
        assert reach.suspended(connection) == []


def test_a_bounce_that_names_no_mail_of_ours_is_about_the_newest(
    database: Database, ticket: int
) -> None:
    bounce(database, ticket, "k0")
    bounce(database, ticket, "unknown")
    bounce(database, ticket, "k3")

    assert count(database) == 2


def test_addresses_are_compared_without_regard_to_case(database: Database, ticket: int) -> None:
    bounce(database, ticket, "k0", address=ANNA.upper())

    assert [m.address for m in marked(database)] == [ANNA]


def test_a_release_forgets_what_was_counted(database: Database, ticket: int) -> None:
    for n in range(3):
        bounce(database, ticket, f"k{n}")

    with database.write() as connection:
        first = reach.release(connection, ANNA.upper())
        second = reach.release(connection, ANNA)
    bounce(database, ticket, "k3")

    assert (first, second) == (True, False)
    assert marked(database) == (Marked(address=ANNA, is_suspended=False),)


def test_a_mail_of_its_owner_releases_an_address(database: Database, ticket: int) -> None:
    for n in range(3):
        bounce(database, ticket, f"k{n}")

    with database.write() as connection:
        reach.mark(connection, replace(QUIET, alive=ANNA), ticket, NOW + timedelta(days=1))

    assert marked(database) == ()
