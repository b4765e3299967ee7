"""Bring a database to this version's schema, and refuse one that this version cannot read."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from maild.errors import ConfigError, Problem
from maild.store.database import Database

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6D61696C64  # "maild": the PostgreSQL advisory lock of a migration


def migrate(database: Database) -> str:
    """Apply what is missing, all of it or nothing; return the schema's revision.

    Raises `ConfigError` when the database was written by a newer maild. Several nodes may start
    at once: one migrates, the others wait for it.
    """
    config = _config()
    found = revision(database)
    _refuse_newer(config, found)
    if found == _head(config):
        return found
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return _head(config)


def revision(database: Database) -> str:
    """Return the revision that a database is at; empty for an empty database."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def _head(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def _refuse_newer(config: Config, found: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found and found not in known:
        words = f"the database has schema {found}, which this version of maild does not know"
        raise ConfigError((Problem(file="[database] url", line=0, text=words),))
