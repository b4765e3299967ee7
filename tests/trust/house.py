"""A house in memory: raw mails go through the real reader, look-up, decision and commit.

Nothing is replaced: the shipped rules and templates, the schema, the tokens of the real mails.
Only the clock stands still, until a test moves it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from maild import handle, reading, settings
from maild.app import Files, files_of, office_of, read_options_of
from maild.core.decision import Decision
from maild.core.house import House
from maild.core.mail import Envelope, Source
from maild.core.snapshot import Arrival, Snapshot
from maild.handle import Handled
from maild.outbox.pieces import assemble, unpack
from maild.store import journal, listing, outbox
from maild.store.writer import Journal
from tests import schema
from tests.core.scenes import HOUSE, KEYS, NOW

LMTP = Envelope(
    mail_from="sender@client.example", rcpt_to=("support@co.example",), source=Source.LMTP
)
"""Brought by our own boundary, whose Authentication-Results are believed."""


class InMemory:
    """One house with its database; `now` may be moved."""

    def __init__(self, house: House = HOUSE, now: datetime = NOW) -> None:
        self.now = now
        self.database = schema.opened("sqlite://")
        config = replace(settings.defaults(Path(gettempdir(), "maild-unused")), house=house)
        office = office_of(config, self.database, KEYS, _files(house))
        self.office = replace(office, now=lambda: self.now)
        self.options = read_options_of(config, office.renderer)
        self.sent: list[EmailMessage] = []
        self.raw_sent: list[bytes] = []

    def close(self) -> None:
        self.database.close()

    def decide(self, raw: bytes, envelope: Envelope = LMTP) -> Decision:
        """Say what would be done with a mail; nothing is."""
        return self.look(raw, envelope)[1]

    def look(self, raw: bytes, envelope: Envelope = LMTP) -> tuple[Snapshot, Decision]:
        arrival = Arrival(
            journal_id=0,
            mail=reading.read(raw, envelope, self.options),
            envelope=envelope,
            received_at=self.now,
        )
        with self.database.read() as connection:
            return handle.look(connection, self.office, arrival)

    def receive(self, *mails: bytes, envelope: Envelope = LMTP) -> tuple[Handled, ...]:
        """Journal mails and handle them as one batch; what we write is in `sent` then."""
        writer = Journal(self.database, lambda: self.now)
        ids = [writer.append(envelope, raw) for raw in mails]
        writer.close()
        return self.handle(*(future.result(0) for future in ids))

    def line(self) -> tuple[Handled, ...]:
        """Handle what is due in the journal: what was put back or released."""
        claimed = journal.claim(self.database, "test", self.now, 50)
        return self.handle(*(one.id for one in claimed))

    def handle(self, *ids: int) -> tuple[Handled, ...]:
        """Handle journalled mails as one batch."""
        claimed = journal.load(self.database, list(ids))
        items = [(c, reading.read(c.raw, c.envelope, self.options)) for c in claimed]
        handled = handle.mails(self.office, items)
        self._collect()
        return handled

    def to(self, recipient: str) -> list[EmailMessage]:
        """Return every mail of ours to somebody, oldest first."""
        return [mail for mail in self.sent if mail["X-Recipient"] == recipient]

    def ticket(self, number: int) -> dict[str, object]:
        with self.database.read() as connection:
            return listing.ticket_story(connection, self.office.world.house, number)

    def tickets(self) -> Sequence[dict[str, object]]:
        with self.database.read() as connection:
            return listing.ticket_list(connection, self.office.world.house)

    def _collect(self) -> None:
        """Read the new mails of the outbox; each is marked with whom it goes to."""
        for mail in outbox.claim(self.database, "test", self.now, 10_000):
            with self.database.read() as connection:
                pieces = unpack(mail.literal, mail.pieces)
                raw = assemble(pieces, lambda n: journal.raw_mail(connection, n))
            message = message_from_bytes(raw, policy=policy.default)
            assert isinstance(message, EmailMessage)
            message["X-Recipient"] = mail.recipient
            self.raw_sent.append(raw)
            self.sent.append(message)


def letter(
    sender: str, to: str, text: str = "It smokes.", *fields: str, subject: str = ""
) -> bytes:
    """Write a raw mail as LMTP brings it; `fields` stand at the top, as our boundary adds them."""
    lines = (
        *fields,
        "Received: from client.example by mx.co.example; Mon, 2 Mar 2026 08:59:00 +0000",
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject or 'The printer smokes'}",
        "Date: Mon, 2 Mar 2026 08:58:00 +0000",
        "Message-ID: <@ID@>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
        "",
    )
    raw = "\r\n".join(lines).encode("utf-8", "surrogateescape")
    return raw.replace(b"@ID@", f"{zlib.crc32(raw):08x}{len(raw):x}@client.example".encode())


def proven(domain: str, result: str = "pass") -> str:
    """The field that our boundary writes about a From domain."""
    return f"Authentication-Results: mx.co.example; dmarc={result} header.from={domain}"


@cache
def _files(house: House) -> Files:
    """Rules and templates, read once for all tests of a house."""
    unused = settings.defaults(Path(gettempdir(), "maild-unused"))
    return files_of(replace(unused, house=house))
