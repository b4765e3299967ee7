"""SIGTERM under load while systemd holds the socket: nobody is refused, and no mail is lost.

The test is systemd: it listens, and hands the socket to one daemon after the other. What comes in
between waits in the socket's queue.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.crash.daemons import Zygote
from tests.faults.customers import AT_THE_DOOR, Account, found_in, write
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for

RESTARTS = times(3, 100)
CUSTOMERS = 20
STOP_SECONDS_MAX = 60
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
pytestmark = pytest.mark.timeout(120 + RESTARTS * 30)


def test_no_connection_is_refused_while_daemons_come_and_go(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    stage = Stage(tmp_path, CONFIG.replace("127.0.0.1:@SMTP@", "fd:smtp"))
    account, stop = Account(), threading.Event()
    with socket.create_server(("127.0.0.1", stage.smtp_port), backlog=128) as listener:
        customers = [
            threading.Thread(target=keep_writing, args=(account, stage.smtp_port, n, stop))
            for n in range(CUSTOMERS)
        ]
        zygote = Zygote(stage, listener.fileno())
        try:
            zygote.start()
            for customer in customers:
                customer.start()
            stops = [restarted(stage, zygote, account) for _ in range(RESTARTS)]
            stop.set()
            for customer in customers:
                customer.join(60)
            stage.settled()
            os.kill(zygote.last, signal.SIGTERM)
            assert zygote.wait() == 0
        finally:
            stop.set()
            zygote.close()
    left = found_in(tmp_path / "state" / "maild.db")
    stage.close()

    missing = account.acknowledged.keys() - left.journalled
    turned_away = [words for _, words in account.refused if words.startswith(AT_THE_DOOR)]
    figures(
        restarts=RESTARTS,
        acknowledged=len(account.acknowledged),
        refused_connections=len(turned_away),
        told_to_come_again=len(account.refused) - len(turned_away),
        lost=len(missing),
        stop_seconds=max(stops),
    )
    assert turned_away == []
    assert account.codes <= {0, 421, 451}
    assert (missing, left.is_sound, left.halves) == (set(), True, 0)
    assert max(stops) < STOP_SECONDS_MAX


def restarted(stage: Stage, zygote: Zygote, account: Account) -> float:
    """End the daemon while it works, start the next; return how long the end took."""
    before = len(account.acknowledged)
    wait_for(lambda: len(account.acknowledged) > before + CUSTOMERS, lambda: stage.log()[-3000:])
    started = time.monotonic()
    os.kill(zygote.last, signal.SIGTERM)
    assert zygote.wait() == 0, stage.log()[-3000:]
    seconds = time.monotonic() - started
    zygote.start()
    return seconds


def keep_writing(account: Account, port: int, number: int, stop: threading.Event) -> None:
    chance = Random(number)
    for n in range(1_000_000):
        if stop.wait(chance.uniform(0, 0.6)):
            return
        write(account, port, f"restart-{number}-{n}")
