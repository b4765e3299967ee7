"""`maild deliver`: mail on standard input, as an MTA's pipe transport hands it over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from maild import log, settings
from maild.core import address
from maild.core.mail import Envelope
from maild.errors import ConfigError, TemporaryError
from maild.intake import pipe
from maild.now import utc_now
from maild.settings import Settings
from maild.store import nodes, pages
from maild.store.database import Database, open_database
from maild.store.migrate import ready
from maild.store.writer import Journal


def deliver(config: Path | None, to: list[str], sender: str) -> None:
    """Journal one mail durably; errors say whether to try again.

    Whatever is wrong with the house is no reason to send a customer's mail back: a mistake in a
    file or a broken database asks for another try, as a busy one does.
    """
    log.configure(environment=os.environ, level=log.Level.WARNING)
    try:
        known = settings.load(config, environ=os.environ)
        database = open_database(known.database_url)
        ready(database)
        pages.refuse_marked(database)
        _refuse_early(known, database, to)
    except ConfigError as error:
        raise TemporaryError(str(error)) from error
    except TemporaryError:
        raise
    except Exception as error:  # the mail stays with the MTA
        raise TemporaryError(f"the database cannot be used: {error}") from error
    journal = Journal(database, utc_now)
    try:
        envelope = Envelope(mail_from=sender, rcpt_to=tuple(to))
        pipe.deliver(
            journal, sys.stdin.buffer, envelope=envelope, house=known.house, limits=known.limits
        )
    finally:
        journal.close()
        database.close()


def _refuse_early(known: Settings, database: Database, to: list[str]) -> None:
    """Leave mail for a mailbox outside while a daemon works with older settings."""
    found = (address.recipient(one, known.house) for one in to)
    places = {box.address: box.mailbox.name for box in found if box is not None}
    with database.read() as connection:
        early = nodes.unaware(connection, places, utc_now())
    if early:
        names = ", ".join(f"{one} of the mailbox {places[one]}" for one in early)
        raise TemporaryError(f"a daemon runs that does not know {names} yet: reload it")
