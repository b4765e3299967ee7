"""PostgreSQL that crashes under load and comes back, and that turns read-only meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.faults.customers import Account, write
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for
from tests.needs import needs
from tests.servers import postgresql

RESTARTS = times(2, 20)
CUSTOMERS = 4
LEASE_SECONDS = 240
"""A claim whose answer was lost in the crash is taken up again when its lease of two minutes ends."""
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8") + '\n[database]\nurl = "@DATABASE@"\n'
pytestmark = [needs("postgresql"), pytest.mark.servers, pytest.mark.timeout(300 + RESTARTS * 60)]


def test_a_server_that_restarts_or_only_reads_loses_nothing(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    account, stop = Account(), threading.Event()
    with postgresql.running() as server:
        stage = Stage(tmp_path, CONFIG, DATABASE=server.database())
        customers = [
            threading.Thread(target=keep_writing, args=(account, stage.smtp_port, n, stop))
            for n in range(CUSTOMERS)
        ]
        try:
            stage.start()
            for customer in customers:
                customer.start()
            waits = []
            for turn in range(RESTARTS):
                more_than(account, len(account.acknowledged))
                server.stop()
                if turn % 2:
                    server.start(default_transaction_read_only="on")
                    refused = len(account.refused)
                    wait_for(lambda: len(account.refused) > refused + 2, "nobody is refused")  # noqa: B023
                    server.stop()
                server.start()
                started = time.monotonic()
                more_than(account, len(account.acknowledged))
                waits.append(time.monotonic() - started)
            stop.set()
            for customer in customers:
                customer.join(60)
            wait_for(lambda: is_idle(stage), "work is left after every lease", LEASE_SECONDS)
            with stage.database.read() as connection:
                kept = set(connection.execute(text("SELECT sha256 FROM journal")).scalars())
            doubled = len(stage.tickets()) - len(
                {t["customer"]["address"] for t in stage.tickets()}
            )
            assert stage.stop() == 0
        finally:
            stop.set()
            stage.close()

    missing = account.acknowledged.keys() - kept
    figures(
        restarts=RESTARTS,
        acknowledged=len(account.acknowledged),
        refused=len(account.refused),
        lost=len(missing),
        tickets_doubled=doubled,
        back_after_seconds=max(waits),
    )
    assert account.codes <= {451}
    assert (missing, doubled) == (set(), 0)


def is_idle(stage: Stage) -> bool:
    """Whether every mail that came in has ended; what goes out has leases of twenty minutes."""
    journal = stage.standing().journal
    return journal["received"] + journal["parsing"] == 0


def more_than(account: Account, count: int) -> None:
    """Wait until more mails were acknowledged."""
    wait_for(lambda: len(account.acknowledged) > count + CUSTOMERS, "nothing is taken", 60)


def keep_writing(account: Account, port: int, number: int, stop: threading.Event) -> None:
    """Write, and write again what was refused, as mail servers do."""
    n = 0
    while not stop.wait(0.05):
        n += write(account, port, f"server-{number}-{n}")
