"""kill -9 at every step of a whole story: mail in, ticket, acknowledgement, answer, thanks.

The short form takes every so manieth step, the long form each. Whoever starts next ends the story
as if nothing had happened; a mail that had gone out is not written anew.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.faults.form import times
from tests.faults.story import letters
from tests.needs import ROOT

STRIDE = times(15, 1)
STATEMENTS = (
    "SELECT id, state, priority, subject FROM ticket ORDER BY id",
    "SELECT ticket_id, n, kind, author, text FROM post ORDER BY ticket_id, n",
    "SELECT message_id, max(outcome = 'posted') FROM journal GROUP BY message_id ORDER BY 1",
    "SELECT recipient, kind, state, count(*) FROM outbox GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "SELECT kind, count(*) FROM event GROUP BY kind ORDER BY kind",
)
pytestmark = pytest.mark.timeout(3600)


class Lives:
    """A process that lives and dies for us."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def live(self, folder: Path, death_at: int = 0) -> int:
        """Return the number of steps of a whole life, or minus the signal of death."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{death_at} {folder}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def lives() -> Iterator[Lives]:
    command = [sys.executable, "-m", "tests.faults.story"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield Lives(process)
        assert process.stdin
        process.stdin.close()


def ending(folder: Path) -> list[list[tuple[object, ...]]]:
    """Return how the story ended: what stands in the tables, without times and names of mails."""
    with closing(sqlite3.connect(folder / "maild.db")) as connection:
        return [connection.execute(statement).fetchall() for statement in STATEMENTS]


def doubled(folder: Path) -> int:
    """Count the mails of ours that arrived more than once."""
    told = Counter((one.recipient, one.message_id) for one in letters(folder))
    return sum(count - 1 for count in told.values())


def test_a_death_at_any_step_changes_nothing_of_the_story(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    deviating, twice, points = [], 0, 0
    with lives() as living:
        (tmp_path / "born").mkdir()
        living.live(tmp_path / "born", -1)
        whole = copied(tmp_path, "whole")
        steps = living.live(whole)
        assert steps > 50, f"a life of {steps}"
        expected, arrived = ending(whole), len(letters(whole))
        for step in range(1, steps + 1, STRIDE):
            folder = copied(tmp_path, f"step-{step}")
            assert living.live(folder, step) == -signal.SIGKILL, step
            points += 1
            assert living.live(folder) > 0, f"after a death at step {step}"
            twice += doubled(folder)
            if ending(folder) != expected or len(letters(folder)) - doubled(folder) != arrived:
                deviating.append((step, ending(folder)))

    figures(steps=steps, killed_at=points, deviating=len(deviating), mails_twice=twice)
    assert doubled(whole) == 0
    assert deviating == [], expected
    assert twice == 0


def copied(folder: Path, name: str) -> Path:
    """A house in which nothing has happened yet."""
    return Path(shutil.copytree(folder / "born", folder / name))
