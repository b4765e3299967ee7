"""A database that holds many tickets already: what a mail costs in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_COUNTED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
_FILL = (
    """INSERT INTO customer (id, address, name, language, segment, segment_from, organisation,
    account_manager, notes, verified, created_at)
SELECT i, 'old' || i || '@load.example', '', 'en', '', '', '', '', '', 0, :now FROM n
WHERE i <= :count / 5 + 1""",
    """INSERT INTO ticket (id, version, subject, state, queue, priority, tier, assignee, tags,
    language, mailbox, customer_id, created_at, updated_at)
SELECT i, 1, 'Help', CASE WHEN i % 10 THEN 'closed' ELSE 'open' END, 'support', 'normal', 1, '',
    '[]', 'en', 'Bench', i % (:count / 5) + 1, :now, :now FROM n""",
    """INSERT INTO post (ticket_id, n, kind, author, author_name, at, text, reply_text, html,
    language, message_id, thread_index, trust)
SELECT i, 1, 'customer', 'old@load.example', '', :now, 'The printer smokes.', '', '', 'en',
    'old' || i || '@load.example', '', 'E1' FROM n""",
    """INSERT INTO event (ticket_id, at, kind, actor, data)
SELECT i, :now, 'ticket.created', 'old@load.example', '{}' FROM n""",
)


def fill(database: Path, tickets: int) -> None:
    """Put so many tickets into an SQLite file of ours, each with a post and an event."""
    values = {"count": tickets, "now": "2026-01-02 03:04:05.000000"}
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for statement in _FILL:
            head, _, rest = statement.partition("SELECT")
            connection.execute(f"{_COUNTED} {head} SELECT {rest}", values)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
