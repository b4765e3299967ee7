"""Every mail of the corpus through journal and line: each ends, none is lost, and twice is once."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from maild import settings
from maild.core.mail import Envelope, Source
from maild.furnish import office_of, open_store, read_options_of
from maild.now import utc_now
from maild.pipeline import Pipeline
from maild.reader import ReaderPool
from maild.store.database import Database
from maild.store.writer import Journal
from tests.needs import CORPUS, needs

pytestmark = [needs("corpus"), pytest.mark.corpus, pytest.mark.slow, pytest.mark.timeout(600)]
SECONDS_MAX = 300
CONFIG = """
[maild]
name = "Example"
domain = "example.com"
state_dir = "state"

[relay]
url = "maildir:outgoing"

[[mailbox]]
name = "Support"
address = "support@example.com"

[[agent]]
address = "alice@example.com"
name = "Alice"
"""
ENVELOPE = Envelope(
    mail_from="sender@corpus.example", rcpt_to=("support@example.com",), source=Source.PIPE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A journal and the line behind it, in this process."""

    database: Database
    journal: Journal
    pipeline: Pipeline

    def take(self, mails: list[bytes]) -> list[int]:
        """Journal mails, and work until every one has ended; return their journal ids."""
        futures = [self.journal.append(ENVELOPE, mail) for mail in mails]
        ids = [future.result(60) for future in futures]
        deadline = time.monotonic() + SECONDS_MAX
        while self.count("journal", "state IN ('received', 'parsing')"):
            assert time.monotonic() < deadline, "mails are left"
            if not self.pipeline.step():
                time.sleep(0.05)
        return ids

    def count(self, table: str, condition: str = "1 = 1") -> int:
        with self.database.read() as connection:
            found = connection.execute(text(f"SELECT count(*) FROM {table} WHERE {condition}"))
            return int(found.scalar_one())

    def endings(self) -> dict[int, tuple[str, str, str]]:
        """Outcome, reason and SHA-256 by journal id."""
        with self.database.read() as connection:
            rows = connection.execute(text("SELECT id, outcome, reason, sha256 FROM journal"))
            return {row.id: (row.outcome, row.reason, row.sha256) for row in rows}


@contextmanager
def line(folder: Path) -> Iterator[Line]:
    (folder / "config.toml").write_text(CONFIG)
    config = settings.load(folder / "config.toml", environ={})
    database, keys = open_store(config)
    office = office_of(config, database, keys)
    readers = ReaderPool(read_options_of(config, office.renderer), config.runtime)
    journal = Journal(database, utc_now)
    try:
        yield Line(
            database=database,
            journal=journal,
            pipeline=Pipeline(lambda: office, readers, "test"),
        )
    finally:
        readers.close()
        journal.close()
        database.close()


def test_all_mails_end_and_a_second_delivery_changes_nothing(tmp_path: Path) -> None:
    mails = [file.read_bytes() for file in sorted((CORPUS / "eml").rglob("*")) if file.is_file()]
    assert len(mails) >= 492

    with line(tmp_path) as running:
        started = time.monotonic()
        first = running.take(mails)
        seconds = time.monotonic() - started
        endings = running.endings()
        before = {t: running.count(t) for t in ("ticket", "post", "outbox")}
        second = running.take(mails)
        after = {t: running.count(t) for t in ("ticket", "post", "outbox")}
        again = Counter(running.endings()[row][0] for row in second)

    outcomes = Counter(outcome for outcome, _, _ in endings.values())
    print(f"\ncorpus: {len(mails)} mails in {seconds:.1f} s: {dict(outcomes)}, {before}")
    print(f"corpus, second delivery: {dict(again)}, {after}")
    assert set(outcomes) <= {"posted", "held", "ignored"}
    assert not [reason for _, reason, _ in endings.values() if not reason]
    assert not [reason for _, reason, _ in endings.values() if "internal" in reason]
    assert not [reason for _, reason, _ in endings.values() if "reader-failed" in reason]
    assert [endings[row][2] for row in first] == [hashlib.sha256(m).hexdigest() for m in mails]
    assert outcomes["posted"] > 200
    assert after == before
    assert again["posted"] == 0
