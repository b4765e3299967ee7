"""`maild check --online`: does the server of the database tell what maild must know of it?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from maild.cli.looked import Looked, failed, ok, warning
from maild.errors import MaildError
from maild.now import utc_now
from maild.settings import Settings
from maild.store import nodes, whereabouts
from maild.store.database import open_database
from maild.store.whereabouts import Place
from maild.timekeeper import APART

_GRANT = {
    "system": "GRANT EXECUTE ON FUNCTION pg_control_system()",
    "timeline": "GRANT EXECUTE ON FUNCTION pg_current_wal_lsn(), pg_walfile_name(pg_lsn)",
}


def server(known: Settings) -> Iterator[Looked]:
    """Look at PostgreSQL; SQLite is on this machine, and is looked at by every start."""
    if known.database_url.startswith("sqlite"):
        return
    try:
        with closing(open_database(known.database_url)) as database, database.read() as connection:
            place, theirs = whereabouts.ask(connection), nodes.clock(connection)
    except MaildError as error:
        yield failed("database", str(error), "look at [database] url, and whether it takes writes")
        return
    yield told(place)
    if theirs is not None:
        yield clock(utc_now() - theirs)


def told(place: Place) -> Looked:
    """Say whether a move of the database would be noticed."""
    absent = [f"{words} TO maild" for name, words in _GRANT.items() if not getattr(place, name)]
    if not absent:
        return ok("database", "it would be noticed if it moved to a standby, or came from a dump")
    words = "the role may not ask where it is: numbers could be given twice after it moved"
    return warning("database", words, "; ".join(absent))


def clock(off: timedelta) -> Looked:
    """Judge how far our clock is from the one that all nodes share."""
    words = f"ours is {off.total_seconds():+.0f} s off the database's"
    if abs(off) > APART:
        todo = "let systemd-timesyncd or chrony set it, here and there"
        return failed("clock of the database", f"{words}: mails wait on other nodes", todo)
    return ok("clock of the database", words)
