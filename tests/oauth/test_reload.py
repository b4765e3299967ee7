"""A daemon whose settings name a provider only after a reload looks after its tokens, too."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from maild import app, settings
from maild.app import Daemon, Role
from tests.configs import QUIET
from tests.servers.dovecot import wait_until

OAUTH = """
[[oauth]]
name = "test"
provider = "other"
grant = "refresh_token"
client_id = "maild-test"
scope = "mail"
token_url = "https://127.0.0.1:1/token"
authorize_url = "https://127.0.0.1:1/authorize"
device_url = "https://127.0.0.1:1/device"
[[mailbox]]
name = "Support"
address = "support@acme.example"
imap = { host = "127.0.0.1", user = "support@acme.example", oauth = "test" }
"""


def test_a_provider_that_a_reload_brings_is_looked_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "TOKENS", timedelta(seconds=0.1))
    (tmp_path / "none").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(QUIET)

    told = asyncio.run(_reloaded(config))

    assert told.startswith("test for support@acme.example: nobody let us in yet")


async def _reloaded(config: Path) -> str:
    """Run a daemon, give it a provider, and return what its health says once it looked."""
    daemon = Daemon(settings.load(config, environ={}), frozenset({Role.CLOCK}))
    running = asyncio.create_task(daemon.run())
    check = daemon.checks()["oauth"]
    clock = daemon._clock._scheduler
    await asyncio.to_thread(wait_until, lambda: clock.running, "the clock stands still", 30)
    await asyncio.to_thread(config.write_text, QUIET + OAUTH)
    daemon.reload()
    await asyncio.to_thread(wait_until, check, "nobody looked", 30)
    daemon.stop()
    await running
    return check()
