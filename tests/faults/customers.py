"""Customers who write by SMTP and keep account of what was acknowledged, and when."""

from __future__ import annotations

import hashlib
import smtplib
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

SUPPORT = "support@example.com"
AT_THE_DOOR = "at the door"
"""No connection, or no greeting."""


@dataclass(kw_only=True)
class Account:
    """What customers were told."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    """The moment of the 250, as `clock` tells it, by SHA-256."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    clock: Callable[[], int] = lambda: 0
    patience_seconds: float = 60
    """So long they wait for an answer; mail servers wait ten minutes (RFC 5321 §4.5.3.2.6)."""

    @property
    def codes(self) -> set[int]:
        """Every code that a refusal came with; 0 for a connection that ended."""
        return {code for code, _ in self.refused}


def mail_of(name: str) -> bytes:
    """Return a mail of a new customer's."""
    return (
        f"From: <{name}@customer.example>\r\nTo: <{SUPPORT}>\r\nSubject: Mail {name}\r\n"
        f"Message-ID: <{name}@customer.example>\r\n\r\nWords of {name}.\r\n"
    ).encode()


def write(account: Account, port: int, name: str) -> bool:
    """Send one mail on a connection of its own, once; return whether it was acknowledged."""
    raw, step = mail_of(name), AT_THE_DOOR
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=account.patience_seconds) as client:
            step = "inside"
            client.sendmail(f"{name}@customer.example", [SUPPORT], raw)
    except smtplib.SMTPResponseException as error:
        account.refused.append((error.smtp_code, str(error.smtp_error)))
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        account.refused.append((code, words.decode()))
    except (OSError, smtplib.SMTPException) as error:
        account.refused.append((0, f"{step}: {error!r}"))
    else:
        account.acknowledged[hashlib.sha256(raw).hexdigest()] = account.clock()
        return True
    return False


def write_many(account: Account, port: int, names: list[str], *, sessions: int = 4) -> None:
    """Send a mail for each name, several at a time; return when all were tried once."""
    waiting = list(reversed(names))

    def work() -> None:
        while True:
            try:
                name = waiting.pop()
            except IndexError:
                return
            write(account, port, name)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * account.patience_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a database file holds after a fault."""

    journalled: frozenset[str] = frozenset()
    is_sound: bool = False
    halves: int = 0
    """Mails without all of their bytes, and posted mails without a post."""


def found_in(database: Path) -> Found:
    """Read a database as whoever starts next would; an unreadable one holds nothing."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            return _read(connection)
    except sqlite3.DatabaseError:
        return Found()


def _read(connection: sqlite3.Connection) -> Found:
    sound = [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
    keys = connection.execute("PRAGMA foreign_key_check").fetchall()
    bytes_missing = connection.execute(
        "SELECT count(*) FROM journal LEFT JOIN blob ON blob.id = journal.blob_id WHERE"
        " coalesce(blob.chunks, -1) <> (SELECT count(*) FROM blob_chunk WHERE blob_id = blob.id)"
    ).fetchone()[0]
    posts_missing = connection.execute(
        "SELECT count(*) FROM journal WHERE outcome = 'posted'"
        " AND id NOT IN (SELECT journal_id FROM post WHERE journal_id IS NOT NULL)"
    ).fetchone()[0]
    rows = connection.execute("SELECT sha256 FROM journal").fetchall()
    return Found(
        journalled=frozenset(row[0] for row in rows),
        is_sound=sound and not keys,
        halves=bytes_missing + posts_missing,
    )
