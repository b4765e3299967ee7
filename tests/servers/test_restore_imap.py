"""After a restore the IMAP server has what came since: it comes in again, and once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from maild.cli.verify_online import servers
from maild.core.token import Keys
from maild.now import utc_now
from maild.settings import ImapSettings, Settings
from maild.store import archive, backup, restore
from maild.store.finding import Finding
from maild.store.restore import Wish
from tests.intake.imap_bench import Store, mail, opened_store, polling
from tests.needs import needs
from tests.servers.dovecot import Dovecot, running_dovecot, wait_until

pytestmark = [needs("root", "dovecot"), pytest.mark.servers]

KEYS = Keys(current=1, by_id={1: bytes(range(32))})
LONG_AGO = '"01-Mar-2026 12:00:00 +0000"'


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    yield from running_dovecot()


def silent(_words: str) -> None:
    """Nobody listens."""


def compared(store: Store, settings: ImapSettings) -> list[Finding]:
    known = cast("Settings", SimpleNamespace(imap=(settings,), oauth=()))
    return list(servers(known, store.database, silent))


def restored(file: Path, folder: Path, store: Store) -> Any:
    (folder / "secret").write_text(f"1 {KEYS.by_id[1].hex()}\n")
    (folder / "secret").chmod(0o600)
    wish = Wish(secret_file=folder / "secret", work_dir=folder, gap=100)
    return restore.bring_back(file, store.database, wish, utc_now(), silent)


def test_what_came_since_the_backup_comes_in_again_and_once(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    settings = dovecot.settings("back", since="all", idle=False, poll_seconds=1)
    file, there = tmp_path / "backup", tmp_path / "there"
    there.mkdir()
    dovecot.add("back", *(mail(n) for n in range(5)), date=LONG_AGO)
    with opened_store(tmp_path) as store:
        with polling(store.desk(), settings):
            wait_until(lambda: store.confirmed("back") == 5, "the first mails were not taken")
        about = backup.About(house="x", keys=KEYS)
        backup.make(store.database, file, about, utc_now(), silent)
        dovecot.add("back", *(mail(n) for n in range(5, 8)), date=LONG_AGO)
        late = compared(store, settings)
        with polling(store.desk(), settings):
            wait_until(lambda: store.confirmed("back") == 8, "the later mails were not taken")
        equal = compared(store, settings)
        before = store.raws("back")

    with opened_store(there) as again:
        restored(file, there, again)
        behind = compared(again, settings)
        with polling(again.desk(), settings):
            wait_until(lambda: again.confirmed("back") == 8, "the lost mails did not come again")
        raws, doubled = again.raws("back"), again.doubled("back")
        after = compared(again, settings)
    print(
        f"\nmails on the server since the backup: 3, in again: {len(raws) - 5}, twice: {doubled}"
    )

    assert archive.unpack(file, tmp_path / "rows")[0].counts["ledger"] == 5
    assert sorted(raws) == sorted(before)
    assert doubled == 0
    assert [len(late), len(equal), len(behind), len(after)] == [3, 0, 3, 0]
    assert "lies on the server, not in the ledger" in late[0].text
    assert not late[0].is_note


def test_a_server_that_is_away_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    settings = dovecot.settings("away", since="all", idle=False, poll_seconds=1)
    dovecot.add("away", mail(1))
    with opened_store(tmp_path) as store:
        first = compared(store, settings)
        with polling(store.desk(), settings):
            wait_until(lambda: store.confirmed("away") == 1, "the mail was not taken")
        away = compared(store, dovecot.settings("away", port=1))

    assert [one.text for one in first] == ["was never read by a daemon"]
    assert len(away) == 1
    assert away[0].text.startswith("cannot be compared")
    assert not away[0].is_note
