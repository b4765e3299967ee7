"""Locks that last as long as a process, and words between nodes; SQLite has neither, and needs none."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from maild import app, settings
from maild.errors import InUse, StoreBusy
from maild.store import hints, journal, nodes, presence
from maild.store.database import Database, open_database
from maild.store.hints import Hint, Hints
from maild.store.migrate import migrate
from maild.store.presence import Presence
from tests.servers.dovecot import wait_until
from tests.servers.postgresql import PostgreSQL
from tests.store.rows import NOW, arrived

NAME = "mailbox Support"
CONFIG = """
[maild]
name = "Acme"
domain = "acme.example"
state_dir = "state"
rules_dir = "rules"
[database]
url = "@DATABASE@"
[smtp]
listen = []
"""


@pytest.fixture
def shared(postgresql: PostgreSQL) -> Iterator[Database]:
    """A database on PostgreSQL."""
    opened = open_database(postgresql.database())
    migrate(opened)
    yield opened
    opened.close()


def cut(database: Database, what: str) -> None:
    """End every other connection of which the last words hold some text."""
    with database.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE :q"
            ),
            {"q": f"%{what}%"},
        )


def test_a_lock_is_one_nodes_until_it_lets_go(shared: Database) -> None:
    with closing(Presence(shared)) as one, closing(Presence(shared)) as two:
        assert [one.hold(NAME), one.hold(NAME), two.hold(NAME)] == [True, True, False]
        assert two.hold("mailbox Sales")
        one.let_go(NAME)
        assert [two.hold(NAME), one.hold(NAME)] == [True, False]


def test_two_machines_cannot_be_one_node(
    shared: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "SEAT_SECONDS", 0.3)
    config = tmp_path / "config.toml"
    url = shared.engine.url.render_as_string(hide_password=False)
    (tmp_path / "rules").mkdir()
    config.write_text(CONFIG.replace("@DATABASE@", url))
    daemon = app.Daemon(settings.load(config, environ={}), frozenset({app.Role.CLOCK}))
    name = daemon._node

    with closing(Presence(shared)) as other, ExitStack() as left:
        for close in (daemon._database.close, *(lock.close for lock in daemon._locks)):
            left.callback(close)
        for part in (daemon._presence, daemon._hints, daemon._journal):
            left.callback(part.close)
        assert other.hold(nodes.seat(name))
        with pytest.raises(InUse, match="another host name"):
            asyncio.run(daemon.run())

    with shared.read() as connection:
        assert not connection.execute(text("SELECT count(*) FROM node")).scalar_one()


def test_a_lock_that_comes_free_is_taken_by_who_insists(shared: Database) -> None:
    with closing(Presence(shared)) as one, closing(Presence(shared)) as two:
        assert one.hold(NAME)
        leaving = threading.Timer(0.3, one.let_go, [NAME])
        leaving.start()
        assert two.insist(NAME, 30)
        leaving.join()


def test_a_lock_ends_with_its_connection_and_its_holder_hears_of_it(shared: Database) -> None:
    with closing(Presence(shared)) as one, closing(Presence(shared)) as two:
        assert one.hold(NAME)
        cut(shared, "pg_try_advisory_lock")
        wait_until(lambda: two.hold(NAME), "the lock is not free")

        with pytest.raises(StoreBusy):
            one.hold(NAME)
        assert one.hold(NAME) is False


def test_a_node_that_stops_leaves_its_locks(shared: Database) -> None:
    one = Presence(shared)
    assert one.hold(NAME)
    one.close()

    with closing(Presence(shared)) as two:
        wait_until(lambda: two.hold(NAME), "the lock is not free")


def test_on_sqlite_nothing_is_asked() -> None:
    database = open_database("sqlite://")
    one, two = Presence(database), Presence(database)

    assert one.hold(NAME)
    assert two.hold(NAME)
    one.let_go(NAME)
    database.close()


@pytest.mark.parametrize(
    ("silent", "sits", "expected"), [(31, False, 1), (31, True, 0), (29, False, 0)]
)
def test_what_a_dead_node_had_in_hand_is_taken_before_its_lease_ends(
    shared: Database, silent: float, sits: bool, expected: int
) -> None:
    arrived(shared)
    with closing(Presence(shared)) as dead:
        with shared.write() as connection:
            nodes.arrive(connection, "dead", "0.1.0", NOW)
        assert len(journal.claim(shared, "dead", NOW, 5)) == 1
        if sits:
            dead.hold(nodes.seat("dead"))

        with shared.write() as connection:
            taken = nodes.beat(connection, "one", NOW + timedelta(seconds=silent))

    assert taken == expected


def test_a_commands_work_is_left_to_its_lease(shared: Database) -> None:
    arrived(shared)
    with shared.write() as connection:
        nodes.arrive(connection, "host:/state#123", "0.1.0", NOW)
    journal.claim(shared, "host:/state#123", NOW, 5)

    with shared.write() as connection:
        assert nodes.beat(connection, "one", NOW + timedelta(seconds=60)) == 0
        assert nodes.beat(connection, "one", NOW + journal.LEASE + timedelta(seconds=1)) == 1


def test_a_node_hears_the_others_and_not_itself(shared: Database) -> None:
    heard = {name: queue.SimpleQueue[Hint]() for name in ("one", "two")}
    with (
        listening(shared, "one", heard["one"].put) as one,
        listening(shared, "two", heard["two"].put) as two,
    ):
        wait_until(lambda: listeners(shared) == 2, "they do not listen")
        one.say(Hint.MAIL)
        two.say(Hint.REPLIES)

        assert heard["two"].get(timeout=30) is Hint.MAIL
        assert heard["one"].get(timeout=30) is Hint.REPLIES
    assert heard["one"].empty()
    assert heard["two"].empty()


def test_a_node_listens_again_after_its_connection_broke(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "AGAIN_SECONDS", 0.05)
    heard = queue.SimpleQueue[Hint]()
    with listening(shared, "one", heard.put):
        wait_until(lambda: listeners(shared) == 1, "it does not listen")
        cut(shared, "LISTEN")
        wait_until(lambda: listeners(shared) == 0, "it was not cut")
        wait_until(lambda: listeners(shared) == 1, "it does not listen again")
        with listening(shared, "two", print) as two:
            two.say(Hint.MAIL)

            assert heard.get(timeout=30) is Hint.MAIL


@contextmanager
def listening(database: Database, node: str, heard: Callable[[Hint], None]) -> Iterator[Hints]:
    node_hints = Hints(database, node, heard)
    node_hints.start()
    with closing(node_hints):
        yield node_hints


def listeners(database: Database) -> int:
    with database.read() as connection:
        count = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        return int(connection.execute(count).scalar_one())


@pytest.mark.parametrize(("hung", "is_free"), [(0.0, True), (60.0, False)])
def test_a_node_that_hangs_loses_its_locks_to_the_others(
    shared: Database, monkeypatch: pytest.MonkeyPatch, hung: float, is_free: bool
) -> None:
    monkeypatch.setattr(presence, "HUNG_SECONDS", hung)
    with closing(Presence(shared)) as one, closing(Presence(shared)) as two:
        for name, mine in (("one", one), ("two", two)):
            with shared.write() as connection:
                nodes.arrive(connection, name, "0.1.0", NOW)
            assert mine.hold(nodes.seat(name))
        assert two.hold(NAME)

        with shared.write() as connection:
            assert presence.end_hung(connection, "one") == is_free

        if is_free:
            wait_until(lambda: one.hold(NAME), "the lock of a node that hangs is not free")
            with pytest.raises(StoreBusy):
                two.hold(NAME)
        assert two.hold(nodes.seat("two")), "it comes back"
        assert one.hold(nodes.seat("one")), "it never was away"


def test_the_locks_of_another_role_are_left_to_it(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "HUNG_SECONDS", 0.0)
    with closing(Presence(shared)) as two:
        with shared.write() as connection:
            nodes.arrive(connection, "two", "0.1.0", NOW)
        two.hold(nodes.seat("two"))

        with shared.write() as connection:
            connection.execute(text("CREATE ROLE onlooker IN ROLE pg_monitor"))
            connection.execute(text("GRANT SELECT ON node TO onlooker"))
            connection.execute(text("SET LOCAL ROLE onlooker"))
            assert presence.end_hung(connection, "one") == 0
            connection.rollback()

        assert two.hold(nodes.seat("two"))
