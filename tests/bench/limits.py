"""What the machine itself allows, measured in the same run as maild."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path


def sqlite_rate(folder: Path, mails_each: int, transactions: int) -> float:
    """Mails a second that plain SQLite makes durable: WAL, FULL, two rows each."""
    connection = sqlite3.connect(folder / f"limit{mails_each}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE one (id INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("CREATE TABLE two (id INTEGER PRIMARY KEY, data BLOB)")
    data = os.urandom(3000)
    start = time.perf_counter()
    for _ in range(transactions):
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(mails_each):
            connection.execute("INSERT INTO one (text) VALUES ('ticket')")
            connection.execute("INSERT INTO two (data) VALUES (?)", (data,))
        connection.execute("COMMIT")
    rate = transactions * mails_each / (time.perf_counter() - start)
    connection.close()
    return rate


def fsync_ms(folder: Path, times: int = 200) -> float:
    """Median time of a write and fdatasync of 4 KiB, in ms."""
    taken = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(times):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - start)
    return sorted(taken)[times // 2] * 1e3
