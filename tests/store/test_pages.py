"""A damaged file is refused before anything comes into it, with a word that helps (T-C10)."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from maild.errors import ConfigError
from maild.store import pages
from maild.store.database import open_database
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
    opened = open_database(f"sqlite:///{place}")
    try:
        migrate(opened)
    finally:
        opened.engine.dispose()


def trees(place: Path) -> list[int]:
    """The page numbers (from 1) at which tables and indexes begin."""
    with closing(sqlite3.connect(place)) as connection:
        rows = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 1")
        return [row[0] for row in rows]


@pytest.mark.parametrize("whole_bytes_max", [pages.WHOLE_BYTES_MAX, 0])
def test_a_damaged_tree_is_refused_and_restore_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole_bytes_max: int
) -> None:
    monkeypatch.setattr(pages, "WHOLE_BYTES_MAX", whole_bytes_max)
    good = tmp_path / "good.db"
    filled(good)
    started(good)
    bytes_, chance, refused = good.read_bytes(), random.Random(1), 0
    with closing(sqlite3.connect(good)) as connection:
        raw_mail = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'blob_chunk'"
        ).fetchall()
    roots = [root for root in trees(good) if whole_bytes_max or (root,) not in raw_mail]

    for run in range(RUNS):
        place = tmp_path / f"{run}.db"
        start = (chance.choice(roots) - 1) * PAGE
        place.write_bytes(bytes_[:start] + chance.randbytes(PAGE) + bytes_[start + PAGE :])
        with pytest.raises(ConfigError, match=r"damaged.*maild restore"):
            started(place)
        refused += 1
        place.unlink()

    print(f"\ndamaged trees: {refused}, refused: {refused}")


def test_what_is_no_database_at_all_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "maild.db"
    place.write_bytes(b"no database" * 1000)

    with pytest.raises(ConfigError, match="maild restore"):
        started(place)
