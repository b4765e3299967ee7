"""A mailbox on a real Dovecot with many mails in it, and how quickly they become tickets."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.daemon import running
from tests.bench.workload import Letter
from tests.servers.dovecot import PASSWORD, running_dovecot

_MORE = """
[[mailbox]]
name = "Backlog"
address = "backlog@bench.example"

[mailbox.imap]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "backlog"
password_file = "password"
since = "all"
"""


def rate(folder: Path, load: Sequence[Letter]) -> float:
    """Return how many mails a second end, from the first that is fetched to the last."""
    folder.mkdir()
    password = folder / "password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    password.chmod(0o600)
    with contextmanager(running_dovecot)() as server:
        _lay(server.folder / "mail" / "backlog", load)
        with running(folder, more=_MORE.format(port=server.port)) as daemon:
            while (first := daemon.rows("SELECT count(*) FROM journal")) == 0:
                time.sleep(0.005)
            started = time.perf_counter()
            daemon.wait_done(len(load))
            return (len(load) - first) / (time.perf_counter() - started)


def _lay(maildir: Path, load: Sequence[Letter]) -> None:
    """Put mails where the server finds them, without asking it for each."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    for number, letter in enumerate(load):
        place = maildir / "new" / f"{1_700_000_000 + number}.{number}.bench"
        place.write_bytes(letter.raw)
    for place in (maildir, *maildir.rglob("*")):
        shutil.chown(place, "dovecot", "dovecot")
