"""A damaged file is refused before anything comes into it, with a word that helps (T-C10)."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from maild.errors import ConfigError
from maild.store import inspection, pages
from maild.store.database import Database, open_database
from maild.store.inspection import Inspection
from maild.store.migrate import migrate
from tests.store.rows import a_post, apply, journalled, opening, raw

PAGE = 4096
RUNS = 40
LARGE = 100_000_000


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
        pages.check_beside(opened, pages.Halt())
    finally:
        opened.engine.dispose()


def damage(place: Path, page: int) -> None:
    with place.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(random.Random(1).randbytes(PAGE))


def root_of(name: str, place: Path) -> int:
    with closing(sqlite3.connect(place)) as connection:
        question = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        return int(connection.execute(question, (name,)).fetchone()[0])


def in_the_middle_of(name: str, place: Path) -> int:
    """The page of a table that is below its root, and neither the first nor the last."""
    start = (root_of(name, place) - 1) * PAGE
    root = place.read_bytes()[start : start + PAGE]
    cells = int.from_bytes(root[3:5], "big")
    assert root[0] == 5, "the root is no interior page"
    assert cells > 2
    second = int.from_bytes(root[14:16], "big")
    return int.from_bytes(root[second : second + 4], "big")


def unreadable(place: Path, for_writing: int) -> None:
    """Let each read of an open file fail, as a bad sector lets it."""
    for link in Path("/proc/self/fd").iterdir():
        if link.is_symlink() and link.readlink() == place:
            os.dup2(for_writing, int(link.name))


def read_so_far() -> int:
    """The bytes that this process read, from a disk or not."""
    return int(Path("/proc/self/io").read_text(encoding="ascii").split()[1])


async def looked_at(database: Database) -> None:
    """What a daemon does, until the look finds something."""
    stopped = asyncio.Event()
    beside = Inspection(database, stopped.set)
    beside.start()
    await asyncio.wait_for(stopped.wait(), 30)
    assert isinstance(beside.error, ConfigError)
    await beside.close()


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
    damage(place, in_the_middle_of("post", place))
    opened = open_database(f"sqlite:///{place}")
    migrate(opened)

    with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
        asyncio.run(looked_at(opened))
    opened.engine.dispose()

    with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
        migrate(open_database(f"sqlite:///{place}"))


def test_a_stop_waits_for_no_walk_through_a_tree(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    place = tmp_path / "large.db"
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA page_size = 512")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE post (text BLOB)")
        connection.executemany("INSERT INTO post VALUES (zeroblob(?))", [(LARGE // 10,)] * 10)
        connection.commit()
    opened = open_database(f"sqlite:///{place}")

    async def read_before_and_after_the_stop() -> tuple[int, int]:
        beside, start = Inspection(opened, lambda: None), read_so_far()
        beside.start()
        while (before := read_so_far() - start) < LARGE // 20:
            pass
        beside.end()
        await beside.close()
        return before, read_so_far() - start - before

    before, after = LARGE, LARGE
    for _ in range(20):
        if before > LARGE // 2:
            before, after = asyncio.run(read_before_and_after_the_stop())
    opened.engine.dispose()

    record_property("bytes", (before, after))
    assert before <= LARGE // 2, "no stop came early enough"
    assert after < LARGE // 4


def test_what_a_connection_is_lent_to_after_the_look_is_not_ended(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path / 'maild.db'}")
    halt = pages.Halt()

    with opened.read() as connection:
        with halt.over(connection):
            pass
        rows = connection.exec_driver_sql("VALUES (1), (2)")
        halt.ask()

        assert rows.all() == [(1,), (2,)]
    opened.engine.dispose()


@pytest.mark.parametrize("name", ["journal", "ix_post_message_id", "search_words_idx"])
def test_the_ends_of_a_tree_are_looked_at_before_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(pages, "SMALL_BYTES_MAX", 0)
    place = tmp_path / "maild.db"
    filled(place)
    damage(place, root_of(name, place))

    with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
        migrate(open_database(f"sqlite:///{place}"))


@pytest.mark.parametrize("is_beside", [False, True])
def test_what_the_disk_does_not_give_thrice_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_beside: bool
) -> None:
    monkeypatch.setattr(pages, "_AGAIN_SECONDS", 0)
    monkeypatch.setattr(inspection, "AGAIN_SECONDS", 0)
    place = tmp_path / "maild.db"
    filled(place)
    opened = open_database(f"sqlite:///{place}")
    monkeypatch.setattr(pages, "SMALL_BYTES_MAX", 0)
    for_writing = os.open(place, os.O_WRONLY)
    unreadable(place, for_writing)
    reads: list[str] = []
    event.listen(opened.engine, "before_cursor_execute", lambda *told: reads.append(told[2]))

    with pytest.raises(ConfigError, match=r"damaged.*disk I/O error.*maild restore"):
        asyncio.run(looked_at(opened)) if is_beside else pages.check(opened)

    opened.engine.dispose()
    os.close(for_writing)
    assert reads.count(reads[-1]) == pages.READS
    assert place.with_name("maild.db.damaged").exists()
