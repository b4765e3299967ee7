"""The journal: appended together, claimed in order, ended once; and the bytes behind it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Delete, Update, delete, func, select, update

from maild.core.decision import Outcome
from maild.core.mail import Envelope, Source
from maild.errors import DiskFull, HalfTaken, LostRace, StoreBusy
from maild.store import blobs, journal
from maild.store.database import Database
from maild.store.journal import LEASE
from maild.store.tables import metadata
from maild.store.writer import Journal, LedgerKey, message_id_of
from tests.store.rows import ENVELOPE, NOW, arrived, end, journalled, raw

JOURNAL, BLOB, CHUNK, LEDGER = (
    metadata.tables[name] for name in ("journal", "blob", "blob_chunk", "ledger")
)
KEY = LedgerKey(mailbox="Support", folder="INBOX", uidvalidity=1, uid=5)


def number(database: Database, table: object) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def row(database: Database, journal_id: int) -> dict[str, object]:
    with database.read() as connection:
        found = connection.execute(select(JOURNAL).where(JOURNAL.c.id == journal_id))
        return dict(found.mappings().one())


def claimed(database: Database, limit: int = 10, node: str = "a", **later: float) -> list[int]:
    return [c.id for c in journal.claim(database, node, NOW + timedelta(**later), limit)]


@pytest.mark.parametrize(
    "harm",
    [
        update(CHUNK).where(CHUNK.c.n == 1).values(data=b"no zlib"),
        delete(CHUNK).where(CHUNK.c.n == 1),
        delete(CHUNK),
    ],
)
def test_a_mail_whose_bytes_are_damaged_says_so_and_the_next_is_whole(
    database: Database, harm: Update | Delete
) -> None:
    damaged, whole = journalled(database, raw(body="x" * blobs.CHUNK_BYTES), raw("a@b"))
    blob_id = row(database, damaged)["blob_id"]
    with database.write() as connection:
        connection.execute(harm.where(CHUNK.c.blob_id == blob_id))

    one, other = journal.load(database, [damaged, whole])

    assert (one.is_damaged, one.raw) == (True, b"")
    assert (other.is_damaged, other.raw) == (False, raw("a@b"))


# blobs


@pytest.mark.parametrize("size", [0, 1, blobs.CHUNK_BYTES, blobs.CHUNK_BYTES + 1, 3_500_000])
def test_a_blob_comes_back_byte_for_byte(database: Database, size: int) -> None:
    data = os.urandom(size)

    with database.write() as connection:
        (blob_id,) = blobs.add(connection, [blobs.compressed(data)], NOW)

    with database.read() as connection:
        assert blobs.get(connection, blob_id) == data
    assert number(database, CHUNK) == max(1, -(-size // blobs.CHUNK_BYTES))


def test_a_blob_that_is_not_there_is_a_key_error(database: Database) -> None:
    with database.read() as connection, pytest.raises(KeyError):
        blobs.get(connection, 99)


# append


def test_what_was_appended_comes_back_as_it_was(database: Database) -> None:
    envelope = Envelope(
        mail_from="a@b.example",
        rcpt_to=("x@co.example", "y@co.example"),
        source=Source.IMAP,
        mailbox="Support",
        client="::1",
        helo="h",
        account="alice",
    )
    data = raw("m1@x.example") + os.urandom(2_000_000)
    writer = Journal(database, lambda: NOW)

    journal_id = writer.append(envelope, data).result(10)
    writer.close()

    (found,) = journal.load(database, [journal_id])
    assert (found.envelope, found.raw, found.tries) == (envelope, data, 0)
    assert (found.message_id, found.received_at) == ("m1@x.example", NOW)
    assert found.sha256 == hashlib.sha256(data).hexdigest()


class _Counted:
    """A database that counts its write transactions and can be held up."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.writes = 0
        self.gate = threading.Event()
        self.errors: list[Exception] = []

    @contextmanager
    def write(self) -> Iterator[object]:
        self.gate.wait(10)
        self.writes += 1
        if self.errors:
            raise self.errors.pop(0)
        with self.database.write() as connection:
            yield connection


def test_mails_that_wait_share_one_transaction(database: Database) -> None:
    counted = _Counted(database)
    told: list[int] = []
    writer = Journal(counted, lambda: NOW, told.append)  # type: ignore[arg-type]

    futures = [writer.append(ENVELOPE, raw(body=str(n))) for n in range(100)]
    counted.gate.set()
    ids = [future.result(10) for future in futures]
    writer.close()

    assert ids == sorted(set(ids))
    assert counted.writes <= 2
    assert sum(told) == 100


def test_a_batch_that_fails_is_redone_one_by_one(database: Database) -> None:
    counted = _Counted(database)
    counted.errors = [RuntimeError("first alone"), RuntimeError("batch"), DiskFull("one of it")]
    writer = Journal(counted, lambda: NOW)  # type: ignore[arg-type]

    first = writer.append(ENVELOPE, raw(body="first"))
    futures = [writer.append(ENVELOPE, raw(body=str(n))) for n in range(3)]
    counted.gate.set()
    errors = [future.exception(10) for future in (first, *futures)]
    writer.close()

    failed = [error for error in errors if error]
    assert 1 <= len(failed) <= 2
    assert number(database, JOURNAL) == 4 - len(failed)


