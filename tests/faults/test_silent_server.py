"""PostgreSQL that says nothing, or holds up the work: who waits is told, and the daemon can end.

A daemon that is impatient (`daemon.py`), so that nobody waits for minutes.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy import text

from maild.vitals import CUT_OFF
from tests.faults.customers import Account, write
from tests.faults.test_reload import reload
from tests.flows.stage import Stage, wait_for
from tests.needs import needs
from tests.servers import postgresql

HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8").replace(
    'admin_listen = ""', 'admin_listen = "127.0.0.1:@ADMIN@"'
) + '\n[database]\nurl = "@DATABASE@"\n'  # fmt: skip
STILL = "no progress for 3 seconds: work"
IMPATIENT = (sys.executable, str(HERE / "daemon.py"), "impatient")
pytestmark = [needs("postgresql"), pytest.mark.servers, pytest.mark.timeout(240)]


def test_a_silent_server_is_told_of_and_work_goes_on_when_it_speaks(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    account = Account()
    with postgresql.running() as server:
        stage = Stage(tmp_path, CONFIG, DATABASE=server.database())
        stage.command = IMPATIENT
        try:
            stage.start()
            with locked(stage):
                surely_write(account, stage, "before")
                wait_for(lambda: stands_still(health(stage)), "health does not tell")
            wait_for(lambda: set(health(stage).values()) == {"ok"}, "it does not go on")
            server.fall_silent()
            started = time.monotonic()
            meanwhile = [write(account, stage.smtp_port, f"meanwhile-{n}") for n in range(2)]
            refused_after = (time.monotonic() - started) / 2
            wait_for(lambda: "database is silent" in stage.log(), "the log does not tell")
            wait_for(lambda: "not written" in health(stage)["store"], "health does not tell")
            server.speak()
            wait_for(lambda: set(health(stage).values()) == {"ok"}, "it does not go on")
            surely_write(account, stage, "after")
            stage.settled()
            kept = len(stage.tickets())
            server.fall_silent()
            started = time.monotonic()
            stage.signal(signal.SIGTERM)
            wait_for(lambda: stage.exit_code is not None, "it does not end")
            ended_after = time.monotonic() - started
            code = stage.exit_code
        finally:
            server.speak()
            stage.close()

    figures(
        acknowledged=len(account.acknowledged),
        refused=len(account.refused),
        refused_after_seconds=refused_after,
        ended_after_seconds=ended_after,
    )
    assert account.codes == {451}
    assert (len(account.acknowledged), meanwhile) == (2, [False, False])
    assert kept >= 2, "what was refused may be durable all the same"
    assert code == CUT_OFF
    assert "maximum number of running instances" not in stage.log()


def test_a_reload_does_not_wait_for_a_silent_server(tmp_path: Path) -> None:
    account, changed = Account(), CONFIG.replace('name = "Alice"', 'name = "Alice Martin"')
    with postgresql.running() as server:
        stage = Stage(tmp_path, CONFIG, DATABASE=server.database())
        stage.command = IMPATIENT
        try:
            stage.start()
            surely_write(account, stage, "before")
            server.fall_silent()
            reload(stage, changed, "settings.reloaded")
            taken = write(account, stage.smtp_port, "meanwhile")
            server.speak()
            wait_for(lambda: set(health(stage).values()) == {"ok"}, "it does not go on")
            surely_write(account, stage, "after")
        finally:
            server.speak()
            stage.close()

    assert not taken
    assert account.codes == {451}


@contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Hold a table that all work needs, as a session that was forgotten does."""
    with stage.database.write() as connection:
        connection.execute(text("LOCK TABLE customer IN EXCLUSIVE MODE"))
        yield


def surely_write(account: Account, stage: Stage, name: str) -> None:
    """Write until it is acknowledged: on a busy machine the daemon is impatient with itself."""
    wait_for(lambda: write(account, stage.smtp_port, name), "it is not acknowledged")


def stands_still(checks: dict[str, str]) -> bool:
    return (checks["store"], checks["threads"]) == ("ok", STILL)


def health(stage: Stage) -> dict[str, str]:
    try:
        with urlopen(f"http://127.0.0.1:{stage.admin_port}/healthz", timeout=30) as answer:
            found = json.load(answer)
    except HTTPError as error:
        found = json.load(error)
    checks: dict[str, str] = found["checks"]
    return checks
