"""A daemon whose database has a damaged page: it ends, names the way out, and takes no mail (T-C10).

The way out is gone as well: the house comes back from its backup and takes mail again.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.customers import (
    AT_THE_DOOR,
    SUPPORT,
    Account,
    found_in,
    mail_of,
    write,
    write_many,
)
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for

RUNS = times(4, 40)
CONFIGURATION = 78
END_SECONDS_MAX = 30
PAGE_BYTES = 4096
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
pytestmark = pytest.mark.timeout(120 + RUNS * 40)


def test_a_daemon_with_a_damaged_page_takes_no_mail_until_its_backup_is_back(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    stage, account, refused = Stage(tmp_path, CONFIG), Account(), Account()
    database, chance = tmp_path / "state" / "maild.db", random.Random(10)
    seconds, by_pipe = [], []
    try:
        stage.start()
        write_many(account, stage.smtp_port, [f"before-{n}" for n in range(8)])
        stage.settled()
        assert stage.maild("backup", str(tmp_path / "house.backup")).returncode == 0
        assert stage.stop() == 0
        trees, good = trees_of(database), database.read_bytes()
        for n in range(RUNS):
            database.write_bytes(damaged(good, chance.choice(trees), chance))
            started = time.monotonic()
            stage.start(wait=False)
            wait_for(lambda: stage.exit_code is not None, "it runs on", END_SECONDS_MAX)
            seconds.append(time.monotonic() - started)
            assert stage.exit_code == CONFIGURATION, stage.log()[-2000:]
            assert stage.log().count("maild restore") == n + 1, stage.log()[-2000:]
            assert not write(refused, stage.smtp_port, f"during-{n}")
            by_pipe.append(stage.maild("deliver", "--to", SUPPORT, stdin=mail_of(f"pipe-{n}")))
        for file in database.parent.glob("maild.db*"):
            file.unlink()
        done = stage.maild("restore", str(tmp_path / "house.backup"))
        assert done.returncode == 0, done.stderr
        stage.start()
        assert write(account, stage.smtp_port, "after")
        assert stage.stop() == 0
    finally:
        stage.close()

    left = found_in(database)
    missing = account.acknowledged.keys() - left.journalled
    taken = sum(one.returncode == 0 for one in by_pipe) + len(refused.acknowledged)
    figures(
        damaged_pages=RUNS,
        taken_meanwhile=taken,
        lost_after_restore=len(missing),
        seconds_to_the_end=max(seconds),
    )
    assert len(trees) > 20
    assert taken == 0
    assert all(words.startswith(AT_THE_DOOR) for _, words in refused.refused)
    assert (len(account.acknowledged), missing, left.is_sound) == (9, set(), True)


def trees_of(database: Path) -> list[int]:
    """The pages, from 1, at which tables and indexes begin."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 1")
        return [row[0] for row in rows]


def damaged(good: bytes, page: int, chance: random.Random) -> bytes:
    """Overwrite a page."""
    start = (page - 1) * PAGE_BYTES
    return good[:start] + chance.randbytes(PAGE_BYTES) + good[start + PAGE_BYTES :]
