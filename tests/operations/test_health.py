"""What `/healthz` and the watchdog are told when a part of the daemon has ended."""

from __future__ import annotations

from pathlib import Path

from maild import settings
from maild.app import Daemon, Role
from tests.configs import QUIET


def test_a_journal_without_its_writer_is_no_health(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "config.toml").write_text(QUIET)
    daemon = Daemon(settings.load(tmp_path / "config.toml", environ={}), frozenset({Role.CLOCK}))
    assert daemon.checks()["threads"]() == ""

    daemon._journal.close()

    assert daemon.checks()["threads"]() == "ended: journal-writer"
    daemon._database.close()
    for lock in daemon._locks:
        lock.close()
