"""kill -9 between fetch, journal and flag, move or deletion: each of 500 mails exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maild.intake.imap_folder import Step
from tests.intake.imap_bench import mail, opened_store, polling
from tests.needs import ROOT, needs
from tests.servers.dovecot import Dovecot, running_dovecot, wait_until

pytestmark = [needs("root", "dovecot"), pytest.mark.servers, pytest.mark.slow]
_MAILS = 500


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


@pytest.mark.parametrize("after", ["flag", "move:Done", "delete"])
def test_kill_at_any_step_loses_and_doubles_nothing(
    dovecot: Dovecot, tmp_path: Path, figures: Callable[..., None], after: str
) -> None:
    user = f"victim-{after.partition(':')[0]}"
    dovecot.add(user, *(mail(n) for n in range(_MAILS)))
    chance = random.Random(20261121)

    kills = [
        _killed_at(tmp_path, dovecot.port, user, after, steps)
        for steps in (1, 2, 3, 4, *(chance.randint(1, 16) for _ in range(2)))
    ]

    with opened_store(tmp_path) as store:
        with polling(store.desk(), dovecot.settings(user, after=after)):
            wait_until(lambda: store.confirmed(user) == _MAILS, "not finished", 60)
        missed, doubled = _MAILS - store.journalled(user), store.doubled(user)
    figures(mails=_MAILS, kills=len(kills), missed=missed, doubled=doubled)
    assert set(kills) >= set(Step)
    assert (missed, doubled) == (0, 0)
    expected = {"flag": (_MAILS, 0), "move:Done": (0, _MAILS), "delete": (0, 0)}[after]
    assert (dovecot.count(user), dovecot.count(user, "Done")) == expected


def _killed_at(folder: Path, port: int, user: str, after: str, steps: int) -> Step:
    """Poll in another process, kill it after so many steps; return the last one."""
    command = [sys.executable, "-m", "tests.servers.imap_victim"]
    with subprocess.Popen(
        [*command, str(folder), str(port), user, after],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    ) as victim:
        assert victim.stdout
        told = [victim.stdout.readline().strip() for _ in range(steps)]
        victim.kill()
    return Step(told[-1])
