"""Each folder of `cases` is a config with which the daemon refuses to start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.flows.stage import Stage

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").iterdir())
GOOD = """
[maild]
name = "Example"
domain = "example.com"
state_dir = "state"
[smtp]
listen = []
[web]
listen = ""
admin_listen = ""
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_daemon_says_everything_that_is_wrong(case: Path, tmp_path: Path, renew: bool) -> None:
    folder = tmp_path / "house"
    shutil.copytree(case, folder)
    stage = Stage(folder, (case / "config.toml").read_text())

    done = stage.maild("run")

    told = done.stderr.decode().replace(f"{folder}/", "")
    if renew:
        (case / "expected.txt").write_text(told)
    assert done.returncode == 78, told
    assert told == (case / "expected.txt").read_text()
    assert not (folder / "var").exists()


def test_a_config_that_is_not_there_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, GOOD)
    stage.config.unlink()

    done = stage.maild("run")

    assert done.returncode == 78
    assert str(stage.config) in done.stderr.decode()


def test_a_lost_secret_is_told_when_there_are_tickets(tmp_path: Path) -> None:
    stage = Stage(tmp_path, GOOD)
    mail = b"From: a@customer.example\nSubject: x\n\nx\n"
    assert stage.maild("deliver", "--to", "support@example.com", stdin=mail).returncode == 0
    assert stage.maild("work").returncode == 0
    (tmp_path / "state" / "secret").unlink()

    done = stage.maild("run")

    assert done.returncode == 78
    assert str(tmp_path / "state" / "secret") in done.stderr.decode()
    assert not (tmp_path / "state" / "secret").exists()