def test_a_busy_database_is_told_to_all_who_wait(database: Database) -> None:
    counted = _Counted(database)
    counted.errors = [StoreBusy("locked")]
    counted.gate.set()
    writer = Journal(counted, lambda: NOW)  # type: ignore[arg-type]

    assert isinstance(writer.append(ENVELOPE, raw()).exception(10), StoreBusy)
    assert writer.append(ENVELOPE, raw()).result(10)
    writer.close()


def test_who_gives_up_does_not_stop_the_writer(database: Database) -> None:
    counted = _Counted(database)
    writer = Journal(counted, lambda: NOW)  # type: ignore[arg-type]

    in_hand = writer.append(ENVELOPE, raw(body="in hand"))
    waiting = [writer.append(ENVELOPE, raw(body=str(n))) for n in range(20)]
    given_up = [future for future in waiting if future.cancel()]
    counted.gate.set()
    last = writer.append(ENVELOPE, raw(body="last"))

    assert last.result(10)
    writer.close()
    for future in given_up:
        with pytest.raises(CancelledError):
            future.result(0)
    kept = [future for future in (in_hand, *waiting) if not future.cancelled()]
    assert number(database, JOURNAL) == len(kept) + 1


def test_closing_commits_what_waits_and_refuses_what_comes_after(database: Database) -> None:
    writer = Journal(database, lambda: NOW)
    futures = [writer.append(ENVELOPE, raw(body=str(n))) for n in range(5)]

    writer.close()

    assert all(future.done() for future in futures)
    assert isinstance(writer.append(ENVELOPE, raw()).exception(0), StoreBusy)


def test_a_mail_of_a_ledger_key_is_taken_once(database: Database) -> None:
    (first,) = journalled(database, raw(), ledger=KEY)

    assert journalled(database, raw(), raw(), ledger=KEY) == [first, first]
    assert number(database, JOURNAL) == number(database, LEDGER) == 1
    assert journalled(database, raw(), ledger=replace(KEY, uid=6)) != [first]


HOSTILE = Envelope(mail_from="a\0b@x", rcpt_to=("c\udcff@y",), helo="\0\udc80", source=Source.LMTP)


def test_a_hostile_envelope_and_header_are_kept_all_the_same(database: Database) -> None:
    data = b"Message-ID: <a\0b@x>\r\n\r\n\0"
    writer = Journal(database, lambda: NOW)

    journal_id = writer.append(HOSTILE, data).result(10)
    writer.close()

    (found,) = journal.load(database, [journal_id])
    assert (found.raw, found.message_id) == (data, "")
    assert found.envelope.mail_from == "ab@x"


IDS = [
    (b"Message-ID: <a@b>\r\n\r\n", "a@b"),
    (b"message-id:<a@b>\n\n", "a@b"),
    (b"X: y\r\nMESSAGE-ID:\r\n\t<a@b>\r\n\r\n", "a@b"),
    (b"X-Message-ID: <a@b>\r\n\r\n", ""),
    (b"X: y\r\n\r\nMessage-ID: <a@b>\r\n", ""),
    (b"X: y\n\nMessage-ID: <a@b>\r\n\r\n", ""),
    (b"Message-ID: <a@b", ""),
    (b"", ""),
]


@pytest.mark.parametrize(("data", "expected"), IDS)
def test_the_message_id_is_cut_from_the_header(data: bytes, expected: str) -> None:
    assert message_id_of(data) == expected


# claim


def test_mails_are_claimed_in_order_and_once(database: Database) -> None:
    ids = [arrived(database, mail_from=f"{n}@customer.example") for n in range(5)]

    assert claimed(database, 3) == ids[:3]
    assert claimed(database, 3, "b") == ids[3:]
    assert claimed(database) == []
    assert row(database, ids[0])["claimed_by"] == "a"


def test_two_nodes_never_claim_the_same(database: Database) -> None:
    ids = [arrived(database, mail_from=f"{n}@customer.example") for n in range(40)]
    found: list[int] = []

    def work(node: str) -> None:
        while batch := claimed(database, 3, node):
            found.extend(batch)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    left = claimed(database, 50)
    assert sorted(found + left) == ids


def test_a_dead_nodes_mails_are_suspects_and_taken_alone(database: Database) -> None:
    ids = journalled(database, *(raw(body=str(n)) for n in range(4)))
    claimed(database, 2, "dead")

    with database.write() as connection:
        assert journal.recover(connection, ["other"], NOW) == 0
        assert journal.recover(connection, ["dead"], NOW) == 2

    assert [claimed(database) for _ in range(4)] == [[ids[0]], [ids[1]], ids[2:], []]


