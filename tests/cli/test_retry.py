"""`maild outbox retry --failed`: everything that one refusal cost, at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from maild.store import hold
from tests import warm
from tests.configs import SENDING

MAIL = (
    "From: {0}@c.example\nTo: support@acme.example\nSubject: x\nMessage-ID: <{0}@c.example>\n\nx\n"
)
TRIED = (
    "INSERT INTO attempt (outbox_id, n, at, result, answer)"
    " VALUES (?, 1, datetime('now', -? || ' days'), 'permanent', '')"
)
DENIED, UNKNOWN = "554 5.7.1 Sender address rejected", "550 5.1.1 no such user"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four acknowledgements, written and not sent."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "config.toml").write_text(SENDING)
    for name in ("ann", "ben", "cem", "dan"):
        mail = MAIL.format(name)
        order = ("--from", f"{name}@c.example", "--to", "support@acme.example")
        assert warm.told("deliver", *order, stdin=mail, cwd=folder).returncode == 0
    assert warm.told("work", cwd=folder).returncode == 0
    return folder


def _failed(house: Path) -> list[int]:
    """Let the first three have failed, one of them for another reason, one of them long ago."""
    with closing(sqlite3.connect(house / "var" / "maild.db")) as base, base:
        ids = [n for (n,) in base.execute("SELECT id FROM outbox ORDER BY id LIMIT 4")]
        rows = zip((DENIED, UNKNOWN, DENIED, DENIED), ids, strict=True)
        base.executemany("UPDATE outbox SET state = 'failed', last_error = ? WHERE id = ?", rows)
        base.execute("DELETE FROM attempt")
        base.executemany(TRIED, [(n, 0.1 if n != ids[2] else 99) for n in ids])
    return ids


def _queued(house: Path) -> list[int]:
    with closing(sqlite3.connect(house / "var" / "maild.db")) as base:
        found = base.execute("SELECT id FROM outbox WHERE state = 'queued' ORDER BY id")
        return [n for (n,) in found]


@pytest.mark.parametrize(
    ("options", "places"),
    [
        ((), (0,)),
        (("--answer", "sender ADDRESS"), (0,)),
        (("--since", "100d"), (0, 2)),
        (("--since", "3h", "--answer", "5.1.1"), (1,)),
        (("--answer", "greylisted"), ()),
    ],
)
def test_what_failed_is_queued_by_time_and_words_but_not_what_was_given_up(
    options: tuple[str, ...], places: tuple[int, ...], house: Path
) -> None:
    ids = _failed(house)
    assert warm.told("outbox", "drop", str(ids[3]), cwd=house).returncode == 0

    done = warm.told("outbox", "retry", "--failed", *options, cwd=house)

    assert (done.returncode, done.stdout) == (0, f"{len(places)} queued\n")
    assert _queued(house) == [ids[place] for place in places]


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE outbox SET last_error = '{hold.RESTORED}' WHERE id = ?",
        f"UPDATE outbox SET last_error = '{hold.WRITTEN}' WHERE id = ?",
        "DELETE FROM attempt WHERE outbox_id = ?",
    ],
)
def test_what_an_older_version_gave_up_while_it_waited_stays_so(change: str, house: Path) -> None:
    ids = _failed(house)
    with closing(sqlite3.connect(house / "var" / "maild.db")) as base, base:
        base.execute(change, ids[:1])

    done = warm.told("outbox", "retry", "--failed", "--since", "100d", cwd=house)

    assert done.stdout == "2 queued\n"
    assert _queued(house) == ids[2:]


@pytest.mark.parametrize("typed", [(), ("1", "--failed"), ("1", "--since", "3h")])
def test_numbers_or_all_that_failed_is_wanted_and_not_both(
    typed: tuple[str, ...], house: Path
) -> None:
    done = warm.told("outbox", "retry", *typed, cwd=house)

    assert done.returncode == 2
    assert "either numbers, or --failed" in done.stderr
