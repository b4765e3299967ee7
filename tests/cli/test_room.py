"""The room that mail needs: whoever tells of it means what the listener wants."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from maild.cli.looked import Verdict
from maild.cli.online_servers import disk
from maild.settings import load, room_wanted
from maild.watch import Watch
from tests import warm
from tests.configs import QUIET

MIB = 1024 * 1024
WANTED = 150 * MIB + 64 * MIB


def _config(folder: Path, more: str) -> Path:
    (folder / "none").mkdir()
    file = folder / "config.toml"
    file.write_text(QUIET + more)
    return file


@pytest.mark.parametrize(
    ("free", "verdict"),
    [
        (WANTED - 1, Verdict.FAILED),
        (WANTED, Verdict.WARNING),
        (2 * WANTED - 1, Verdict.WARNING),
        (2 * WANTED, Verdict.OK),
    ],
)
def test_check_and_health_mean_the_largest_mail_and_a_half_and_the_reserve(
    free: int, verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = load(_config(tmp_path, '[limits]\nmail = "100MiB"\n'), environ={})
    usage = SimpleNamespace(free=free, total=2 * WANTED)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    watch = Watch(
        lambda: pytest.fail("the disk needs no database"),
        disk=lambda: (free, room_wanted(known.smtp, known.runtime)),
    )

    found, health = disk(known), watch.check_disk()

    assert found.verdict is verdict
    assert bool(health) is (verdict is Verdict.FAILED)
    if health:
        assert "224 MB are wanted: mail is refused" in found.found
        assert health == f"only {free} bytes are free, and {WANTED} are wanted: mail is refused"


def test_status_says_that_mail_is_refused_for_want_of_room(tmp_path: Path) -> None:
    _config(tmp_path, '[limits]\ndisk_free = "900000GiB"\n')
    warm.told("ticket", "list", cwd=tmp_path)

    told = warm.told("status", cwd=tmp_path)
    document = json.loads(warm.told("status", "--json", cwd=tmp_path).stdout)

    assert told.returncode == 0, told.stderr
    assert "the disk is full: mail is refused until there is room" in told.stdout
    assert document["disk"]["mail_is_refused"] is True
    assert document["disk"]["wanted_bytes"] == 900_000 * 1024 * MIB + 25 * MIB * 3 // 2
