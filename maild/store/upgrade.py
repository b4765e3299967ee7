"""The migrations themselves: what they are called, what they ask for, and their run [alembic].

Loaded only where a schema is changed: a start that finds its tables as they should be never
needs Alembic, which is a tenth of all that a start would load.
"""

from __future__ import annotations

import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

ALONE_SECONDS_MAX = 60.0
_ASKED_FOR = "500ms"
"""Shorter than PostgreSQL's `deadlock_timeout` (1 s): a migration gives way before a node is
undone."""
_PAUSE_SECONDS = 0.1
_TIMED_OUT = "57014"
_KEPT = "alembic_version"
"""Read by who only waits for the migration."""


def to_head(folder: Path, connection: Connection) -> None:
    """Bring a database to the newest schema, inside the transaction that is given."""
    config = _config(folder)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def be_alone(connection: Connection) -> None:
    """Take all tables of PostgreSQL, or none and again: a migration meets no node half-way.

    Nodes take tables in many orders, so that whatever a migration's is, they would lock each other
    out. Raises `DBAPIError` when somebody has a table for too long.
    """
    names = [f'"{name}"' for name in inspect(connection).get_table_names() if name != _KEPT]
    until = time.monotonic() + ALONE_SECONDS_MAX
    while True:
        turn = connection.begin_nested()
        try:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_ASKED_FOR}'"))
            connection.execute(text(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"))
        except DBAPIError as error:
            turn.rollback()
            if getattr(error.orig, "sqlstate", "") != _TIMED_OUT or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            connection.execute(text("SET LOCAL statement_timeout = DEFAULT"))
            turn.commit()
            return


def named_by(folder: Path, name: str) -> dict[str, str]:
    """Return the text of that name in each migration, by its revision; empty where it has none."""
    scripts = ScriptDirectory.from_config(_config(folder)).walk_revisions()
    return {script.revision: getattr(script.module, name, "") for script in scripts}


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
