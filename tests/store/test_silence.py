"""How soon a node and PostgreSQL notice that the other one is gone, and who may take long."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import Connection, text

from maild.errors import StoreBusy
from maild.store.database import Database, open_database
from maild.store.silence import unhurried
from tests.servers.postgresql import PostgreSQL

HASTY = "?options=-c%20idle_in_transaction_session_timeout%3D100ms"
OURS = ("connect_timeout", "keepalives_idle", "tcp_user_timeout")
THEIRS = ("tcp_keepalives_idle", "idle_in_transaction_session_timeout", "lock_timeout")


@pytest.mark.parametrize(
    ("more", "ours", "theirs"),
    [
        ("", ["5", "10", "20000"], ["10", "1min", "1min"]),
        (
            "?tcp_user_timeout=7000&keepalives_idle=3&options=-c%20lock_timeout%3D5s",
            ["5", "3", "7000"],
            ["10", "1min", "5s"],
        ),
    ],
)
def test_every_connection_has_limits_and_those_of_the_url_win(
    postgresql: PostgreSQL, more: str, ours: list[str], theirs: list[str]
) -> None:
    url = postgresql.database() + more
    with closing(open_database(url)) as database, database.write() as connection:
        told = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in THEIRS]
        wire = connection.connection.dbapi_connection
        assert wire is not None
        said = wire.info.get_parameters()

    assert told == theirs
    assert [said[name] for name in OURS] == ours


def test_what_is_set_for_the_role_is_kept(postgresql: PostgreSQL) -> None:
    url = postgresql.database()
    name = url.rpartition("/")[2]
    with closing(open_database(url)) as database, database.write() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET lock_timeout = '9s'"))

    with closing(open_database(url)) as database, database.read() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "9s"


def test_who_hangs_within_a_transaction_holds_nobody_up_and_a_long_look_may_last(
    postgresql: PostgreSQL,
) -> None:
    url = postgresql.database()
    with closing(open_database(url)) as other, closing(open_database(url + HASTY)) as hung:
        with other.write() as connection:
            connection.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY)"))

        with hung.read() as look:
            unhurried(look)
            assert count(look) == 0
            with pytest.raises(StoreBusy, match="idle-in-transaction"):
                hang_while_another_writes(hung, other)
            assert count(look) == 0, "it is cut off, or sees more than one moment"
        with other.read() as look:
            assert count(look) == 1


def test_who_waits_too_long_for_a_row_is_told_to_come_later(postgresql: PostgreSQL) -> None:
    url = postgresql.database()
    short = "?options=-c%20lock_timeout%3D100ms"
    with closing(open_database(url)) as holder, closing(open_database(url + short)) as waiter:
        with holder.write() as connection:
            connection.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY)"))
        with holder.write() as connection:
            insert(connection)
            with pytest.raises(StoreBusy, match="lock timeout"), waiter.write() as late:
                insert(late)


def hang_while_another_writes(hung: Database, other: Database) -> None:
    with hung.write() as connection:
        insert(connection)
        with other.write() as others:
            insert(others)
        insert(connection)


def insert(connection: Connection) -> None:
    connection.execute(text("INSERT INTO note (id) VALUES (1)"))


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM note")).scalar_one())
