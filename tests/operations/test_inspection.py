"""A look at the pages of a large file never stands between a daemon and its end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from maild import settings
from maild.app import Daemon, Role
from maild.store import pages
from maild.store.database import Database
from tests.configs import QUIET


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(30)
        yield told


def test_the_end_begins_while_pages_are_still_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemd: socket.socket
) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "config.toml").write_text(QUIET, encoding="utf-8")
    asked: list[bool] = []

    def look(_database: Database, halt: pages.Halt) -> None:
        """Take until systemd knows of the end."""
        while not systemd.recv(4096).startswith(b"STOPPING=1"):
            continue
        asked.append(halt.asked.is_set())

    async def worked() -> None:
        config = settings.load(tmp_path / "config.toml", environ={})
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        daemon = Daemon(config, frozenset({Role.CLOCK}), environment)
        monkeypatch.setattr(pages, "is_small", lambda _database: False)
        monkeypatch.setattr(pages, "check_beside", look)
        daemon.stop()
        await daemon.run()

    asyncio.run(worked())

    assert asked == [True]
