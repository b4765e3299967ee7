"""A relay that falls silent after the dot, of two mails or of all: others go out meanwhile (T-U07)."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
SILENT = frozenset({"quiet-0@customer.example", "quiet-1@customer.example"})
OTHERS_SECONDS_MAX = 60
"""It waits ten minutes after the dot; the others may not."""
SALES_TO = "sales@example.com"
STORE_TO = "store@example.com"
SALES = f"""
[[mailbox]]
name = "Sales"
address = "{SALES_TO}"

[mailbox.relay]
url = "smtp://127.0.0.1:{{port}}"
"""
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
pytestmark = pytest.mark.timeout(240)


@dataclass(kw_only=True)
class Holding(Sink):
    """A relay that takes nothing at first, and then everything, but for one mail's last word."""

    is_open: bool = False
    speaks: bool = False
    silent_about: frozenset[str] = SILENT
    """Empty for every mail."""
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
        while not self.speaks and recipient in (self.silent_about or {recipient}):  # noqa: ASYNC110 - another thread tells it
            await asyncio.sleep(0.05)
        return await super().handle_DATA(server, session, envelope)


def test_a_relay_that_keeps_silent_about_two_mails_holds_up_no_other(
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
            wait_for(lambda: holding.recipients.keys() >= SILENT, "they are not tried")
            started = time.monotonic()
            wait_for(
                lambda: len(holding.hashes) == 2 * MAILS - len(SILENT),
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
        held_by_the_relay=len(SILENT),
        others=2 * MAILS - len(SILENT),
        others_out_after_seconds=others,
        sent_twice=twice,
    )
    assert (len(holding.hashes), twice) == (2 * MAILS, 0)
    assert {holding.recipients[one] for one in SILENT} == {1}


def test_a_relay_that_keeps_silent_about_all_mails_leaves_a_sender_to_the_others(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    dead, alive = free_port(), free_port()
    shipped = f'url = "smtp://127.0.0.1:{dead}"\n{SALES.format(port=alive)}'
    stage = Stage(tmp_path, CONFIG.replace('url = "maildir:outgoing"\n', shipped))
    silent, ready = Holding(is_open=True, silent_about=frozenset()), Sink()
    try:
        with relay_of(silent, dead), relay_of(ready, alive):
            stage.start()
            write_many(Account(), stage.smtp_port, [f"quiet-{n}" for n in range(MAILS // 2)])
            wait_for(lambda: len(silent.recipients) > 1, "nobody waits for it")
            wait_for(lambda: given_back(stage) > MAILS // 2, lambda: f"{rows(stage)}", 60)
            started = time.monotonic()
            for number in range(MAILS // 2):
                write_to(SALES_TO, stage.smtp_port, f"lucky-{number}")
            wait_for(
                lambda: len(ready.hashes) == MAILS, lambda: f"{rows(stage)}", OTHERS_SECONDS_MAX
            )
            others = time.monotonic() - started
            held = sum(silent.recipients.values())
            silent.speaks = True
            stage.settled()
            assert stage.stop() == 0
    finally:
        stage.close()

    figures(held_by_the_relay=held, others=MAILS, others_out_after_seconds=others)
    assert len(set(silent.hashes)) == len(silent.hashes) == MAILS
    assert len(set(ready.hashes)) == MAILS


def test_two_dead_relays_leave_a_sender_to_the_third(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    alive = free_port()
    with unreachable() as one, unreachable() as other, relay_of(ready := Sink(), alive):
        more = SALES.format(port=alive) + SALES.replace("Sales", "Store").replace(
            "sales@", "store@"
        ).format(port=other)
        shipped = f'url = "smtp://127.0.0.1:{one}"\n{more}'
        stage = Stage(tmp_path, CONFIG.replace('url = "maildir:outgoing"\n', shipped))
        try:
            stage.start()
            write_many(Account(), stage.smtp_port, [f"dead-{n}" for n in range(MAILS // 2)])
            for number in range(MAILS // 2):
                write_to(STORE_TO, stage.smtp_port, f"unlucky-{number}")
            wait_for(lambda: given_back(stage) > MAILS, lambda: f"{rows(stage)}", 60)
            started = time.monotonic()
            for number in range(MAILS // 2):
                write_to(SALES_TO, stage.smtp_port, f"lucky-{number}")
            wait_for(
                lambda: len(ready.hashes) == MAILS, lambda: f"{rows(stage)}", OTHERS_SECONDS_MAX
            )
            others = time.monotonic() - started
        finally:
            stage.close()

    figures(others=MAILS, others_out_after_seconds=others)
    assert len(set(ready.hashes)) == MAILS


@contextmanager
def unreachable() -> Iterator[int]:
    """A port whose queue of callers is full: the kernel answers nobody, so that dialling lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as door, ExitStack() as callers:
        for _ in range(4):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(door.getsockname())
        yield door.getsockname()[1]


def given_back(stage: Stage) -> int:
    """How many mails nobody has in hand."""
    return sum(row.state == "queued" for row in rows(stage))


def write_to(to: str, port: int, name: str) -> None:
    sender = f"{name}@customer.example"
    raw = f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {name}\r\n\r\nHow much is it?\r\n"
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.sendmail(sender, [to], raw)


def tried(stage: Stage) -> int:
    """How many mails were tried once and wait."""
    return sum(row.attempts == 1 and row.state == "queued" for row in rows(stage))
