"""A damaged file is refused before anything comes into it, with a word that helps (T-C10)."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from maild.errors import ConfigError, StoreBusy
from maild.store import pages
from maild.store.database import open_database
from maild.store.inspection import inspected
from maild.store.migrate import migrate
from tests.store.rows import a_post, apply, journalled, opening, raw

PAGE = 4096
RUNS = 40


def filled(place: Path) -> None:
    opened = open_database(f"sqlite:///{place}")
    migrate(opened)
    journalled(opened, *(raw(f"m{n}", "x" * 3000) for n in range(60)))
    for n in range(20):
        apply(opened, opening((a_post(message_id=f"m{n}", text="words " * 200),), (f"m{n}",)))
    opened.close()


def started(place: Path) -> None:
    """A daemon's start, and its look at what it did not look at before."""
    opened = open_database(f"sqlite:///{place}")
    try:
        migrate(opened)
        pages.check_beside(opened, threading.Event())
    finally:
        opened.engine.dispose()


def damage(place: Path, page: int) -> None:
    with place.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(random.Random(1).randbytes(PAGE))


def an_index(place: Path) -> int:
    with closing(sqlite3.connect(place)) as connection:
        question = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_post_message_id'"
        return int(connection.execute(question).fetchone()[0])


def trees(place: Path) -> list[int]:
    """The page numbers (from 1) at which tables and indexes begin."""
    with closing(sqlite3.connect(place)) as connection:
        rows = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 1")
        return [row[0] for row in rows]


@pytest.mark.parametrize("small_bytes_max", [pages.SMALL_BYTES_MAX, 0])
def test_a_damaged_tree_is_refused_and_restore_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_bytes_max: int
) -> None:
    monkeypatch.setattr(pages, "SMALL_BYTES_MAX", small_bytes_max)
    good = tmp_path / "good.db"
    filled(good)
    started(good)
    bytes_, chance, refused = good.read_bytes(), random.Random(1), 0
    with closing(sqlite3.connect(good)) as connection:
        raw_mail = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'blob_chunk'"
        ).fetchall()
    roots = [root for root in trees(good) if small_bytes_max or (root,) not in raw_mail]

    for run in range(RUNS):
        place = tmp_path / f"{run}.db"
        start = (chance.choice(roots) - 1) * PAGE
        place.write_bytes(bytes_[:start] + chance.randbytes(PAGE) + bytes_[start + PAGE :])
        with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
            started(place)
        refused += 1
        assert place.with_name(f"{place.name}.damaged").exists()
        place.unlink()

    print(f"\ndamaged trees: {refused}, refused: {refused}")


def test_what_is_no_database_at_all_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "maild.db"
    place.write_bytes(b"no database" * 1000)

    with pytest.raises(ConfigError, match="maild restore"):
        started(place)


def test_a_large_file_is_looked_at_beside_the_work_which_damage_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SMALL_BYTES_MAX", 0)
    place = tmp_path / "maild.db"
    filled(place)
    damage(place, an_index(place))
    opened = open_database(f"sqlite:///{place}")
    migrate(opened)

    async def worked() -> None:
        stopped = asyncio.Event()
        async with inspected(opened, stopped.set):
            await asyncio.wait_for(stopped.wait(), 30)

    with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
        asyncio.run(worked())
    opened.engine.dispose()

    with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
        migrate(open_database(f"sqlite:///{place}"))


def test_a_daemon_that_is_stopped_waits_for_no_look_at_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SMALL_BYTES_MAX", 0)
    monkeypatch.setattr(pages, "_STEPS", 1)
    place = tmp_path / "maild.db"
    filled(place)
    opened = open_database(f"sqlite:///{place}")
    stopped = threading.Event()
    stopped.set()

    with pytest.raises(StoreBusy):
        pages.check_beside(opened, stopped)

    with opened.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM journal").scalar_one() == 60
    opened.engine.dispose()


def test_the_place_where_rows_are_written_next_is_looked_at_before_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SMALL_BYTES_MAX", 0)
    place = tmp_path / "maild.db"
    filled(place)
    with closing(sqlite3.connect(place)) as connection:
        question = "SELECT rootpage FROM sqlite_master WHERE name = 'journal'"
        damage(place, int(connection.execute(question).fetchone()[0]))

    with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
        migrate(open_database(f"sqlite:///{place}"))
