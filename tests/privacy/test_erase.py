"""Erase: after it nothing of a person is anywhere, and everything else is where it was."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from maild import disclosure, privacy
from maild.core import erasure, news
from maild.errors import NotAllowed, StoreBusy
from maild.store import order, residue
from maild.store.database import BUSY_TIMEOUT_SECONDS
from maild.store.ledger import Digest, Ledger, Place
from maild.store.writer import Journal, LedgerKey
from tests.core.scenes import ALICE, ANNA, BOB, KEYS
from tests.privacy.house import OnDisk, compressed, hits, in_files
from tests.privacy.person import BEA, HERS, OWN, markers, plant
from tests.trust.house import LMTP, letter, proven

WHO = "operator:root"
FIGURES = "SELECT ticket_id, at, kind, journal_id FROM event WHERE at <= :at ORDER BY id"


def asked(house: OnDisk, statement: str, **values: object) -> list[Any]:
    with house.database.read() as connection:
        return list(connection.execute(text(statement), values).all())


def pieces(house: OnDisk) -> list[bytes]:
    """Bytes of mails as they lie in the files, in and out."""
    return compressed(house, "blob_chunk", "data") + compressed(house, "outbox", "literal")


def test_nothing_of_an_erased_person_is_left_anywhere(anywhere: OnDisk) -> None:
    plant(anywhere)
    planted = markers()
    before = hits(anywhere, planted)
    bytes_before = pieces(anywhere)

    done = privacy.erase(anywhere.office, BEA, WHO)

    assert len(planted) > 30
    assert before == set(planted)
    assert done is not None
    assert (done.erased.tickets, done.in_hand, done.letters_kept) == (1, 0, 0)
    assert hits(anywhere, planted) == set()
    if anywhere.database.is_sqlite:
        kept = pieces(anywhere)
        gone = [piece for piece in bytes_before if piece not in kept]
        assert len(gone) > 20
        assert in_files(anywhere, gone) == 0


def test_figures_stay_and_the_audit_names_nobody(house: OnDisk) -> None:
    plant(house)
    moment = max(
        row[0] for row in asked(house, "SELECT at FROM event WHERE ticket_id IS NOT NULL")
    )
    before = asked(house, FIGURES, at=moment)
    votes = asked(house, "SELECT score, via FROM vote")
    house.now += timedelta(hours=1)

    done = privacy.erase(house.office, BEA, WHO)

    assert asked(house, FIGURES, at=moment) == before
    assert asked(house, "SELECT score, via FROM vote") == votes
    ((state, queue),) = asked(house, "SELECT state, queue FROM ticket WHERE id = 1")
    assert (state, queue) == ("closed", "support")
    kinds = asked(house, "SELECT kind, author FROM post WHERE ticket_id = 1 ORDER BY n")
    assert [tuple(row) for row in kinds] == [
        ("customer", "erased"),
        ("agent", ALICE),
        ("note", ALICE),
    ]
    ((segment,),) = asked(house, "SELECT segment FROM customer WHERE address = 'erased-1'")
    assert segment == "paid"
    ((actor, data),) = asked(
        house, "SELECT actor, CAST(data AS TEXT) FROM event WHERE kind = 'person.erased'"
    )
    assert actor == WHO
    assert done is not None
    assert done.reference in data
    assert done.reference == erasure.reference(BEA, KEYS)


def test_journal_rows_become_tombstones(house: OnDisk) -> None:
    plant(house)
    before = {row[0]: row for row in asked(house, "SELECT id, sha256, size FROM journal")}

    done = privacy.erase(house.office, BEA, WHO)

    rows = asked(house, "SELECT id, sha256, size, reason, blob_id, identity FROM journal "
                        "WHERE outcome = 'erased'")  # fmt: skip
    assert done is not None
    assert len(rows) == done.erased.mails_in
    assert len(rows) >= 8
    for row in rows:
        assert tuple(row[:3]) == tuple(before[row[0]])
        assert row.reason.startswith("erased")
        assert (row.blob_id, row.identity) == (None, "")
    assert asked(house, "SELECT id FROM blob WHERE id NOT IN "
                        "(SELECT blob_id FROM journal WHERE blob_id IS NOT NULL)") == []  # fmt: skip


def test_others_keep_their_words_and_their_tickets(house: OnDisk) -> None:
    plant(house)

    privacy.erase(house.office, BEA, WHO)

    story = house.ticket(HERS)
    posts: Any = story["posts"]
    assert [post["kind"] for post in posts] == ["customer", "agent", "customer"]
    assert posts[0]["text"].strip() == "Ask erased about oranges."
    assert "lemons" in posts[1]["text"]
    assert posts[2]["text"] == ""
    assert [one[0] for one in asked(house, "SELECT address FROM participant")] == [ANNA]
    assert story["state"] != "closed"


def test_what_was_counted_for_a_plus_address_goes_with_it(house: OnDisk) -> None:
    zoe, folded = "zoe+shop@customer.example", "zoe@customer.example"
    booked = "SELECT recipient, domain FROM automatic WHERE recipient || domain LIKE '%zoe%'"
    house.receive(letter(zoe, "support@co.example"))
    house.receive(letter(zoe, "support@co.example", "Again.", proven("customer.example")))
    house.receive(letter(zoe, "support@co.example", "Proven.", proven("customer.example")))
    before = {tuple(row) for row in asked(house, booked)}
    document = next(disclosure.export(house.office, zoe)).data

    privacy.erase(house.office, zoe, WHO)

    assert before == {
        (folded, "customer.example"),
        (zoe, "customer.example"),
        *((agent, account) for agent in (ALICE, BOB) for account in news.accounts(zoe)),
    }
    shown = json.loads(document)["automatic_mail"]
    assert {one["domain"] for one in shown} == {domain for _, domain in before}
    assert {one.get("recipient") for one in shown} == {folded, zoe, None}
    assert asked(house, booked) == []


def test_what_was_counted_for_another_plus_address_is_not_shown(house: OnDisk) -> None:
    house.receive(letter("zoe+shop@customer.example", "support@co.example"))
    house.receive(letter("zoe+work@customer.example", "support@co.example"))

    shown = json.loads(next(disclosure.export(house.office, "zoe+work@customer.example")).data)

    assert {one["ticket"] for one in shown["automatic_mail"]} == {2}


def test_a_later_mail_of_the_same_person_starts_anew(house: OnDisk) -> None:
    plant(house)
    token = house.to(BEA)[0]["Reply-To"]
    privacy.erase(house.office, BEA, WHO)

    again = letter(f"Bea <{BEA}>", token, "Hello again.", proven("person.example"), subject="Re")
    (handled,) = house.receive(again)

    assert handled.ticket not in (0, OWN, HERS)
    ((linked, address),) = asked(
        house,
        "SELECT linked_id, address FROM ticket JOIN customer ON customer.id = customer_id "
        "WHERE ticket.id = :n",
        n=handled.ticket,
    )
    assert (linked, address) == (None, BEA)


def test_an_agents_late_answer_does_not_wake_an_erased_ticket(house: OnDisk) -> None:
    plant(house)
    token = house.to(ALICE)[0]["Reply-To"]
    privacy.erase(house.office, BEA, WHO)

    house.receive(letter(ALICE, token, "One more thing.", proven("co.example")))

    assert asked(house, "SELECT count(*) FROM post WHERE ticket_id = 1")[0][0] == 3
    assert asked(house, "SELECT state FROM ticket WHERE id = 1")[0][0] == "closed"


def test_a_copy_on_the_imap_server_does_not_come_back(house: OnDisk) -> None:
    raw = letter(f"Bea <{BEA}>", "support@co.example", "By IMAP.", proven("person.example"))
    place = Place(mailbox="Support", folder="INBOX", uidvalidity=1)
    writer = Journal(house.database, lambda: house.now)
    key = LedgerKey(mailbox="Support", folder="INBOX", uidvalidity=1, uid=5)
    future = writer.append(LMTP, raw, key)
    writer.close()
    house.handle(future.result(0))
    ledger = Ledger(house.database, lambda: house.now)
    ((sha256,),) = asked(house, "SELECT sha256 FROM ledger")

    privacy.erase(house.office, BEA, WHO)

    assert ledger.known(place, [5]) == {5}
    anew = Place(mailbox="Support", folder="INBOX", uidvalidity=2)
    assert ledger.recognise(anew, [Digest(uid=1, sha256=sha256)]) == {1}
    assert asked(house, "SELECT count(*) FROM journal WHERE outcome <> 'erased'")[0][0] == 0


def test_twice_is_as_good_as_once(house: OnDisk) -> None:
    plant(house)
    privacy.erase(house.office, BEA, WHO)
    events = asked(house, "SELECT count(*) FROM event")

    assert privacy.erase(house.office, BEA.upper(), WHO) is None
    assert asked(house, "SELECT count(*) FROM event") == events


def test_killed_at_any_write_it_is_finished_by_doing_it_again(
    anywhere: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(anywhere)
    killed = 0
    while True:
        survived = _survives(anywhere, killed, monkeypatch)
        if survived:
            break
        killed += 1
        _no_half_state(anywhere)

    assert killed >= 3
    assert hits(anywhere, markers()) == set()
    assert asked(anywhere, "SELECT count(*) FROM event WHERE kind = 'person.erased'")[0][0] == 1
    with anywhere.database.read() as connection:
        assert not residue.is_owed(connection)


@pytest.mark.parametrize(("writes", "kills"), [(4, 3), (100, 0)])
def test_who_has_much_goes_in_pieces_and_after_a_kill_the_rest_goes(
    house: OnDisk, monkeypatch: pytest.MonkeyPatch, writes: int, kills: int
) -> None:
    monkeypatch.setattr(order, "TICKETS_AT_ONCE", 1)
    monkeypatch.setattr(order, "MAILS_AT_ONCE", 4)
    plant(house)
    for n in range(2):
        mail = letter(f"Bea <{BEA}>", "support@co.example", f"More {n}.", proven("person.example"))
        house.receive(mail)
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
    killed = 0

    while not _survives(house, writes + killed, monkeypatch):
        killed += 1
        _no_half_ticket(house)

    assert killed >= kills
    assert hits(house, markers()) == set()
    audits = asked(house, "SELECT CAST(data AS TEXT) FROM event WHERE kind = 'person.erased'")
    tickets = sum(int(json.loads(data)["tickets"]) for (data,) in audits)
    assert tickets == 3


def _no_half_ticket(house: OnDisk) -> None:
    """An erased ticket has neither words nor mails any more."""
    left = asked(
        house,
        "SELECT ticket.id FROM ticket JOIN post ON post.ticket_id = ticket.id "
        "LEFT JOIN journal ON journal.id = post.journal_id WHERE ticket.erased_at IS NOT NULL "
        "AND (post.text <> '' OR ticket.subject <> '' OR journal.outcome <> 'erased')",
    )
    assert left == []


def _survives(house: OnDisk, writes: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Erase, and die right before one commit; tell whether there was none so late."""
    write, left = house.database.write, [writes]

    @contextmanager
    def mortal() -> Iterator[Connection]:
        with write() as connection:
            yield connection
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1

    with monkeypatch.context() as patch:
        patch.setattr(house.database, "write", mortal)
        try:
            privacy.erase(house.office, BEA, WHO)
        except KeyboardInterrupt:
            return False
    return True


