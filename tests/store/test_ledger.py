"""The ledger knows each mail of each folder once, in its present numbering."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.core.mail import Envelope, Source
from maild.store.ledger import Digest, Place
from maild.store.writer import LedgerKey
from tests.intake.imap_bench import Store, mail, opened_store

_HERE = Place(mailbox="support", folder="INBOX", uidvalidity=7)
_ANEW = Place(mailbox="support", folder="INBOX", uidvalidity=8)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_store(tmp_path) as opened:
        yield opened


def _journal(store: Store, place: Place, uid: int) -> str:
    key = LedgerKey(
        mailbox=place.mailbox, folder=place.folder, uidvalidity=place.uidvalidity, uid=uid
    )
    envelope = Envelope(source=Source.IMAP, mailbox=place.mailbox)
    journal_id = store.journal.append(envelope, mail(uid), key).result(10)
    with store.database.read() as connection:
        digest: str = connection.exec_driver_sql(
            f"SELECT sha256 FROM journal WHERE id = {journal_id}"
        ).scalar_one()
    return digest


def test_nothing_is_known_of_a_mailbox_that_was_never_tried(store: Store) -> None:
    assert store.ledger.state("support") is None
    assert store.ledger.oldest("support") is None
    assert store.ledger.states() == ()


def test_a_beginning_is_kept_with_what_is_left_alone(store: Store) -> None:
    store.ledger.begin(_HERE, 40, (41, 43), "was there before us")

    state = store.ledger.state("support")

    assert state is not None
    assert (state.folder, state.uidvalidity, state.first_uid) == ("INBOX", 7, 40)
    assert store.ledger.known(_HERE, range(40, 45)) == {41, 43}
    assert store.ledger.unfinished(_HERE, 10) == ()


def test_a_beginning_may_be_repeated(store: Store) -> None:
    store.ledger.begin(_HERE, 40, (41, 43), "was there before us")
    store.ledger.begin(_HERE, 40, (41, 44), "was there before us")

    assert store.ledger.known(_HERE, range(40, 45)) == {41, 43, 44}


def test_a_journalled_mail_is_unfinished_until_it_is_confirmed(store: Store) -> None:
    for uid in (1, 2, 3):
        _journal(store, _HERE, uid)

    store.ledger.confirm(_HERE, [1, 3])

    assert store.ledger.unfinished(_HERE, 10) == (2,)


def test_entries_of_another_numbering_or_mailbox_do_not_count(store: Store) -> None:
    _journal(store, _HERE, 1)

    assert store.ledger.known(_ANEW, [1]) == frozenset()
    assert store.ledger.unfinished(_ANEW, 10) == ()


def test_bytes_that_a_mailbox_gave_before_are_known_again(store: Store) -> None:
    digest = _journal(store, _HERE, 1)

    again = store.ledger.recognise(
        _ANEW, [Digest(uid=5, sha256=digest), Digest(uid=6, sha256="0" * 64)]
    )

    assert again == {5}
    assert store.ledger.known(_ANEW, [5, 6]) == {5}
    assert store.ledger.unfinished(_ANEW, 10) == (5,)
    assert store.journalled("support") == 1


def test_bytes_of_another_mailbox_are_not_taken_for_ours(store: Store) -> None:
    digest = _journal(store, _HERE, 1)
    other = Place(mailbox="sales", folder="INBOX", uidvalidity=7)

    assert store.ledger.recognise(other, [Digest(uid=1, sha256=digest)]) == frozenset()


def test_recognising_twice_enters_once(store: Store) -> None:
    digest = _journal(store, _HERE, 1)

    for _ in range(2):
        assert store.ledger.recognise(_ANEW, [Digest(uid=5, sha256=digest)]) == {5}

    assert store.ledger.known(_ANEW, [5]) == {5}


def test_a_mail_passed_over_keeps_its_reason_and_is_never_finished(store: Store) -> None:
    store.ledger.pass_over(_HERE, 9, "too large")
    store.ledger.pass_over(_HERE, 9, "too large")

    assert store.passed_over("support") == ["too large"]
    assert store.ledger.known(_HERE, [9]) == {9}
    assert store.ledger.unfinished(_HERE, 10) == ()


def test_an_error_before_the_first_connection_is_kept(store: Store) -> None:
    store.ledger.note_error("support", "x" * 10_000)

    state = store.ledger.state("support")

    assert state is not None
    assert (state.uidvalidity, state.last_success, len(state.last_error)) == (0, None, 500)


def test_a_success_ends_an_error(store: Store) -> None:
    store.ledger.note_error("support", "away")
    store.ledger.note_behind("support", 12)
    store.ledger.note_success("support", 3, "")

    (state,) = store.ledger.states()

    assert state.last_success is not None
    assert (state.last_error, state.behind) == ("", 3)


def test_thousands_of_uids_are_asked_for_at_once(store: Store) -> None:
    store.ledger.begin(_HERE, 1, range(1, 50_001), "was there before us")

    assert len(store.ledger.known(_HERE, range(1, 60_001))) == 50_000
