"""A house on a real database, and all that lies in it, as a hex editor shows it."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from sqlalchemy import event, text

from maild import settings
from maild.app import Files, files_of, office_of, read_options_of
from maild.store.database import open_database
from maild.store.migrate import migrate
from tests.core.scenes import HOUSE, KEYS, NOW
from tests.trust.house import InMemory


class OnDisk(InMemory):
    """The house of `tests/trust`, with its database where a test wants it."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.url = url
        self.database = open_database(url)
        if self.database.is_sqlite:
            event.listen(self.database.engine, "connect", _leave_residue, insert=True)
            self.database.engine.dispose()
        migrate(self.database)
        config = replace(settings.defaults(Path(gettempdir(), "maild-unused")), house=HOUSE)
        office = office_of(config, self.database, KEYS, _files())
        self.office = replace(office, now=lambda: self.now)
        self.options = read_options_of(config, office.renderer)
        self.sent: list[EmailMessage] = []
        self.raw_sent: list[bytes] = []


def _leave_residue(connection: sqlite3.Connection, _record: object) -> None:
    """Begin as SQLite is by itself; Debian's overwrites what is deleted, whoever asks for it."""
    connection.execute("PRAGMA secure_delete = OFF")


@cache
def _files() -> Files:
    """Rules and templates, read once for all tests."""
    return files_of(settings.defaults(Path(gettempdir(), "maild-unused")))


def hits(house: OnDisk, markers: list[str]) -> set[str]:
    """Return the markers that stand anywhere: in a column, compressed, encoded, or in the files."""
    found: set[str] = set()
    for data in (*_columns(house), *_disk(house)):
        lower = data.lower()
        found |= {one for one in markers if one.lower().encode() in lower}
    return found


def compressed(house: OnDisk, table: str, column: str) -> list[bytes]:
    """Return the compressed bytes of a column: what a search for words cannot see in a file."""
    with house.database.read() as connection:
        rows = connection.execute(text(f'SELECT "{column}" FROM "{table}"')).scalars()
        return [bytes(row)[8:40] for row in rows if len(row) > 40]


def in_files(house: OnDisk, pieces: list[bytes]) -> int:
    """Count how many of these bytes stand in the files of the database."""
    files = list(_disk(house))
    return sum(any(piece in data for data in files) for piece in pieces)


def _columns(house: OnDisk) -> Iterator[bytes]:
    """Every value of every row of every table, as text; bytes also decompressed and decoded."""
    with house.database.read() as connection:
        for table in _tables(house):
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                for value in row:
                    yield from _readings(value)
    if house.database.is_sqlite:
        yield from _terms(house)


def _tables(house: OnDisk) -> list[str]:
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if house.database.is_sqlite
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    with house.database.read() as connection:
        return list(connection.execute(text(asked)).scalars())


def _readings(value: object) -> Iterator[bytes]:
    if not isinstance(value, (bytes, memoryview)):
        yield str(value).encode()
        return
    data = bytes(value)
    yield data
    try:
        plain = zlib.decompress(data)
    except zlib.error:
        return
    yield plain
    mail = message_from_bytes(plain, policy=policy.default)
    yield from (f"{name}: {content}".encode() for name, content in mail.items())
    for part in mail.walk():
        decoded = part.get_payload(decode=True)
        if isinstance(decoded, bytes):
            yield decoded


def _terms(house: OnDisk) -> Iterator[bytes]:
    """The words of the full text index, which the file holds cut into beginnings and ends."""
    with closing(sqlite3.connect(house.url.removeprefix("sqlite:///"))) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search_words, row)"
        )
        for (term,) in connection.execute("SELECT term FROM terms"):
            yield str(term).encode()


def _disk(house: OnDisk) -> Iterator[bytes]:
    if house.database.is_sqlite:
        file = Path(house.url.removeprefix("sqlite:///"))
        for name in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            if name.exists():
                yield name.read_bytes()
