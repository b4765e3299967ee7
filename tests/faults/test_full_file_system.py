"""A file system that is really full: a small one of memory, filled up beside the daemon (T-C07).

What `test_disk_full.py` lets each write of the database meet, the kernel does here, to whatever
the daemon writes. First nothing is free and the listener knows; then a little is, and it does not.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.customers import Account, found_in, write, write_many
from tests.flows.stage import Stage, wait_for
from tests.needs import needs

pytestmark = [needs("root", "mount"), pytest.mark.servers, pytest.mark.timeout(240)]
SIZE_BYTES = 16 * 1024 * 1024
LEFT_BYTES = 8 * 1024
"""More than the listener asks for, and less than a mail takes."""
MAILS_MAX = 400
"""Some fit into what the database has already."""
HERE = Path(__file__).parent
LITTLE = '[limits]\ndisk_free = "1B"\n'
CONFIG = (
    (HERE / "config.toml")
    .read_text(encoding="utf-8")
    .replace("[limits]\n", LITTLE)
    .replace("[smtp]\n", '[smtp]\nmax_size = "4KiB"\n')
)


@contextmanager
def small(folder: Path) -> Iterator[Path]:
    """Mount a file system of memory."""
    folder.mkdir()
    options = f"size={SIZE_BYTES},mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "maild", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(file: Path, left: int) -> None:
    """Take all room but so many bytes."""
    with file.open("ab", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            stream.truncate(file.stat().st_size - left)


def test_a_full_file_system_takes_nothing_and_room_is_used_at_once(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    stage, account = Stage(tmp_path, CONFIG), Account()
    with small(tmp_path / "state") as state:
        try:
            stage.start()
            write_many(account, stage.smtp_port, [f"before-{n}" for n in range(8)])
            stage.settled()
            fill(state / "filler", 0)
            write_many(account, stage.smtp_port, [f"full-{n}" for n in range(8)])
            known = [words for _, words in account.refused]
            fill(state / "filler", LEFT_BYTES)
            for n in range(MAILS_MAX):
                if not write(account, stage.smtp_port, f"nearly-{n}"):
                    break
            unknown = [words for _, words in account.refused][len(known) :]
            (state / "filler").unlink()
            started = time.monotonic()
            wait_for(lambda: write(account, stage.smtp_port, "after"), "nothing is taken again")
            recovery = time.monotonic() - started
            stage.settled()
            stage.kill()
        finally:
            stage.close()
        left = found_in(state / "maild.db")

    missing = account.acknowledged.keys() - left.journalled
    figures(
        refused_beforehand=len(known),
        refused_by_the_kernel=len(unknown),
        acknowledged=len(account.acknowledged),
        lost=len(missing),
        recovery_seconds=recovery,
    )
    assert (len(known), bool(unknown)) == (8, True)
    assert account.codes == {452}
    assert (missing, left.is_sound, left.halves) == (set(), True, 0)