def _no_half_state(house: OnDisk) -> None:
    """Either all of her is there, or nothing of her in any row."""
    ((there,),) = asked(house, "SELECT count(*) FROM customer WHERE address = :who", who=BEA)
    ((texts,),) = asked(house, "SELECT count(*) FROM post WHERE ticket_id = 1 AND text <> ''")
    assert bool(there) == bool(texts)
    assert asked(house, "SELECT count(*) FROM meta WHERE name = 'erasing'")[0][0] == 0


def test_what_could_not_be_cleared_is_owed_and_cleared_later(
    house: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(house)
    with monkeypatch.context() as patch:
        patch.setattr(residue, "clear", _busy)
        with pytest.raises(StoreBusy):
            privacy.erase(house.office, BEA, WHO)
    with house.database.read() as connection:
        assert residue.is_owed(connection)

    assert privacy.erase(house.office, BEA, WHO) is None

    assert hits(house, markers()) == set()


@pytest.mark.parametrize("limit", ["REWRITE_BYTES_MAX", "REWRITE_SECONDS_MAX"])
def test_a_large_file_is_overwritten_where_it_lies_and_written_anew_once_nobody_works(
    house: OnDisk, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    plant(house)
    before = pieces(house)
    monkeypatch.setattr(residue, limit, -1)
    monkeypatch.setattr(residue, "OPCODES_PER_LOOK", 1)

    privacy.erase(house.office, BEA, WHO)

    assert hits(house, markers()) == set()
    gone = [piece for piece in before if piece not in pieces(house)]
    assert len(gone) > 20
    assert in_files(house, gone) == 0
    with house.database.read() as connection:
        assert residue.is_owed(connection)
    assert not residue.clear(house.database), "nobody is kept waiting again"
    assert free_pages(house) > 0

    assert privacy.erase(house.office, BEA, WHO, is_alone=True) is None

    assert free_pages(house) == 0
    with house.database.read() as connection:
        assert not residue.is_owed(connection)


def free_pages(house: OnDisk) -> int:
    """How many pages are empty: none once the file is written anew."""
    with house.database.read() as connection:
        return int(connection.execute(text("PRAGMA freelist_count")).scalar_one())


def test_cutting_the_log_waits_for_no_long_reader(
    house: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(house)
    monkeypatch.setattr(residue, "CUT_SECONDS_MAX", 0)
    begun = time.monotonic()
    with house.database.read() as reader:
        reader.execute(text("SELECT count(*) FROM post"))
        with pytest.raises(StoreBusy):
            privacy.erase(house.office, BEA, WHO)
    assert time.monotonic() - begun < BUSY_TIMEOUT_SECONDS
    with house.database.read() as connection:
        assert residue.is_owed(connection)

    assert privacy.erase(house.office, BEA, WHO) is None

    assert hits(house, markers()) == set()


def _busy(_database: object, **_how: object) -> bool:
    raise StoreBusy("somebody reads")


def test_a_mail_to_somebody_else_is_sent_before_it_goes(house: OnDisk) -> None:
    plant(house)
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET state = 'queued' WHERE key = 'moved'"))

    first = privacy.erase(house.office, BEA, WHO)

    assert first is not None
    assert first.in_hand == 1
    assert asked(house, "SELECT count(*) FROM outbox WHERE key = 'moved'")[0][0] == 1


def test_the_house_itself_is_not_erased(house: OnDisk) -> None:
    for address in (ALICE, "support@co.example"):
        with pytest.raises(NotAllowed, match="house"):
            privacy.erase(house.office, address, WHO)


def test_nobody_leaves_no_audit(house: OnDisk) -> None:
    assert privacy.erase(house.office, "nobody@else.example", WHO) is None
    assert asked(house, "SELECT count(*) FROM event")[0][0] == 0


@pytest.mark.parametrize(
    ("is_erasing", "statement"),
    [
        (False, "UPDATE event SET actor = 'x'"),
        (False, "DELETE FROM event"),
        (True, "DELETE FROM event"),
        (True, "UPDATE event SET kind = 'x'"),
        (True, "UPDATE event SET ticket_id = NULL"),
    ],
)
def test_the_log_stays_append_only(anywhere: OnDisk, statement: str, *, is_erasing: bool) -> None:
    plant(anywhere)

    with pytest.raises(DBAPIError, match="append-only"):
        _do(anywhere, statement, is_erasing=is_erasing)


def _do(house: OnDisk, statement: str, *, is_erasing: bool) -> None:
    with house.database.write() as connection:
        if is_erasing:
            connection.execute(text("INSERT INTO meta (name, value) VALUES ('erasing', '')"))
        connection.execute(text(statement))
