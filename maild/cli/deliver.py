"""`maild deliver`: mail on standard input, as an MTA's pipe transport hands it over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from maild import log, settings
from maild.core.mail import Envelope
from maild.errors import ConfigError, TemporaryError
from maild.intake import pipe
from maild.now import utc_now
from maild.store import pages
from maild.store.database import open_database
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
    except ConfigError as error:
        raise TemporaryError(str(error)) from error
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
