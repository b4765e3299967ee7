"""The migrations themselves: what they are called, what they ask for, and their run [alembic].

Loaded only where a schema is changed: a start that finds its tables as they should be never
needs Alembic, which is a tenth of all that a start would load.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def to_head(folder: Path, connection: Connection) -> None:
    """Bring a database to the newest schema, inside the transaction that is given."""
    config = _config(folder)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def named_by(folder: Path, name: str) -> dict[str, str]:
    """Return the text of that name in each migration, by its revision; empty where it has none."""
    scripts = ScriptDirectory.from_config(_config(folder)).walk_revisions()
    return {script.revision: getattr(script.module, name, "") for script in scripts}


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
