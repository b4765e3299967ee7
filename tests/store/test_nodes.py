"""What the daemons on a database know of the house's addresses."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from maild.store import nodes
from maild.store.database import Database
from tests.core.scenes import NOW

ADDRESSES = ("help@co.example", "sales@co.example")


def test_an_address_is_early_until_every_daemon_that_lives_knows_it(database: Database) -> None:
    told = []
    with database.write() as connection:
        told.append(nodes.unaware(connection, ADDRESSES, NOW))
        for name in ("one", "two"):
            nodes.arrive(connection, name, "1", NOW)
            nodes.knows(connection, name, ADDRESSES[:1])
        told.append(nodes.unaware(connection, ADDRESSES, NOW))
        nodes.knows(connection, "one", ADDRESSES)
        told.append(nodes.unaware(connection, ADDRESSES, NOW))
        nodes.knows(connection, "two", ADDRESSES)
        told.append(nodes.unaware(connection, ADDRESSES, NOW))

    assert told == [(), ADDRESSES[1:], ADDRESSES[1:], ()]


def test_who_is_dead_or_gone_knows_of_nothing_and_stops_nobody(database: Database) -> None:
    told = []
    with database.write() as connection:
        nodes.arrive(connection, "one", "1", NOW)
        nodes.knows(connection, "one", ())
        told.append(nodes.unaware(connection, ADDRESSES, NOW + timedelta(minutes=1)))
        nodes.arrive(connection, "one", "2", NOW)
        told.append(nodes.unaware(connection, ADDRESSES, NOW))
        nodes.knows(connection, "one", ())
        nodes.leave(connection, "one")
        nodes.arrive(connection, "one", "2", NOW)
        told.append(nodes.unaware(connection, ADDRESSES, NOW))

    assert told == [(), (), ()]


def test_what_a_node_knew_is_forgotten_together_with_the_node(database: Database) -> None:
    left = []
    with database.write() as connection:
        for name in ("one", "two"):
            nodes.arrive(connection, name, "1", NOW)
            nodes.knows(connection, name, ADDRESSES)
        for later in (timedelta(hours=1), timedelta(days=1, seconds=1)):
            nodes.beat(connection, "one", NOW + later)
            rows = connection.execute(sa.text("SELECT name FROM meta ORDER BY name")).scalars()
            left.append([name for name in rows if name.startswith("node.knows")])

    assert left == [["node.knows one", "node.knows two"], ["node.knows one"]]
