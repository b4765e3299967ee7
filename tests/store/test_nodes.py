"""What the daemons on a database know of the house's addresses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from maild.cli import online_database
from maild.cli.looked import Verdict
from maild.store import nodes
from maild.store.database import Database
from tests.core.scenes import NOW

PLACES = {"help@co.example": "Support", "sales@co.example": "Sales"}
HELP = {"help@co.example": "Support"}


def test_an_address_is_early_until_every_daemon_that_lives_knows_it(database: Database) -> None:
    told = []
    with database.write() as connection:
        told.append(nodes.unaware(connection, PLACES, NOW))
        for name in ("one", "two"):
            nodes.arrive(connection, name, "1", NOW)
            nodes.knows(connection, name, HELP)
        told.append(nodes.unaware(connection, PLACES, NOW))
        nodes.knows(connection, "one", PLACES)
        told.append(nodes.unaware(connection, PLACES, NOW))
        nodes.knows(connection, "two", PLACES)
        told.append(nodes.unaware(connection, PLACES, NOW))

    assert told == [(), ("sales@co.example",), ("sales@co.example",), ()]


def test_the_clock_that_all_nodes_share_is_the_servers(database: Database) -> None:
    with database.read() as connection:
        theirs = nodes.clock(connection)

    assert (theirs is None) == database.is_sqlite
    off = timedelta() if theirs is None else datetime.now(UTC) - theirs
    assert online_database.clock(off).verdict is Verdict.OK
    assert online_database.clock(off - timedelta(minutes=10)).verdict is Verdict.FAILED


def test_who_is_dead_or_gone_knows_of_nothing_and_stops_nobody(database: Database) -> None:
    told = []
    with database.write() as connection:
        nodes.arrive(connection, "one", "1", NOW)
        nodes.knows(connection, "one", {})
        told.append(nodes.unaware(connection, PLACES, NOW + timedelta(minutes=1)))
        nodes.arrive(connection, "one", "2", NOW)
        told.append(nodes.unaware(connection, PLACES, NOW))
        nodes.knows(connection, "one", {})
        nodes.leave(connection, "one")
        nodes.arrive(connection, "one", "2", NOW)
        told.append(nodes.unaware(connection, PLACES, NOW))

    assert told == [(), (), ()]


def test_what_a_node_knew_is_forgotten_together_with_the_node(database: Database) -> None:
    left = []
    with database.write() as connection:
        for name in ("one", "two"):
            nodes.arrive(connection, name, "1", NOW)
            nodes.knows(connection, name, PLACES)
        for later in (timedelta(hours=1), timedelta(days=1, seconds=1)):
            nodes.beat(connection, "one", NOW + later)
            rows = connection.execute(sa.text("SELECT name FROM meta ORDER BY name")).scalars()
            left.append([name for name in rows if name.startswith("node.knows")])

    assert left == [["node.knows one", "node.knows two"], ["node.knows one"]]


@pytest.mark.parametrize(("noted", "early"), [(["help@co.example"], False), ([], True)])
def test_a_daemon_that_notes_addresses_alone_is_asked_for_these(
    database: Database, noted: list[str], early: bool
) -> None:
    """The form before mailboxes were noted; it lives beside ours during an upgrade."""
    with database.write() as connection:
        nodes.arrive(connection, "old", "1", NOW)
        row = {"name": "node.knows old", "value": json.dumps(noted)}
        connection.execute(sa.text("INSERT INTO meta (name, value) VALUES (:name, :value)"), row)
        told = nodes.unaware(connection, HELP, NOW)

    assert told == (("help@co.example",) if early else ())


def test_what_a_daemon_notes_is_read_by_older_code_too(database: Database) -> None:
    with database.write() as connection:
        nodes.arrive(connection, "new", "2", NOW)
        nodes.knows(connection, "new", PLACES)
        asked = sa.text("SELECT value FROM meta WHERE name = 'node.knows new'")
        noted = connection.execute(asked).scalar_one()

    assert frozenset(json.loads(noted)) == PLACES.keys()


def test_an_address_that_moves_to_another_mailbox_is_early(database: Database) -> None:
    with database.write() as connection:
        nodes.arrive(connection, "one", "1", NOW)
        nodes.knows(connection, "one", PLACES)
        told = nodes.unaware(connection, {"help@co.example": "Sales"}, NOW)

    assert told == ("help@co.example",)
