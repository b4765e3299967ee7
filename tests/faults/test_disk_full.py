"""A full disk: no mail is acknowledged, IMAP mail stays where it is, and room is used at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.customers import Account, found_in, mail_of, write, write_many
from tests.faults.disk import Disk, Order
from tests.flows.stage import Stage, wait_for
from tests.needs import needs
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.dovecot import dovecot as dovecot  # noqa: PLC0414 - a fixture

pytestmark = [needs("gcc", "dovecot", "root"), pytest.mark.servers]
HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
IMAP = """
[mailbox.imap]
host = "127.0.0.1"
port = @IMAP@
tls = "none"
user = "full-disk"
password_file = "password"
since = "all"
"""
MAILBOX = 'address = "support@example.com"\n'


def test_a_full_disk_takes_nothing_and_room_is_used_at_once(
    tmp_path: Path, dovecot: Dovecot, figures: Callable[..., None]
) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    stage = Stage(tmp_path, CONFIG.replace(MAILBOX, MAILBOX + IMAP), IMAP=dovecot.port)
    disk, account = Disk(tmp_path, tmp_path / "state"), Account()
    stage.environment |= disk.environment
    try:
        stage.start()
        write_many(account, stage.smtp_port, [f"before-{n}" for n in range(8)])
        taken = len(account.acknowledged)

        disk.order(Order.NO_ROOM)
        dovecot.add("full-disk", mail_of("by-imap"))
        write_many(account, stage.smtp_port, [f"during-{n}" for n in range(8)])
        refused = len(account.refused)
        wait_for(lambda: "No space" in stage.log() or "disk" in stage.log(), "nobody says so")
        flags = dovecot.flags("full-disk")
        disk.order(Order.NOTHING)
        started = time.monotonic()
        wait_for(lambda: write(account, stage.smtp_port, "after"), "nothing is taken again")
        recovery = time.monotonic() - started
        wait_for(lambda: any(dovecot.flags("full-disk")), "the mailbox is not read again")
        stage.settled()
        customers = {ticket["customer"]["address"] for ticket in stage.tickets()}
        stage.kill()
    finally:
        stage.close()
    left = found_in(stage.folder / "state" / "maild.db")

    missing = account.acknowledged.keys() - left.journalled
    figures(refused=refused, lost=len(missing), recovery_seconds=recovery)
    assert (taken, refused, len(account.acknowledged)) == (8, 8, 9)
    assert account.codes == {452}
    assert flags == [set()]
    assert (missing, left.is_sound, left.halves) == (set(), True, 0)
    assert "by-imap@customer.example" in customers
