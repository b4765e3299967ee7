"""One node against two on one PostgreSQL, each pinned to a core, with a backlog to work off."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from maild.store.database import Database, open_database
from tests.bench import client
from tests.bench.daemon import Measured, database_of, running
from tests.bench.workload import Letter
from tests.servers import postgresql

CORES_WANTED = 4
"""Two nodes, PostgreSQL, and one to spare: with fewer they stand in each other's way."""


def are_enough_cores() -> bool:
    """Tell whether two nodes can show what they are able to here."""
    return (os.cpu_count() or 1) >= CORES_WANTED


def rates(folder: Path, load: Sequence[Letter], sessions: int) -> tuple[float, float]:
    """Return how many mails a second one node works off, and two."""
    folder.mkdir()
    with postgresql.running() as server:
        backlog = server.database()
        with running(folder / "backlog", only="intake", more=database_of(backlog)) as daemon:
            client.send(daemon.port, load, sessions)
        secret = folder / "backlog" / "var" / "secret"
        found = []
        for count in (1, 2):
            url = server.database(like=backlog)
            found.append(_rate(folder / f"with{count}", url, secret, count, len(load)))
    return found[0], found[1]


def _rate(folder: Path, url: str, secret: Path, nodes: int, mails: int) -> float:
    database = open_database(url)
    try:
        with ExitStack() as open_things:
            nodes_now = []
            for number in range(nodes):
                place = folder / str(number)
                (place / "var").mkdir(parents=True)
                shutil.copy2(secret, place / "var" / "secret")
                core = str(number % (os.cpu_count() or 1))
                node = running(
                    place, only="work", more=database_of(url), under=("taskset", "-c", core)
                )
                nodes_now.append(open_things.enter_context(node))
            first = _waiting(database, mails - 1, nodes_now)
            started = time.perf_counter()
            _waiting(database, 0, nodes_now)
            return first / (time.perf_counter() - started)
    finally:
        database.close()


def _waiting(database: Database, most: int, nodes: Sequence[Measured]) -> int:
    """Wait until no more mails than this wait; return how many do."""
    asked = text("SELECT count(*) FROM journal WHERE outcome = ''")
    while True:
        with database.read() as connection:
            left = int(connection.execute(asked).scalar_one())
        if left <= most:
            return left
        if any(node.process.poll() is not None for node in nodes):
            raise SystemExit("a node ended")
        time.sleep(0.02)
