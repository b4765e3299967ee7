"""A busy database makes no deadline late: what was claimed is let go, or that is owed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy import Connection

from maild import handle
from maild.alarm import TOGETHER_MAX
from maild.errors import StoreBusy
from maild.store import deadlines
from maild.store.database import Database
from maild.store.deadlines import Taken
from tests.ontime.office import Desk

TICKETS = TOGETHER_MAX + 2


def _busy(*_about: object) -> None:
    raise StoreBusy("deadlock detected")


@pytest.fixture
def due(desk: Desk) -> Desk:
    """An office in which some tickets are late, and the first ring of its life is over."""
    desk.opens(TICKETS)
    desk.alarm.ring()
    desk.sleep(5)
    return desk


def test_a_busy_moment_leaves_nothing_on_its_lease(
    due: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(handle, "deadlines", _busy)
        with pytest.raises(StoreBusy):
            due.alarm.ring()

    assert {row["claimed_by"] for row in due.rows()} == {""}
    assert due.alarm.ring() == TICKETS


def test_what_cannot_even_be_let_go_is_let_go_later(
    due: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(deadlines, "put_back", _busy)
        with patched.context() as worse:
            worse.setattr(handle, "deadlines", _busy)
            with pytest.raises(StoreBusy):
                due.alarm.ring()
        still = due.alarm.ring()

    assert (still, due.alarm.ring()) == (0, TICKETS)


def test_a_claim_whose_commit_broke_off_is_let_go(
    due: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, write, taken = deadlines.claim, Database.write, list[Taken]()

    def noted(connection: Connection, node: str, now: datetime, most: int) -> Taken:
        taken.append(claim(connection, node, now, most))
        return taken[-1]

    @contextmanager
    def breaks_off(database: Database) -> Iterator[Connection]:
        with write(database) as connection:
            yield connection
        if taken:  # It is committed, and nobody hears of it.
            raise StoreBusy("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(deadlines, "claim", noted)
        patched.setattr(Database, "write", breaks_off)
        with pytest.raises(StoreBusy):
            due.alarm.ring()
    left = {row["claimed_by"] for row in due.rows() if row["due_at"] <= due.now}

    assert left == {"node"}, "else it would show nothing"
    assert due.alarm.ring() == TICKETS
