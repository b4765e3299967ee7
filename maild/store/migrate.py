"""Bring a database to this version's schema, and refuse one that this version cannot read.

Strategy: a schema names the oldest maild that may use it (`OLDEST` in its migration, else the
first), and the database carries that name, so that a version which does not know a newer schema
can tell whether it may work with it. Migrations add first and take away later ("expand before
contract"): while an older node lives that the new schema would break, it is not made.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from maild import __version__
from maild.errors import ConfigError, NotReady, Problem
from maild.log import Event, event
from maild.store import pages, precaution
from maild.store.conflict import replacing
from maild.store.database import Database
from maild.store.nodes import NodeRow
from maild.store.tables import Meta, metadata

OLDEST = "schema.oldest"
"""Row of the table `meta`: the oldest version of maild that may use these tables."""
FIRST = "0.1.0"
ALIVE = timedelta(seconds=45)
"""A node that was seen so recently may still work; it shows itself every ten seconds."""
_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6D61696C64  # "maild": the PostgreSQL advisory lock of a migration
_META = metadata.tables[Meta.__tablename__]
_NODE = metadata.tables[NodeRow.__tablename__]


def migrate(database: Database, version: str = __version__, *, copies: bool = True) -> str:
    """Apply what is missing, all of it or nothing; return the schema's revision.

    Raises `ConfigError` when the database was written by a newer maild that this `version` cannot
    stand beside, or is damaged; `NotReady` while a node lives that the new tables would break. An
    SQLite file is copied first if `copies`. Several nodes may start at once: one migrates, the
    others wait.
    """
    config = _config()
    pages.check(database)
    found = revision(database)
    if not _is_known(config, found):
        _refuse_unreadable(database, found, version)
        return found
    if found == _head(config):
        return found
    aside: Path | None = None
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _revision_in(connection)
        if found and found != _head(config):
            _refuse_old_nodes(connection, _oldest(config))
            aside = precaution.copy(database, found, datetime.now(UTC)) if copies else None
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        row = {"name": OLDEST, "value": _oldest(config)}
        connection.execute(replacing(connection, _META, "name"), row)
    if found and found != _head(config):
        event(Event.STORE_MIGRATED, before=found, now=_head(config), copy=aside or "none")
    return _head(config)


def ready(database: Database, version: str = __version__) -> None:
    """See to it that a command may use the tables, and change none of a house that lives.

    An empty database gets its tables. Raises `NotReady` when the daemon has to bring them up to
    date first, and `ConfigError` as `migrate` does.
    """
    config = _config()
    found = revision(database)
    if not found:
        migrate(database, version)
    elif not _is_known(config, found):
        _refuse_unreadable(database, found, version)
    elif found != _head(config):
        raise NotReady(
            f"the database has schema {found}, this maild has {_head(config)}: "
            "start the daemon (maild run), which copies it and brings it up to date"
        )


def revision(database: Database) -> str:
    """Return the revision that a database is at; empty for an empty database."""
    with database.read() as connection:
        return _revision_in(connection)


def newest() -> str:
    """Return the revision of this version's schema."""
    return _head(_config())


def _revision_in(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def _head(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def _is_known(config: Config, found: str) -> bool:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    return not found or found in known


def _oldest(config: Config) -> str:
    """Return the oldest version that may use the newest schema: the highest that one names."""
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    named = [getattr(script.module, "OLDEST", FIRST) for script in scripts]
    return max(named, key=_rank)


def _refuse_unreadable(database: Database, found: str, version: str) -> None:
    with database.read() as connection:
        oldest = connection.execute(
            _META.select().with_only_columns(_META.c.value).where(_META.c.name == OLDEST)
        ).scalar_one_or_none()
    if oldest is not None and _rank(version) >= _rank(oldest):
        return
    needed = f"maild {oldest} or later" if oldest else "the maild that wrote it"
    words = (
        f"the database has schema {found}, which maild {version} does not know: it needs {needed}"
        "; to go back, use the copy that was made before the upgrade, or maild restore"
    )
    raise ConfigError((Problem(file="[database] url", line=0, text=words),))


def _refuse_old_nodes(connection: Connection, oldest: str) -> None:
    """Nodes that the new tables would break are stopped by somebody first."""
    since = datetime.now(UTC) - ALIVE
    rows = connection.execute(_NODE.select().where(_NODE.c.seen_at > since)).mappings()
    old = [f"{row['name']} ({row['version']})" for row in rows if _is_older(row, oldest)]
    if old:
        raise NotReady(f"the new tables need maild {oldest}; stop first: {', '.join(old)}")


def _is_older(row: object, oldest: str) -> bool:
    return _rank(row["version"]) < _rank(oldest)  # type: ignore[index]


def _rank(version: str) -> tuple[int, ...]:
    """Order versions by their numbers; what is none counts as the lowest."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
