"""A daemon that is told to be different: `python tests/faults/daemon.py HOW --config FILE run`.

`careless` does not wait for the disk (`synchronous=NORMAL`): the control that must lose mail.
`hasty` waits two seconds for a locked database instead of thirty.
"""

from __future__ import annotations

import sys

from maild.cli.main import main
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
    if how == "hasty":
        database.BUSY_TIMEOUT_SECONDS = 2


if __name__ == "__main__":
    become(sys.argv.pop(1))
    main()
