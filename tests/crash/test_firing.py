"""kill -9 at every step of firing: every deadline fires once all the same, and is told once."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from maild import __version__
from maild.store import nodes
from tests.needs import ROOT
from tests.ontime.office import Desk, desk_in

HOURS = 5.0
STEPS_MIN = 40
"""Fewer steps cannot be right: the test would have killed nobody."""
STEPS_MAX = 400
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@contextmanager
def ringer() -> Iterator[subprocess.Popen[str]]:
    """The process that forks ringing children."""
    command = [sys.executable, "-m", "tests.crash.ringer"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def rung(process: subprocess.Popen[str], step: int, folder: Path) -> int:
    """Let a child ring until a step; return its exit code."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{step} {folder} {HOURS}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def end_of(desk: Desk) -> tuple[object, ...]:
    """What must be the same, however often somebody died on the way."""
    rows = [(r["ticket_id"], r["kind"], r["cycle"], r["state"], r["merged"]) for r in desk.rows()]
    mails = sorted((mail["key"], mail["recipient"]) for mail in desk.mails())
    logs = [(n, kind, desk.log(n, kind)) for n in (1, 2) for kind in ("deadline.missed",)]
    return rows, mails, logs


def test_killed_at_every_step_a_deadline_fires_once(tmp_path: Path) -> None:
    start, whole = tmp_path / "start", tmp_path / "whole"
    start.mkdir()
    with desk_in(start) as desk:
        desk.opens(2)
        desk.answers(2)
    shutil.copytree(start, whole)
    with desk_in(whole) as desk:
        desk.sleep(HOURS)
        desk.alarm.step()
        expected = end_of(desk)
    killed = 0
    with ringer() as process:
        for step in range(1, STEPS_MAX):
            folder = tmp_path / f"step-{step}"
            shutil.copytree(start, folder)
            code = rung(process, step, folder)
            with desk_in(folder) as desk:
                desk.sleep(HOURS)
                with desk.database.write() as connection:
                    nodes.arrive(connection, "node", __version__, desk.now)
                desk.alarm.step()
                found = end_of(desk)
            shutil.rmtree(folder)

            assert found == expected, f"killed at step {step}"
            if code == 0:
                break
            assert code == -signal.SIGKILL
            killed += 1
    print(f"\nkilled at {killed} steps of firing")

    assert killed >= STEPS_MIN
    assert code == 0
    assert len(expected[1]) == 2, "one missed ticket, told to the agent and the lead"  # type: ignore[arg-type]