def test_clean_mails_are_taken_up_to_the_next_suspect(database: Database) -> None:
    ids = journalled(database, *(raw(body=str(n)) for n in range(3)))
    claimed(database, 3, "dead")
    with database.write() as connection:
        journal.put_back(connection, [ids[0], ids[1]], None)
        journal.recover(connection, ["dead"], NOW)

    assert claimed(database) == ids[:2]


def test_a_lease_that_is_over_comes_back(database: Database) -> None:
    (journal_id,) = journalled(database)
    claimed(database)

    for age, expected in ((LEASE, 0), (LEASE + timedelta(seconds=1), 1)):
        with database.write() as connection:
            assert journal.recover(connection, [], NOW + age) == expected
    assert claimed(database) == [journal_id]


def test_what_is_put_back_waits_for_its_time_and_counts_nothing(database: Database) -> None:
    (journal_id,) = journalled(database)
    claimed(database)
    with database.write() as connection:
        journal.put_back(connection, [journal_id], NOW + timedelta(seconds=5))

    assert claimed(database, seconds=4) == []
    with database.read() as connection:
        assert journal.next_due(connection) == NOW + timedelta(seconds=5)
    (again,) = journal.claim(database, "a", NOW + timedelta(seconds=5), 1)
    assert (again.id, again.tries) == (journal_id, 0)


def test_a_claim_whose_commit_nobody_saw_names_its_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = journalled(database, raw("a@b"), raw("c@d"))
    write = database.write

    @contextmanager
    def unseen() -> Iterator[Any]:
        with write() as connection:
            yield connection
        raise StoreBusy("the server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", unseen)
        with pytest.raises(HalfTaken) as lost:
            claimed(database)
    with database.write() as connection:
        journal.put_back(connection, lost.value.ids, None, node="a")

    assert list(lost.value.ids) == claimed(database, node="b") == ids


def test_tries_are_counted(database: Database) -> None:
    (journal_id,) = journalled(database)

    for expected in (1, 2, 3):
        assert claimed(database) == [journal_id]
        with database.write() as connection:
            assert journal.count_try(connection, journal_id, NOW) == expected


# end


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.POSTED, "done"), (Outcome.IGNORED, "done"), (Outcome.HELD, "held")],
)
def test_a_row_ends_once(database: Database, outcome: Outcome, state: str) -> None:
    (journal_id,) = journalled(database)
    claimed(database)

    end(database, journal_id, outcome, identity="a@b", content_hash="h", trust="E1")

    found = row(database, journal_id)
    assert (found["state"], found["outcome"], found["identity"]) == (state, outcome, "a@b")
    assert (found["claimed_by"], found["claimed_until"], found["ended_at"]) == ("", None, NOW)
    for again in Outcome:
        with pytest.raises(LostRace):
            end(database, journal_id, again)
    assert row(database, journal_id) == found
    assert claimed(database) == []


def test_a_row_that_waits_has_no_outcome(database: Database) -> None:
    (journal_id,) = journalled(database)

    with pytest.raises(Exception, match="ck_journal_"):
        end(database, journal_id, Outcome.WAIT)


def test_the_same_mail_is_posted_once_whoever_tries(database: Database) -> None:
    first, second = journalled(database, raw("m1@x"), raw("m1@x"))
    same: dict[str, Any] = {"identity": "a@b", "content_hash": "h"}

    end(database, first, **same)

    with pytest.raises(LostRace):
        end(database, second, **same)
    end(database, second, Outcome.IGNORED, **same)


def test_a_held_mail_can_be_released_and_nothing_else(database: Database) -> None:
    held, done = journalled(database, raw(), raw())
    end(database, held, Outcome.HELD)
    end(database, done)

    with database.write() as connection:
        assert [journal.release(connection, journal_id) for journal_id in (held, done, 99)] == [
            True,
            False,
            False,
        ]
    assert claimed(database) == [held]
    end(database, held)


def test_a_dropped_mail_leaves_a_tombstone_and_no_bytes(database: Database) -> None:
    held, done = journalled(database, raw("m1@x.example"), raw())
    end(database, held, Outcome.HELD, identity="a@b", content_hash="h")
    end(database, done)

    with database.write() as connection:
        assert journal.drop(connection, held, "spam", NOW)
        assert not journal.drop(connection, done, "spam", NOW)
        assert not journal.drop(connection, held, "spam", NOW)

    found = row(database, held)
    assert (found["outcome"], found["reason"], found["size"]) == (
        "erased",
        "spam",
        len(raw("m1@x.example")),
    )
    assert found["sha256"] == hashlib.sha256(raw("m1@x.example")).hexdigest()
    assert "example" not in repr(found)
    assert (number(database, BLOB), number(database, CHUNK)) == (1, 1)
    with database.read() as connection, pytest.raises(KeyError):
        journal.raw_mail(connection, held)
    with database.read() as connection:
        assert journal.raw_mail(connection, done) == raw()
