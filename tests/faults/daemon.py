"""A daemon that is told to be different: `python tests/faults/daemon.py HOW --config FILE run`.

`careless` does not wait for the disk (`synchronous=NORMAL`): the control that must lose mail.
`impatient` holds its database for silent after three seconds instead of sixty, writes to it each
second, lets clients wait for two and its end last four, and hangs for twelve seconds when it is told to (SIGUSR1).
`hasty` waits two seconds for a locked database instead of thirty.
"""

from __future__ import annotations

import signal
import sys
import time
from datetime import timedelta

from maild import app, vitals
from maild.cli.main import main
from maild.intake import smtp_reception
from maild.store import database

_prepared = database._prepare


def _careless(connection: object, _record: object) -> None:
    _prepared(connection, _record)
    connection.execute("PRAGMA synchronous=NORMAL")  # type: ignore[attr-defined]


def _believe(database: database.Database) -> None:
    """Ask nothing back."""


def become(how: str) -> None:
    """Change this process; nothing of the program is changed on the disk."""
    if how == "careless":
        database._prepare = _careless
        database._assert_durable_file = _believe
    if how in ("hasty", "impatient"):
        database.BUSY_TIMEOUT_SECONDS = 2
    if how == "impatient":
        vitals.SILENT_SECONDS = 3
        vitals.TOLD_SECONDS = smtp_reception.COMMIT_SECONDS = 2
        vitals.LOOK_SECONDS = 1
        vitals.END_SECONDS = 4
        app.BEAT = timedelta(seconds=1)
        signal.signal(signal.SIGUSR1, lambda *_: time.sleep(12))


if __name__ == "__main__":
    become(sys.argv.pop(1))
    main()
