"""What `maild check` says about the database that is there: whether nothing goes out."""

from __future__ import annotations

from pathlib import Path

from maild.errors import MaildError
from maild.settings import Settings
from maild.store import hold
from maild.store.database import open_database
from maild.store.migrate import newest, revision


def told(known: Settings, *, online: bool) -> list[str]:
    """Return a line where outbound mail is held, or where the tables wait for a migration.

    A server is asked only `online`; a file that is not there is not made.
    """
    scheme, _, place = known.database_url.partition("///")
    is_file = scheme.startswith("sqlite")
    if is_file and not Path(place).is_file():
        return []
    if not is_file and not online:
        return []
    try:
        return _asked(known.database_url)
    except MaildError as error:
        return [f"database: {error}"]


def _asked(url: str) -> list[str]:
    database = open_database(url)
    try:
        found = revision(database)
        if not found:
            return []
        if found != newest():
            return [f"database: has schema {found}; this maild has {newest()}"]
        with database.read() as connection:
            why = hold.held(connection)
    finally:
        database.engine.dispose()
    return [f"outbound: held ({why}): maild outbox release"] if why else []
