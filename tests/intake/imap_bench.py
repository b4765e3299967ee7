"""What the tests of IMAP intake share: a store, a poller that is ended, and plain mails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from maild.intake.imap import ImapIntake, Rhythm
from maild.intake.imap_folder import Desk, Step
from maild.intake.imap_session import Waits
from maild.settings import ImapSettings
from maild.store.database import Database, open_database
from maild.store.journal import raw_mail
from maild.store.ledger import Ledger
from maild.store.migrate import migrate
from maild.store.tables import JournalRow, LedgerRow, metadata
from maild.store.writer import Journal

JOURNAL = metadata.tables[JournalRow.__tablename__]
LEDGER = metadata.tables[LedgerRow.__tablename__]
QUICK = Rhythm(
    waits=Waits(connect=3, read=3, command=10),
    idle=2,
    quiet=0.02,
    retry_min=0.05,
    retry_max=0.5,
    refused_min=0.2,
    steady=60,
)


class Store:
    """An open store in a folder, with what was journalled for each mailbox."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.journal = Journal(database, _now)
        self.ledger = Ledger(database, _now)

    def desk(
        self, bytes_max: int = 25 * 1024 * 1024, on_step: Callable[[Step], None] | None = None
    ) -> Desk:
        return Desk(
            journal=self.journal,
            ledger=self.ledger,
            mail_bytes_max=bytes_max,
            on_step=on_step or (lambda _step: None),
        )

    def journalled(self, mailbox: str) -> int:
        """How many journal rows a mailbox has."""
        with self.database.read() as connection:
            found: int = connection.execute(
                select(func.count()).select_from(JOURNAL).where(JOURNAL.c.mailbox == mailbox)
            ).scalar_one()
        return found

    def doubled(self, mailbox: str) -> int:
        """How many journal rows have bytes that another row of the mailbox has, too."""
        with self.database.read() as connection:
            different: int = connection.execute(
                select(func.count(JOURNAL.c.sha256.distinct())).where(JOURNAL.c.mailbox == mailbox)
            ).scalar_one()
        return self.journalled(mailbox) - different

    def confirmed(self, mailbox: str) -> int:
        """How many entries the server has confirmed."""
        with self.database.read() as connection:
            found: int = connection.execute(
                select(func.count())
                .select_from(LEDGER)
                .where(LEDGER.c.mailbox == mailbox, LEDGER.c.after_done)
            ).scalar_one()
        return found

    def received(self, mailbox: str) -> list[datetime]:
        """When each mail of a mailbox became durable, in order."""
        with self.database.read() as connection:
            return list(
                connection.execute(
                    select(JOURNAL.c.received_at)
                    .where(JOURNAL.c.mailbox == mailbox)
                    .order_by(JOURNAL.c.id)
                ).scalars()
            )

    def raws(self, mailbox: str) -> list[bytes]:
        """The bytes of each mail of a mailbox, in order."""
        with self.database.read() as connection:
            ids = connection.execute(
                select(JOURNAL.c.id).where(JOURNAL.c.mailbox == mailbox).order_by(JOURNAL.c.id)
            ).scalars()
            return [raw_mail(connection, journal_id) for journal_id in ids.all()]

    def passed_over(self, mailbox: str) -> list[str]:
        with self.database.read() as connection:
            return list(
                connection.execute(
                    select(LEDGER.c.passed_over).where(
                        LEDGER.c.mailbox == mailbox, LEDGER.c.passed_over != ""
                    )
                ).scalars()
            )


@contextlib.contextmanager
def opened_store(folder: Path) -> Iterator[Store]:
    database = open_database(f"sqlite:///{folder}/maild.sqlite")
    migrate(database)
    store = Store(database)
    try:
        yield store
    finally:
        store.journal.close()
        database.close()


@contextlib.contextmanager
def polling(desk: Desk, *settings: ImapSettings, rhythm: Rhythm = QUICK) -> Iterator[ImapIntake]:
    """Poll mailboxes while the block runs; their threads must end in time."""
    intake = ImapIntake(settings, desk, rhythm)
    intake.start()
    try:
        yield intake
    finally:
        assert intake.stop(5), "a mailbox did not end"


def mail(number: int, size: int = 0) -> bytes:
    """A mail that no other number has."""
    head = (
        f"From: Customer {number} <c{number}@example.org>\r\nTo: support@example.com\r\n"
        f"Subject: question {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\n"
    )
    return (head + "x" * 70 + "\r\n" * (1 + size // 72)).encode() + b"y" * 70 * (size // 72)


def _now() -> datetime:
    return datetime.now(UTC)
