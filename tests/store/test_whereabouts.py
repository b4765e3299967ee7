"""A database that is an older state than the one before gives no number again, and says so."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from maild.cli import online_database
from maild.cli.looked import Verdict
from maild.errors import StoreBusy
from maild.store import commit, hold, nodes, numbering, sound_rows, whereabouts
from maild.store.database import Database, open_database
from maild.store.migrate import migrate
from maild.store.whereabouts import Move, Place
from tests import schema
from tests.servers.postgresql import PostgreSQL, running, standing_by
from tests.store.rows import NOW, opening, outgoing, queued

HERE = Place(system="7", timeline="00000001", tables="16384/16390")
LOST = 45
"""PostgreSQL writes 32 numbers ahead into its log: a standby that lacks fewer knows them."""


@pytest.fixture
def shared(postgresql: PostgreSQL) -> Iterator[Database]:
    """A database on PostgreSQL, with a mark."""
    with closing(schema.opened(postgresql.database())) as database:
        tickets(database, 1)
        yield database


def tickets(database: Database, count: int) -> list[int]:
    """Open tickets of as many customers; return their numbers."""
    with database.write() as connection:
        made = [commit.numbered(connection, opening(), NOW) for _ in range(count)]
    return [ticket.number for ticket in made if ticket]


def asked(database: Database, question: str) -> object:
    with database.read() as connection:
        return connection.execute(text(question)).scalar()


def held(database: Database) -> str:
    with database.read() as connection:
        return hold.held(connection)


def noted(database: Database) -> list[str]:
    """What `maild verify` says of a move."""
    with database.read() as connection:
        return [one.text for one in sound_rows.moves(connection, NOW) if one.is_note]


def moved(database: Database) -> str:
    with database.read() as connection:
        return whereabouts.moved(connection)


def test_nodes_that_live_through_a_failover_give_no_lost_number_again(
    logged: io.StringIO,
) -> None:
    with (
        running() as primary,
        closing(schema.opened(primary.database())) as one,
        closing(open_database(str(one.engine.url))) as two,
    ):
        migrate(two)
        tickets(one, 1)
        with one.write() as connection:
            nodes.arrive(connection, "one", "1", datetime.now(UTC))
        queued(one, outgoing())
        with standing_by(primary) as standby:
            lost = tickets(one, LOST)
            tickets(two, 1)
            primary.stop()
            standby.start()
            with pytest.raises(StoreBusy):
                tickets(one, 1)
            standby.promote()
            new = [*tickets(two, 2), *tickets(one, 2)]
            told = moved(one)
            mails = asked(one, "SELECT state FROM outbox")
            gaps = asked(one, "SELECT max(id) FROM ticket")

    assert not set(lost) & set(new)
    assert new == list(range(new[0], new[0] + 4)), "one gap, whoever comes first"
    assert numbering.GAP < new[0] <= gaps < 2 * numbering.GAP  # type: ignore[operator]
    assert "promoted" in told
    assert mails == "queued", "its mails flow: the newest may come twice"
    assert logged.getvalue().count("<3>store.moved") == 1, "at error level, once"


def test_a_dump_that_was_restored_sends_nothing_and_gives_no_number_again(
    postgresql: PostgreSQL, shared: Database
) -> None:
    queued(shared, outgoing())
    url = postgresql.restored(str(shared.engine.url))
    lost = tickets(shared, 3)
    with closing(schema.opened(url)) as restored:
        new = tickets(restored, 1)
        why, told = held(restored), moved(restored)
        findings = noted(restored)
        mail = asked(restored, "SELECT concat(state, ': ', last_error) FROM outbox")
        with restored.write() as connection:
            hold.release(connection)
    with closing(schema.opened(url)) as again:
        tickets(again, 1)
        later = held(again)

    assert min(new) > max(lost) + numbering.GAP // 2
    assert "dump" in why
    assert "gap of 10000" in told
    assert mail == f"held: {hold.RESTORED}"
    assert later == "", "it is asked once"
    assert [told in line for line in findings] == [True]
    assert held(shared) == "" == moved(shared)


@pytest.mark.parametrize(
    ("age", "is_held"), [(timedelta(minutes=50), False), (timedelta(minutes=70), True)]
)
def test_a_recovery_to_long_ago_sends_nothing(
    shared: Database, age: timedelta, *, is_held: bool
) -> None:
    """Another timeline is noted, which looks the same as a promotion."""
    with shared.write() as connection:
        nodes.arrive(connection, "dead", "1", datetime.now(UTC) - age)
        connection.execute(
            text("UPDATE meta SET value = replace(value, '00000001', '0000000A') WHERE name = :n"),
            {"n": whereabouts.LIVES},
        )
    shared.engine.dispose()

    tickets(shared, 1)

    assert bool(held(shared)) == is_held
    assert "recovery" in moved(shared)


def test_what_a_role_may_not_ask_is_no_move_and_neither_is_what_it_may_ask_later(
    postgresql: PostgreSQL, shared: Database
) -> None:
    del postgresql
    seen = []
    for words in (
        "REVOKE EXECUTE ON FUNCTION {} FROM public",
        "GRANT EXECUTE ON FUNCTION {} TO public",
    ):
        with shared.engine.begin() as connection:
            connection.execute(text(words.format("pg_control_system()")))
            connection.execute(text("DROP ROLE IF EXISTS plain"))
            connection.execute(text("CREATE ROLE plain"))
            connection.execute(text("SET LOCAL ROLE plain"))
            seen.append(whereabouts.ask(connection))
            connection.execute(text("RESET ROLE"))

    assert [bool(place.system) for place in seen] == [False, True]
    assert [online_database.told(place).verdict for place in seen] == [
        Verdict.WARNING,
        Verdict.OK,
    ]
    assert "pg_control_system() TO" in online_database.told(seen[0]).todo
    assert all(len(place.timeline) == 8 for place in seen)
    assert seen[0].since(seen[1]) == seen[1].since(seen[0]) == Move.NONE
    assert seen[0].filled_from(seen[1]) == seen[1]


@pytest.mark.parametrize(
    ("place", "move"),
    [
        (HERE, Move.NONE),
        (Place(system="7", timeline="00000002", tables="16384/16390"), Move.PROMOTED),
        (Place(system="8", timeline="00000001", tables="16384/16390"), Move.ELSEWHERE),
        (Place(system="8", timeline="00000002", tables="16384/16390"), Move.ELSEWHERE),
        (Place(system="7", timeline="00000001", tables="16385/16390"), Move.ELSEWHERE),
        (Place(system="", timeline="00000002", tables="16384/16390"), Move.PROMOTED),
        (Place(system="", timeline="", tables="16384/16390"), Move.NONE),
    ],
)
def test_a_move_is_told_by_what_is_known_of_both_places(place: Place, move: Move) -> None:
    assert place.since(HERE) == move
