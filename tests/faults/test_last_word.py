"""kill -9 at the worst moment of sending: just before, and just after, the relay's last 250.

Whether the relay has it cannot be known then. The same bytes are sent again, so that a reader may
get a mail twice (with one Message-ID), and never loses one.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from tests.crash.daemons import Zygote, relay_of
from tests.crash.people import Sink
from tests.faults.customers import Account, write
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for
from tests.ports import free_port

KILLS = times(6, 100)
TEN_MINUTES_LATER = "UPDATE outbox SET next_try_at = created_at WHERE state = 'queued'"
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
pytestmark = pytest.mark.timeout(120 + KILLS * 20)


@dataclass(kw_only=True)
class Deadly(Sink):
    """A relay whose last 250 is its sender's end, when it is armed."""

    victim: int = 0
    """The process to kill; 0 for none."""
    before: bool = False
    """Kill before the 250 is said; else just after it."""
    chance: Random = field(default_factory=lambda: Random(17))

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        victim, self.victim = self.victim, 0
        if victim and self.before:
            os.kill(victim, signal.SIGKILL)
        elif victim:
            later = self.chance.uniform(0, 0.003)
            asyncio.get_running_loop().call_later(later, os.kill, victim, signal.SIGKILL)
        return answer


def test_a_death_around_the_last_word_loses_nothing(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    relay = free_port()
    stage = Stage(tmp_path, CONFIG.replace("maildir:outgoing", f"smtp://127.0.0.1:{relay}"))
    account, zygote = Account(), Zygote(stage)
    try:
        with relay_of(Deadly(), relay) as sink:
            for n in range(KILLS):
                sink.before = n % 2 == 0
                sink.victim = zygote.start()
                wait_for(partial(write_or_die, account, stage, sink, n), "nothing is taken")
                assert zygote.wait() == -signal.SIGKILL, stage.log()[-3000:]
            # Some died before they were ready: what is due goes out as soon as anybody sends.
            before = stage.log().count("daemon.ready")
            zygote.start()
            wait_for(lambda: stage.log().count("daemon.ready") > before, "not ready")
            with stage.database.write() as connection:
                connection.execute(text(TEN_MINUTES_LATER))
            stage.settled()
            os.kill(zygote.last, signal.SIGTERM)
            assert zygote.wait() == 0
    finally:
        zygote.close()
    with stage.database.read() as connection:
        written = list(connection.execute(text("SELECT sha256 FROM outbox")).scalars())
    stage.close()

    missing = set(written) - set(sink.hashes)
    doubled = len(sink.hashes) - len(set(sink.hashes))
    figures(kills=KILLS, mails=len(written), lost=len(missing), sent_twice=doubled)
    assert len(written) >= KILLS
    assert missing == set()
    assert set(sink.hashes) == set(written)
    assert KILLS // 4 <= doubled <= KILLS


def write_or_die(account: Account, stage: Stage, sink: Deadly, n: int) -> bool:
    """Have a mail taken, unless an older one was the daemon's end before."""
    return not sink.victim or write(account, stage.smtp_port, f"last-{n}")
