"""Two daemons in one state folder, though the lock was to keep the second one out.

Somebody takes the lock files away by hand while the first works: what each claims is its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from tests.crash.daemons import sink_of
from tests.faults.customers import Account, found_in, write_many
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for
from tests.ports import free_port

pytestmark = pytest.mark.timeout(600)
MAILS = times(25, 500)
HERE = Path(__file__).parent


def test_without_their_lock_two_daemons_send_nothing_twice(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    relay, account = free_port(), Account()
    one, two = (house_in(tmp_path, name, relay) for name in ("one", "two"))
    try:
        with sink_of(relay) as sink:
            one.start()
            writing = Thread(target=write_all, args=(account, one, "one"))
            writing.start()
            wait_for(lambda: len(account.acknowledged) > 5, "nothing is taken")
            locks = list((tmp_path / "state").glob("*.lock"))
            for lock in locks:
                lock.unlink()
            two.start()
            write_all(account, two, "two")
            writing.join(120)
            one.settled()
            rows = one.outbox()
            tickets = len(one.tickets())
        for stage in (one, two):
            assert stage.stop() == 0
    finally:
        one.close()
        two.close()
    left = found_in(tmp_path / "state" / "maild.db")

    missing = account.acknowledged.keys() - left.journalled
    doubled = len(sink.hashes) - len(set(sink.hashes))
    figures(mails=len(account.acknowledged), lost=len(missing), sent=len(rows), sent_twice=doubled)
    assert locks
    assert len(account.acknowledged) == tickets == 2 * MAILS
    assert (missing, left.is_sound, left.halves) == (set(), True, 0)
    assert {row["state"] for row in rows} == {"sent"}
    assert (len(sink.hashes), doubled) == (len(rows), 0)


def house_in(folder: Path, name: str, relay: int) -> Stage:
    """A config of its own, with the state of the other."""
    (folder / name).mkdir()
    config = (HERE / "config.toml").read_text(encoding="utf-8")
    config = config.replace('"state"', f'"{folder}/state"')
    config = config.replace("maildir:outgoing", f"smtp://127.0.0.1:{relay}")
    return Stage(folder / name, config)


def write_all(account: Account, stage: Stage, name: str) -> None:
    write_many(account, stage.smtp_port, [f"{name}-{n}" for n in range(MAILS)])
