"""`maild check --online`: is everything outside as it must be? Every line says what to do.

Nothing is changed anywhere, and no mail is sent but the probe that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from maild.access import Access
from maild.cli import granting, online_database, online_names, online_probe, online_servers
from maild.cli.looked import Looked, failed
from maild.errors import MaildError, NotAllowed
from maild.settings import Settings
from maild.store.database import Database, open_database
from maild.store.migrate import ready


def everything(known: Settings, selectors: Sequence[str], *, has_probe: bool) -> Iterator[Looked]:
    """Look at everything, a line as soon as it is known; never raises for what others do."""
    clocks = online_servers.Clocks()
    database, access = None, None
    if known.oauth:
        try:
            database, access = _granting(known)
        except MaildError as error:
            yield failed("oauth", f"tokens cannot be had: {error}", "start the daemon once")
    if access is not None:
        access.post = clocks.post
    give = access.token if access else None
    try:
        yield from online_names.names(known, selectors)
        yield from online_servers.tokens(known, access)
        yield from online_servers.mailboxes(known, give)
        yield from online_servers.relays(known, give)
        yield from online_database.server(known)
        yield online_servers.clock(clocks.off)
        yield online_servers.disk(known)
        if has_probe:
            yield from online_probe.probes(known, give)
    finally:
        if database is not None:
            database.close()


def _granting(known: Settings) -> tuple[Database, Access | None]:
    """Open the database for its tokens; a file that is not there is not made."""
    scheme, _, place = known.database_url.partition("///")
    if scheme.startswith("sqlite") and not Path(place).is_file():
        raise NotAllowed(f"there is no database at {place} yet")
    database = open_database(known.database_url)
    try:
        ready(database)
        return database, granting.access_of(known, database)
    except MaildError:
        database.close()
        raise
