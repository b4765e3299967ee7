"""What the journal's writer keeps of a mail while it waits for the next one: nothing."""

from __future__ import annotations

from maild.store.database import Database
from maild.store.writer import Journal
from tests.store.rows import ENVELOPE, NOW
from tests.waiting import watched


def test_a_mail_that_is_durable_is_let_go(database: Database) -> None:
    writer = Journal(database, lambda: NOW)
    raw, gone = watched(b"Subject: Hello\r\n\r\nGood morning.\r\n")
    durable = writer.append(ENVELOPE, raw)
    del raw

    assert durable.result(30)

    assert gone.wait(30)
    writer.close()
