"""What a clock that was ahead put off is told by the rows, and comes back."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import RowMapping, select, update

from maild.core import backoff
from maild.outbox import ring
from maild.store import ahead, deadlines, journal, outbox, tables
from maild.store.database import Database
from maild.store.tables import OutboxState, metadata
from tests.store.rows import NOW, journalled, outgoing

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_OUTBOX = metadata.tables[tables.OutboxRow.__tablename__]
_JOURNAL = metadata.tables[tables.JournalRow.__tablename__]


def _comes_back(database: Database, now: datetime = NOW) -> dict[str, RowMapping]:
    with database.write() as connection:
        ahead.come_back(connection, now)
        found = connection.execute(select(_OUTBOX)).mappings()
        return {row["key"]: row for row in found}


def test_no_right_wait_is_as_long_as_a_wrong_one() -> None:
    longest = max(*backoff.MAIL.delays, timedelta(seconds=ring.WAIT_SECONDS_MAX)) * 1.1

    assert ahead.NEAR < longest < ahead.FAR


def test_a_mail_comes_back_when_no_clock_that_is_right_put_it_off(database: Database) -> None:
    waits = {"tried": 66 * MINUTE, "far": 121 * MINUTE, "new": MINUTE, "near": 3 * MINUTE}
    with database.write() as connection:
        for key, wait in waits.items():
            attempts = int(key in {"tried", "far"})
            tried = {"state": OutboxState.QUEUED, "attempts": attempts, "first_try_at": NOW}
            outbox.add(connection, [outgoing(key, not_before=NOW + wait)], NOW)
            connection.execute(update(_OUTBOX).where(_OUTBOX.c.key == key).values(tried))
        outbox.add(connection, [outgoing("right", not_before=NOW + 20 * HOUR)], NOW)
    rows = _comes_back(database)

    times = {key: row["next_try_at"] - NOW for key, row in rows.items()}
    nothing = timedelta()
    assert times == {**waits, "far": nothing, "near": nothing, "right": 20 * HOUR}
    assert times == {key: row["not_before"] - NOW for key, row in rows.items()}
    assert {key for key, row in rows.items() if row["first_try_at"]} == {"tried", "new"}


def test_what_was_written_in_the_future_waits_as_long_as_it_was_to_and_no_longer(
    database: Database,
) -> None:
    written = NOW + HOUR
    mail = outgoing(created_at=written, not_before=written + 10 * HOUR)
    with database.write() as connection:
        outbox.add(connection, [mail], written)
        deadlines.see(connection, NOW + 5 * HOUR)
    behind = _comes_back(database)["k1"]["next_try_at"]
    with database.write() as connection:
        deadlines.see(connection, NOW)
    rows = [_comes_back(database)["k1"], _comes_back(database, NOW + 30 * MINUTE)["k1"]]

    assert behind == written + 10 * HOUR, "perhaps it is this clock that is wrong"
    assert [row["next_try_at"] for row in rows] == [NOW + 10 * HOUR] * 2
    assert [row["not_before"] for row in rows] == [NOW + 10 * HOUR] * 2


def test_a_mail_that_came_in_is_handled_when_it_was_put_off_for_hours(database: Database) -> None:
    soon, later = journalled(database, b"a", b"b")
    journal.claim(database, "node", NOW, 2)
    with database.write() as connection:
        journal.count_try(connection, soon, NOW + MINUTE)
        journal.count_try(connection, later, NOW + 3 * HOUR)
    _comes_back(database)

    with database.read() as connection:
        found = connection.execute(select(_JOURNAL.c.not_before).order_by(_JOURNAL.c.id))
        assert list(found.scalars()) == [NOW + MINUTE, None]
