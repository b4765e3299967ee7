"""A house with everything in it: mail in and out, a file, a ledger, deadlines, held mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from maild import handle, reading
from maild.core.mail import Envelope, Source
from maild.delivery import Delivery
from maild.furnish import read_options_of
from maild.now import utc_now
from maild.settings import load
from maild.store import journal, rows
from maild.store.database import Database
from maild.store.finding import Finding
from maild.store.writer import Journal, LedgerKey
from maild.verify import everything
from tests.needs import ROOT
from tests.ontime.office import CONFIG, STANDARD, Desk

LETTER = """\
From: Carla <carla{n}@customer.example>\r
To: support@example.com\r
Subject: The printer number {n} smokes\r
Message-ID: <carla{n}@customer.example>\r
Date: Mon, 02 Mar 2026 09:00:00 +0000\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary="b"\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
It smokes, and smells of toast. {words}\r
--b\r
Content-Type: text/plain\r
Content-Disposition: attachment; filename="log.txt"\r
\r
line by line by line\r
--b--\r
"""


class House(Desk):
    """A desk at which real mail arrives, and from which mail is sent."""

    def __init__(self, folder: Path, url: str = "") -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, CONFIG + STANDARD, url)
        self.now = utc_now()
        shipped = ("30-acknowledge", "40-notify", "50-deadlines")
        rules = (ROOT / "rules" / f"{name}.toml" for name in shipped)
        self.use(CONFIG + STANDARD, "\n".join(rule.read_text() for rule in rules))

    def receives(self, n: int, words: str = "", ledger: LedgerKey | None = None) -> int:
        """Let a mail come in and be handled; return its journal id."""
        number = self.journals(n, words, ledger)
        known = load(self.folder / "config.toml", environ={})
        claimed = journal.load(self.database, [number])[0]
        options = read_options_of(known, self.office.renderer)
        mail = reading.read(claimed.raw, claimed.envelope, options)
        handle.mails(self.office, [(claimed, mail)])
        return number

    def journals(self, n: int, words: str = "", ledger: LedgerKey | None = None) -> int:
        """Let a mail come in, and wait to be handled."""
        raw = LETTER.format(n=n, words=words).encode()
        envelope = Envelope(
            mail_from=f"carla{n}@customer.example",
            rcpt_to=("support@example.com",),
            source=Source.IMAP if ledger else Source.PIPE,
            mailbox="Support" if ledger else "",
        )
        writer = Journal(self.database, lambda: self.now)
        try:
            return writer.append(envelope, raw, ledger).result(30)
        finally:
            writer.close()

    def sends(self) -> int:
        """Send what is due; return how many mails were tried."""
        return Delivery(lambda: self.office, "node", "host.example").step()

    def fills(self, count: int = 3) -> None:
        """Let some life happen."""
        for n in range(count):
            self.receives(n)
        self.receives(count, ledger=_ledger(count + 1))
        self.receives(count + 1, "x" * 1_300_000, ledger=_ledger(count + 2))
        self.sends()
        self.answers(1)
        self.sends()
        self.sets(2, "priority=high")
        while self.alarm.plan():
            pass

    def findings(self) -> list[Finding]:
        """Look at everything."""
        return list(everything(self.office, lambda _words: None))


def _ledger(uid: int) -> LedgerKey:
    return LedgerKey(mailbox="Support", folder="INBOX", uidvalidity=7, uid=uid)


@contextmanager
def house_in(folder: Path, url: str = "") -> Iterator[House]:
    """Give a house, and take it away."""
    house = House(folder, url)
    try:
        yield house
    finally:
        house.database.close()


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table, in the order of their keys."""
    with database.read() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in rows.TABLES
        }
