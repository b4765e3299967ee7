"""Every kind of damage that verify knows is told with its row; a house that is whole is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from maild.store.database import Database
from tests.upkeep.house import House, house_in

FREE = {
    "sqlite": "PRAGMA foreign_keys=OFF",
    "postgresql": "SET session_replication_role = replica",
}
BACK = {
    "sqlite": "PRAGMA foreign_keys=ON",
    "postgresql": "SET session_replication_role = DEFAULT",
}
BOTH = ("sqlite", "postgresql")
DAMAGE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is done: statement, what is told, on which databases
    "raw mail changed": (
        "UPDATE journal SET sha256 = '{zero}' WHERE id = 1",
        "raw-mail: journal 1: has other bytes than came in",
        BOTH,
    ),
    "raw mail unreadable": (
        "UPDATE blob_chunk SET data = {junk} WHERE blob_id = (SELECT blob_id FROM journal WHERE id = 2)",
        "raw-mail: journal 2: its bytes cannot be read",
        BOTH,
    ),
    "raw mail cut off": (
        "DELETE FROM blob_chunk WHERE n = 1",
        "raw-mail: journal 5: has 1048576 bytes of",
        BOTH,
    ),
    "chunk lost": ("DELETE FROM blob_chunk WHERE n = 1", "has 1 of 2 chunks", BOTH),
    "raw mail without bytes": (
        "UPDATE journal SET blob_id = NULL WHERE id = 3",
        "raw-mail: journal 3: has no bytes, and was not erased",
        BOTH,
    ),
    "erased mail with bytes": (
        "UPDATE journal SET outcome = 'erased' WHERE id = 3",
        "raw-mail: journal 3: is erased, and its bytes are still there",
        BOTH,
    ),
    "posted nowhere": (
        "UPDATE journal SET ticket_id = NULL WHERE id = 1",
        "outcome: journal 1: was posted on no ticket",
        BOTH,
    ),
    "ended at no time": (
        "UPDATE journal SET ended_at = NULL WHERE id = 1",
        "outcome: journal 1: ended at no time",
        BOTH,
    ),
    "a post and ignored": (
        "UPDATE journal SET outcome = 'ignored' WHERE id = 1",
        "outcome: journal 1: is post 1, and ended as ignored",
        BOTH,
    ),
    "held and done": (
        "UPDATE journal SET state = 'held' WHERE id = 1",
        "outcome: journal 1: is held with the outcome posted",
        BOTH,
    ),
    "ticket lost": (
        "DELETE FROM ticket WHERE id = 3",
        "reference: post 3: refers to ticket 3, which is not there",
        BOTH,
    ),
    "post lost": (
        "DELETE FROM post WHERE id = 1",
        "reference: journal 1: refers to post 1, which is not there",
        BOTH,
    ),
    "customer lost": (
        "DELETE FROM customer WHERE id = 1",
        "reference: ticket 1: refers to customer 1, which is not there",
        BOTH,
    ),
    "ledger of other bytes": (
        "UPDATE ledger SET sha256 = '{zero}' WHERE uid = 4",
        "has another SHA-256 than journal 4",
        BOTH,
    ),
    "ledger without a word": (
        "UPDATE ledger SET journal_id = NULL WHERE uid = 4",
        "was neither taken nor passed over",
        BOTH,
    ),
    "sent at no time": (
        "UPDATE outbox SET sent_at = NULL WHERE id = 1",
        "outbox: outbox 1: is sent, at no time",
        BOTH,
    ),
    "sent without an attempt": (
        "DELETE FROM attempt WHERE outbox_id = 1",
        "outbox: outbox 1: is sent, without an attempt",
        BOTH,
    ),
    "attempts not counted": (
        "UPDATE outbox SET attempts = 0 WHERE id = 1",
        "outbox: outbox 1: has 1 attempts up to number 1, and knows of 0",
        BOTH,
    ),
    "sent by nobody": (
        "UPDATE outbox SET state = 'sending', claimed_by = '' WHERE id = 1",
        "outbox: outbox 1: is being sent by nobody",
        BOTH,
    ),
    "our bytes changed": (
        "UPDATE outbox SET sha256 = '{zero}' WHERE id = 2",
        "sent-bytes: outbox 2: its bytes are not those that were fixed",
        BOTH,
    ),
    "our bytes unreadable": (
        "UPDATE outbox SET literal = {junk} WHERE id = 2",
        "sent-bytes: outbox 2: its bytes cannot be put together",
        BOTH,
    ),
    "deadline moved": (
        "UPDATE deadline SET due_at = '2031-01-01 00:00:00{zone}' WHERE ticket_id = 3",
        "deadline: ticket 3: its log gives other deadlines than are written",
        BOTH,
    ),
    "deadline lost": ("DELETE FROM deadline WHERE ticket_id = 3", "is missing", BOTH),
    "Message-ID lost": (
        "DELETE FROM message_key WHERE message_id = 'carla1@customer.example'",
        "message-key: post 2: its Message-ID carla1@customer.example leads nowhere",
        BOTH,
    ),
    "log lost": (
        "DELETE FROM event WHERE ticket_id = 2",
        "log: ticket 2: has no line in the log",
        ("postgresql",),  # SQLite's trigger cannot be put to sleep
    ),
    "words lost": (
        "DELETE FROM search_words WHERE {key} = 1",
        "search: post 1: its words in the search are missing",
        BOTH,
    ),
    "words of another text": (
        "UPDATE search_words SET words = {words} WHERE {key} = -1",
        "search: ticket 1: its words in the search are others",
        BOTH,
    ),
    "numbers given again": (
        "UPDATE sqlite_sequence SET seq = 2 WHERE name = 'ticket'",
        "numbers: ticket: would give number 3 again: 5 is taken",
        ("sqlite",),
    ),
    "sequence set back": (
        "SELECT setval(pg_get_serial_sequence('ticket', 'id'), 2)",
        "numbers: ticket: would give number 3 again: 5 is taken",
        ("postgresql",),
    ),
    "text that is no UTF-8": (
        "UPDATE post SET text = CAST(x'ff41' AS TEXT) WHERE id = 1",
        "search: database: cannot be read: Could not decode to UTF-8",
        ("sqlite",),
    ),
    "index lost an entry": (
        "UPDATE sqlite_schema SET sql = replace(sql, '(queue', '(state') WHERE name = 'ix_ticket_queue'",
        "pages: database:",
        ("sqlite",),
    ),
}


def done_to(database: Database, statement: str) -> None:
    """Damage a database, as nothing in maild could."""
    kind = "sqlite" if database.is_sqlite else "postgresql"
    filled = statement.format(
        zero="0" * 64,
        junk="x'00'" if database.is_sqlite else "'\\x00'",
        key="rowid" if database.is_sqlite else "key",
        words="'toast'" if database.is_sqlite else "'toast'::tsvector",
        zone="" if database.is_sqlite else "+00",
    )
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        is_autocommit = getattr(driver, "autocommit", True)
        if not database.is_sqlite:
            driver.autocommit = True
        driver.execute(FREE[kind])
        if database.is_sqlite and "sqlite_schema" in statement:
            driver.execute("PRAGMA writable_schema=ON")
        driver.execute(filled)
        driver.execute(BACK[kind])
        if not database.is_sqlite:
            driver.autocommit = is_autocommit
    database.engine.dispose()


def told(house: House) -> list[str]:
    return [f"{one.check}: {one.row}: {one.text}" for one in house.findings() if not one.is_note]


def test_a_house_that_is_whole_has_no_problem(url: str, tmp_path: Path) -> None:
    with house_in(tmp_path / "house", url) as house:
        house.fills()
        house.journals(90)

        assert told(house) == []


@pytest.mark.parametrize("engine", BOTH)
def test_every_kind_of_damage_is_told_with_its_row(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    make = _maker(engine, tmp_path, request)
    wanted = {name: case for name, case in DAMAGE.items() if engine in case[2]}
    seen = 0

    for name, (statement, words, _) in wanted.items():
        with house_in(*make(name)) as house:
            done_to(house.database, statement)
            found = told(house)

            assert any(words in one for one in found), (name, found)
        seen += 1

    print(f"\nkinds of damage on {engine}: {len(wanted)}, told: {seen}")
    assert seen >= 25


def _maker(
    engine: str, folder: Path, request: pytest.FixtureRequest
) -> Callable[[str], tuple[Path, str]]:
    """Return what gives a copy of one and the same house after the other."""
    first, url = folder / "first", ""
    if engine == "postgresql":
        url = request.getfixturevalue("postgresql").database()
    with house_in(first, url) as house:
        house.fills()

    def make(name: str) -> tuple[Path, str]:
        place = folder / name.replace(" ", "-")
        if engine == "sqlite":
            shutil.copytree(first, place)
            return place, ""
        return place, request.getfixturevalue("postgresql").database(url)

    return make


def test_waste_is_a_note_and_no_problem(url: str, tmp_path: Path) -> None:
    with house_in(tmp_path / "house", url) as house:
        house.fills()
        with house.database.write() as connection:
            when = "2020-01-01 00:00:00" + ("" if house.database.is_sqlite else "+00")
            connection.execute(
                text(
                    "INSERT INTO blob (sha256, size, chunks, created_at)"
                    f" VALUES ('', 0, 0, '{when}')"
                )
            )

        assert told(house) == []
        assert [one.row for one in house.findings()] == ["blob 6"]


def test_verify_writes_nothing(tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills()
        house.database.engine.dispose()
        place = tmp_path / "house" / "maild.db"
        before = place.read_bytes()

        house.findings()
        house.database.engine.dispose()

        assert place.read_bytes() == before
