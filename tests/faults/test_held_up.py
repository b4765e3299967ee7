"""A relay that falls silent after the dot of one mail: the others go out meanwhile (T-U07)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crash.daemons import relay_of
from tests.crash.people import Sink
from tests.faults.customers import Account, write_many
from tests.faults.test_relay import due, rows
from tests.flows.stage import Stage, wait_for
from tests.ports import free_port

MAILS = 20
"""Two mails of ours each: more than one sender takes in hand at once."""
SILENT = "quiet-0@customer.example"
OTHERS_SECONDS_MAX = 60
"""It waits ten minutes after the dot; the others may not."""
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
pytestmark = pytest.mark.timeout(240)


@dataclass(kw_only=True)
class Holding(Sink):
    """A relay that takes nothing at first, and then everything, but for one mail's last word."""

    is_open: bool = False
    speaks: bool = False
    recipients: Counter[str] = field(default_factory=Counter)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.mail_from = address
        return "250 ok" if self.is_open else "451 not yet"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        (recipient,) = envelope.rcpt_tos
        self.recipients[recipient] += 1
        while recipient == SILENT and not self.speaks:  # noqa: ASYNC110 - another thread tells it
            await asyncio.sleep(0.05)
        return await super().handle_DATA(server, session, envelope)


def test_a_relay_that_keeps_silent_about_one_mail_holds_up_no_other(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    relay, account = free_port(), Account()
    stage = Stage(tmp_path, CONFIG.replace("maildir:outgoing", f"smtp://127.0.0.1:{relay}"))
    names = [f"quiet-{n}" for n in range(MAILS)]
    try:
        with relay_of(Holding(), relay) as holding:
            stage.start()
            write_many(account, stage.smtp_port, names)
            wait_for(lambda: tried(stage) == 2 * MAILS, lambda: f"{rows(stage)}", 60)
            holding.is_open = True
            due(stage)
            wait_for(lambda: holding.recipients[SILENT], "the one mail is not tried")
            started = time.monotonic()
            wait_for(
                lambda: len(holding.hashes) == 2 * MAILS - 1,
                lambda: f"{len(holding.hashes)} mails went out: {rows(stage)}",
                OTHERS_SECONDS_MAX,
            )
            others = time.monotonic() - started
            holding.speaks = True
            stage.settled()
            assert stage.stop() == 0
    finally:
        stage.close()

    twice = len(holding.hashes) - len(set(holding.hashes))
    figures(
        held_by_the_relay=1,
        others=2 * MAILS - 1,
        others_out_after_seconds=others,
        sent_twice=twice,
    )
    assert (len(holding.hashes), twice) == (2 * MAILS, 0)
    assert holding.recipients[SILENT] == 1


def tried(stage: Stage) -> int:
    """How many mails were tried once and wait."""
    return sum(row.attempts == 1 and row.state == "queued" for row in rows(stage))
