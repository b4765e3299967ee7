"""Bring a database to this version's schema, and refuse one that this version cannot read.

Strategy: a schema names the oldest maild that may use it (`OLDEST` in its migration, else the
first), and the database carries that name, so that a version which does not know a newer schema
can tell whether it may work with it. Migrations add first and take away later ("expand before
contract"): while an older node lives that the new schema would break, it is not made.
What the schemas are called is told by the names of the migrations' files, so that nothing more is
loaded where there is nothing to do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from maild import __version__
from maild.errors import ConfigError, NotReady, Problem
from maild.log import Event, event
from maild.store import pages, precaution, whereabouts
from maild.store.conflict import replacing
from maild.store.database import Database, translated
from maild.store.nodes import NodeRow
from maild.store.silence import unhurried
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
    is_seen = pages.check(database)
    found = revision(database)
    if not _is_known(found):
        _refuse_unreadable(database, found, version)
    elif found != newest():
        if found and not is_seen:
            pages.check(database, is_whole=True)
        _upgrade(database, copies=copies)
        found = newest()
    database.settle = whereabouts.settle
    return found


def ready(database: Database, version: str = __version__) -> None:
    """See to it that a command may use the tables, and change none of a house that lives.

    An empty database gets its tables. Raises `NotReady` when the daemon has to bring them up to
    date first, and `ConfigError` as `migrate` does.
    """
    database.settle = whereabouts.settle
    found = revision(database)
    if not found:
        migrate(database, version)
    elif not _is_known(found):
        _refuse_unreadable(database, found, version)
    elif found != newest():
        raise NotReady(
            f"the database has schema {found}, this maild has {newest()}: "
            "start the daemon (maild run), which copies it and brings it up to date"
        )


def revision(database: Database) -> str:
    """Return the revision that a database is at; empty for an empty database."""
    with database.read() as connection:
        return _revision_in(connection)


def newest() -> str:
    """Return the revision of this version's schema."""
    return _revisions()[-1]


def _upgrade(database: Database, *, copies: bool) -> None:
    from maild.store import upgrade  # noqa: PLC0415 - most starts find nothing to change

    aside: Path | None = None
    with database.write() as connection:
        unhurried(connection)
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _revision_in(connection)
        named = upgrade.named_by(_FOLDER, "OLDEST").values()
        oldest = max((name or FIRST for name in named), key=_rank)
        if found and found != newest():
            _refuse_old_nodes(connection, oldest)
            if not database.is_sqlite:
                upgrade.be_alone(connection)
            aside = precaution.copy(database, found, datetime.now(UTC)) if copies else None
        _change(connection, found, aside)
        whereabouts.settle(connection)  # A move is seen to by the tables that this version knows.
        row = {"name": OLDEST, "value": oldest}
        connection.execute(replacing(connection, _META, "name"), row)
    if found and found != newest():
        event(Event.STORE_MIGRATED, before=found, now=newest(), copy=aside or "none")


def _change(connection: Connection, found: str, aside: Path | None) -> None:
    """Make the tables; what a migration cannot do now it cannot do later either."""
    from maild.store import upgrade  # noqa: PLC0415 - as above

    try:
        with translated():
            upgrade.to_head(_FOLDER, connection)
    except DBAPIError as error:
        copied = f"; the copy is {aside}" if aside else ""
        words = (
            f"the upgrade from schema {found or 'none'} to {newest()} failed: {error.orig}"
            f"{copied}; nothing was changed"
        )
        raise ConfigError((Problem(file="[database] url", line=0, text=words),)) from error


def _revision_in(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    found = connection.execute(text("SELECT version_num FROM alembic_version"))
    return found.scalar_one_or_none() or ""


def _revisions() -> list[str]:
    """Return the names of all schemas, the newest last: each migration's file begins with its."""
    files = (_FOLDER / "versions").glob("[0-9]*_*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def _is_known(found: str) -> bool:
    return not found or found in _revisions()


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
