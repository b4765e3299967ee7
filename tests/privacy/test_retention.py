"""Retention: what was kept long enough goes, figures stay, one node does it, whoever dies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from maild import keeping, metrics
from maild.keeping import Keeper
from maild.settings import Retention
from maild.store import residue, retention
from maild.store.retention import Kind
from tests.privacy.house import OnDisk, compressed, hits, in_files
from tests.privacy.person import HERS, plant, word

DAY = 24 * 3600
WEEK = Retention(
    raw_mail_seconds=7 * DAY,
    ticket_seconds=7 * DAY,
    held_seconds=7 * DAY,
    outbox_seconds=7 * DAY,
    comment_seconds=7 * DAY,
)


def asked(house: OnDisk, statement: str) -> list[Any]:
    with house.database.read() as connection:
        return list(connection.execute(text(statement)).all())


def keeper(house: OnDisk, periods: Retention, node: str = "one") -> Keeper:
    return Keeper(lambda: house.office, node, lambda: periods)


def share(house: OnDisk) -> str:
    return f"{house.now.date()} {WEEK}"


def closed(house: OnDisk) -> None:
    """Bea's ticket was closed; Anna's stays open."""
    plant(house)
    with house.database.write() as connection:
        connection.execute(
            text("UPDATE ticket SET state = 'closed', closed_at = updated_at WHERE id = 1")
        )


@pytest.mark.parametrize(
    ("periods", "kind", "left"),
    [
        (Retention(held_seconds=7 * DAY), Kind.HELD, "SELECT 1 FROM journal WHERE outcome='held'"),
        (Retention(outbox_seconds=7 * DAY), Kind.OUTBOX, "SELECT 1 FROM outbox"),
        (
            Retention(comment_seconds=7 * DAY),
            Kind.COMMENTS,
            "SELECT 1 FROM vote WHERE comment<>''",
        ),
        (
            Retention(ticket_seconds=7 * DAY),
            Kind.TICKETS,
            "SELECT 1 FROM ticket WHERE state = 'closed' AND erased_at IS NULL",
        ),
        (
            Retention(raw_mail_seconds=7 * DAY),
            Kind.RAW_MAIL,
            "SELECT 1 FROM journal WHERE blob_id IS NOT NULL AND ticket_id = 1",
        ),
    ],
)
def test_each_kind_goes_after_its_own_time(
    house: OnDisk, periods: Retention, kind: Kind, left: str
) -> None:
    closed(house)
    before = {one: size_of(house, one) for one in Kind}
    house.now += timedelta(days=6)
    early = keeper(house, periods).ring()
    house.now += timedelta(days=2)

    gone = keeper(house, periods).ring()

    assert early == 0
    assert gone > 0
    assert asked(house, left) == []
    kept = {one for one in Kind if size_of(house, one) == before[one]}
    assert kind not in kept
    assert kept >= set(Kind) - {kind, *_SHARED.get(kind, ())}


_SHARED = {
    Kind.TICKETS: (Kind.RAW_MAIL, Kind.OUTBOX, Kind.COMMENTS, Kind.HELD),
}
"""A ticket takes along what hangs on it."""


def size_of(house: OnDisk, kind: Kind) -> int:
    with house.database.read() as connection:
        return retention.sizes(connection, kind).rows


def test_nothing_goes_where_nothing_is_set(house: OnDisk) -> None:
    closed(house)
    before = {kind: size_of(house, kind) for kind in Kind}
    house.now += timedelta(days=4000)

    assert keeper(house, Retention()).ring() == 0
    assert {kind: size_of(house, kind) for kind in Kind} == before


def test_a_ticket_leaves_figures_and_takes_its_words(anywhere: OnDisk) -> None:
    closed(anywhere)
    figures = asked(anywhere, "SELECT id, at, kind FROM event ORDER BY id")
    anywhere.now += timedelta(days=8)

    keeper(anywhere, WEEK).ring()

    assert asked(anywhere, "SELECT id, at, kind FROM event ORDER BY id")[: len(figures)] == figures
    words = [word(place) for place in ("text", "html", "subject", "answer", "note", "file-name")]
    rows = asked(anywhere, "SELECT text, reply_text, html FROM post")
    rows += asked(anywhere, "SELECT subject, '', '' FROM ticket")
    assert [one for one in words if any(one in str(row) for row in rows)] == []
    assert asked(anywhere, "SELECT state FROM ticket ORDER BY id")[0][0] == "closed"
    assert any("oranges" in str(row) for row in rows)


def test_what_went_is_not_in_the_file_any_more(house: OnDisk) -> None:
    closed(house)
    before = compressed(house, "blob_chunk", "data")
    house.now += timedelta(days=8)

    keeper(house, WEEK).ring()

    gone = set(before) - set(compressed(house, "blob_chunk", "data"))
    assert len(gone) > 5
    assert in_files(house, sorted(gone)) == 0
    assert hits(house, [word("text"), word("answer"), word("held")]) == set()


def test_an_open_ticket_keeps_its_mails_for_ever(house: OnDisk) -> None:
    closed(house)
    there = asked(house, f"SELECT count(*) FROM journal WHERE ticket_id = {HERS}")
    house.now += timedelta(days=4000)

    keeper(house, WEEK).ring()

    with_bytes = f"SELECT count(*) FROM journal WHERE ticket_id = {HERS} AND blob_id IS NOT NULL"
    assert asked(house, with_bytes) == there


def _merged(house: OnDisk, into: str) -> None:
    """Bea's ticket was merged into another one, and that one into Anna's, which is as told."""
    closed(house)
    with house.database.write() as connection:
        add = "UPDATE ticket SET state = 'merged', closed_at = NULL, linked_id = {} WHERE id = {}"
        columns = "version, subject, queue, priority, tier, assignee, tags, language, mailbox"
        more = "customer_id, created_at, updated_at"
        copy = f"INSERT INTO ticket (id, state, linked_id, {columns}, {more}) "
        connection.execute(
            text(copy + f"SELECT 90, 'merged', 2, {columns}, {more} FROM ticket WHERE id = 1")
        )
        connection.execute(text(add.format(90, 1)))
        connection.execute(text(f"UPDATE ticket SET {into} WHERE id = {HERS}"))


@pytest.mark.parametrize(
    ("into", "is_kept"),
    [
        ("state = 'open'", True),
        ("state = 'closed', closed_at = updated_at", False),
    ],
)
def test_what_was_merged_goes_no_earlier_than_where_it_is(
    anywhere: OnDisk, into: str, *, is_kept: bool
) -> None:
    _merged(anywhere, into)
    anywhere.now += timedelta(days=8)
    with_bytes = "SELECT count(*) FROM journal WHERE ticket_id = 1 AND blob_id IS NOT NULL"
    before = asked(anywhere, with_bytes)[0][0]

    keeper(anywhere, WEEK).ring()

    gone = asked(anywhere, "SELECT id FROM ticket WHERE erased_at IS NOT NULL ORDER BY id")
    assert [row[0] for row in gone] == ([] if is_kept else [1, 2, 90])
    assert before > 0
    assert asked(anywhere, with_bytes)[0][0] == (before if is_kept else 0)


def test_one_node_does_it_once_a_day(anywhere: OnDisk) -> None:
    closed(anywhere)
    anywhere.now += timedelta(days=8)
    with anywhere.database.write() as connection:
        assert retention.take(connection, "two", share(anywhere), anywhere.now)

    assert keeper(anywhere, WEEK).ring() == 0
    anywhere.now += retention.LEASE + timedelta(seconds=1)
    assert keeper(anywhere, WEEK).ring() > 0
    with anywhere.database.write() as connection:
        assert not retention.take(connection, "two", share(anywhere), anywhere.now)
    anywhere.now += timedelta(days=1)
    with anywhere.database.write() as connection:
        assert retention.take(connection, "two", share(anywhere), anywhere.now)


def test_a_kill_between_two_chunks_loses_no_day(
    house: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(house)
    house.now += timedelta(days=8)
    monkeypatch.setattr(keeping, "ROWS_PER_CHUNK", 1)
    go, left = retention.go, [3]

    def mortal(*values: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return go(*values)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "go", mortal)
        with pytest.raises(KeyboardInterrupt):
            keeper(house, WEEK).ring()

    house.now += retention.LEASE + timedelta(seconds=1)
    assert keeper(house, WEEK, "two").ring() > 0
    assert keeper(house, WEEK, "two").ring() == 0
    assert size_of(house, Kind.HELD) == 0


def test_a_long_days_work_is_done_in_several_rings(
    house: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(house)
    house.now += timedelta(days=8)
    monkeypatch.setattr(keeping, "ROWS_PER_CHUNK", 1)
    monkeypatch.setattr(keeping, "RING_SECONDS", 0)

    rings = []
    while some := keeper(house, WEEK).ring():
        rings.append(some)

    assert len(rings) > 3
    assert set(rings) == {1}


def test_a_clock_that_is_not_believed_erases_nothing(house: OnDisk) -> None:
    closed(house)
    house.now += timedelta(days=4000)

    assert Keeper(lambda: house.office, "one", lambda: WEEK, lambda: False).ring() == 0


def test_what_went_is_counted(house: OnDisk) -> None:
    closed(house)
    house.now += timedelta(days=8)

    keeper(house, Retention(held_seconds=DAY)).ring()

    assert b'maild_rows_erased_total{kind="held"}' in metrics.exposition()


def test_an_erasure_that_was_cut_off_is_finished_by_the_clock(house: OnDisk) -> None:
    plant(house)
    with house.database.write() as connection:
        residue.owe(connection)

    keeper(house, Retention()).ring()

    with house.database.read() as connection:
        assert not residue.is_owed(connection)


def test_the_report_says_how_much_would_go(house: OnDisk) -> None:
    closed(house)
    house.now += timedelta(days=8)
    limits = keeping.limits(WEEK, house.now)
    with house.database.read() as connection:
        would_go = {kind: retention.sizes(connection, kind, limits[kind]) for kind in Kind}

    assert would_go[Kind.TICKETS].rows == 1
    assert would_go[Kind.HELD].rows == size_of(house, Kind.HELD)
    assert would_go[Kind.RAW_MAIL].rows > 0
    assert would_go[Kind.RAW_MAIL].size > 500
    assert retention.file_size(house.database) > 100_000
