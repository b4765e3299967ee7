"""Others write while somebody is erased: nothing of it stays, or the operator hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy import Connection, text

from maild import privacy
from maild.core.decision import EventDraft
from maild.errors import LostRace
from maild.store import commit, erase, order, residue, traces
from maild.store.erase import Erased
from maild.store.order import Order
from maild.store.traces import Traces
from tests.core.scenes import ANNA
from tests.privacy.house import OnDisk, hits
from tests.trust.house import letter, proven

BEA = "bea@person.example"
WHO = "operator:root"
HERS, ANNAS = 1, 2
LAST_OF_HERS = 4
"""In `cut`."""
REFUSED = EventDraft(
    kind="reply.failed", actor="maild", data=(("to", BEA), ("answer", "550 no"), ("n", "1"))
)


@pytest.fixture
def desk(house: OnDisk) -> OnDisk:
    """A ticket of Bea's, and one of Anna's on which Bea is in Cc and has written nothing."""
    house.receive(letter(f"Bea <{BEA}>", "support@co.example", "Mine.", proven("person.example")))
    copied = f"support@co.example\r\nCc: {BEA}"
    house.receive(letter(ANNA, copied, f"Ask {BEA}.", proven("customer.example")))
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
    return house


def asked(house: OnDisk, statement: str) -> object:
    with house.database.read() as connection:
        return connection.execute(text(statement)).scalar_one()


def _lost(*_args: object) -> None:
    raise LostRace("somebody was faster")


def test_lost_at_each_try_it_never_says_that_nothing_is_held(
    desk: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(erase, "person", _lost)
        with pytest.raises(LostRace, match="faster"):
            privacy.erase(desk.office, BEA, WHO)
    assert not privacy.look(desk.office, BEA).is_empty

    done = privacy.erase(desk.office, BEA, WHO)

    assert done is not None
    assert done.erased.tickets == 1


def test_a_ticket_that_cannot_be_closed_is_not_erased_open(
    desk: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(privacy, "carry_out", _lost)
        with pytest.raises(LostRace, match="faster"):
            privacy.erase(desk.office, BEA, WHO)
    assert asked(desk, "SELECT count(*) FROM ticket WHERE erased_at IS NOT NULL") == 0

    privacy.erase(desk.office, BEA, WHO)

    assert asked(desk, "SELECT state FROM ticket WHERE erased_at IS NOT NULL") == "closed"
    assert asked(desk, f"SELECT count(*) FROM deadline WHERE ticket_id = {HERS}"
                       " AND state = 'waiting'") == 0  # fmt: skip


@pytest.mark.parametrize("writes", [1, 2])
def test_where_others_named_them_is_known_after_a_kill(
    desk: OnDisk, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    left = [writes]

    def die(connection: Connection) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        connection.execute(text("SELECT 1"))
        left[0] -= 1

    with monkeypatch.context() as patch:
        _at_each_write(desk, patch, after=die)
        with pytest.raises(KeyboardInterrupt):
            privacy.erase(desk.office, BEA, WHO)

    privacy.erase(desk.office, BEA, WHO)

    assert hits(desk, [BEA]) == set()


def _at_each_write(
    house: OnDisk, patch: pytest.MonkeyPatch, after: Callable[[Connection], None]
) -> None:
    """Do something right before each commit."""
    write = house.database.write

    @contextmanager
    def disturbed() -> Iterator[Connection]:
        with write() as connection:
            yield connection
            after(connection)

    patch.setattr(house.database, "write", disturbed)


def _refused_after(house: OnDisk, patch: pytest.MonkeyPatch, looks: int) -> None:
    """Let a copy to Bea fail on Anna's ticket, right after each of the first looks."""
    find, left = traces.find, [looks]

    def overtaken(connection: Connection, address: str) -> Traces:
        found = find(connection, address)
        if left[0]:
            left[0] -= 1
            with house.database.write() as other:
                commit.add_events(other, ANNAS, [REFUSED], 0, house.now)
        return found

    patch.setattr(traces, "find", overtaken)


def test_a_line_written_meanwhile_goes_too(desk: OnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        _refused_after(desk, patch, 1)

        done = privacy.erase(desk.office, BEA, WHO)

    assert done is not None
    assert done.erased.tickets == 1
    assert asked(desk, "SELECT count(*) FROM event WHERE kind = 'reply.failed'") == 1
    assert hits(desk, [BEA]) == set()


def test_who_is_written_about_all_the_time_is_to_be_erased_once_more(
    desk: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _refused_after(desk, patch, privacy.RACES_MAX)
        with pytest.raises(LostRace, match="at each try"):
            privacy.erase(desk.office, BEA, WHO)

    assert privacy.erase(desk.office, BEA, WHO) is not None
    assert hits(desk, [BEA]) == set()


def test_a_mail_in_hand_is_told_and_not_waited_for(desk: OnDisk) -> None:
    with desk.database.write() as connection:
        mail = f"UPDATE journal SET state = 'parsing', outcome = '' WHERE ticket_id = {HERS}"
        connection.execute(text(mail))

    done = privacy.erase(desk.office, BEA, WHO)

    assert done is not None
    assert done.in_hand == 1
    assert asked(desk, "SELECT count(*) FROM event WHERE kind = 'person.erased'") == 1


@pytest.mark.parametrize("is_large", [False, True])
def test_what_is_owed_while_the_files_are_cleared_stays_owed(
    house: OnDisk, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    monkeypatch.setattr(residue, "REWRITE_BYTES_MAX", -1 if is_large else 1 << 30)
    with house.database.write() as connection:
        residue.owe(connection)
    left = [1]

    def owe_once_more(connection: Connection) -> None:
        if left[0]:
            left[0] -= 1
            residue.owe(connection)

    with monkeypatch.context() as patch:
        _at_each_write(house, patch, after=owe_once_more)
        assert residue.clear(house.database)

    assert residue.clear(house.database), "all of it, not only what lies in gaps"
    with house.database.read() as connection:
        assert residue.is_owed(connection) == is_large


@pytest.fixture
def cut(house: OnDisk, monkeypatch: pytest.MonkeyPatch) -> OnDisk:
    """Three tickets of Bea's that go one by one, and one of Anna's."""
    monkeypatch.setattr(order, "TICKETS_AT_ONCE", 1)
    house.receive(letter(ANNA, "support@co.example", "Anna's.", proven("customer.example")))
    for n in range(3):
        mail = letter(f"Bea <{BEA}>", "support@co.example", f"Say {n}.", proven("person.example"))
        house.receive(mail)
    with house.database.write() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
    return house


@pytest.mark.parametrize("pieces", [0, 1, 2, 3])
def test_a_ticket_given_to_somebody_else_between_two_pieces_stays(
    cut: OnDisk, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    given = "UPDATE ticket SET customer_id = (SELECT customer_id FROM ticket WHERE id = 1)"

    with monkeypatch.context() as patch:
        _between(cut, patch, pieces, f"{given} WHERE id = {LAST_OF_HERS}")
        done = privacy.erase(cut.office, BEA, WHO)

    assert done is not None
    assert done.erased.tickets == 2
    kept = f"SELECT erased_at IS NULL AND subject <> '' FROM ticket WHERE id = {LAST_OF_HERS}"
    assert asked(cut, kept)
    assert hits(cut, [BEA]) == set()


def _between(house: OnDisk, patch: pytest.MonkeyPatch, pieces: int, statement: str) -> None:
    """Let somebody write once between two transactions, after so many pieces are gone."""
    write, part, left = house.database.write, erase.part, [pieces, 1]

    def counted(connection: Connection, piece: Order, now: datetime) -> Erased:
        done = part(connection, piece, now)
        left[0] -= 1
        return done

    @contextmanager
    def disturbed() -> Iterator[Connection]:
        if left[0] == 0 and left[1]:
            left[1] -= 1
            with write() as connection:
                connection.execute(text(statement))
        with write() as connection:
            yield connection

    patch.setattr(erase, "part", counted)
    patch.setattr(house.database, "write", disturbed)


def test_what_went_before_a_lost_race_is_told_too(
    cut: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, losses = erase.person, [1]

    def overtaken(connection: Connection, last: Order, now: datetime) -> Erased:
        if losses:
            losses.pop()
            raise LostRace("a new ticket came in meanwhile")
        return person(connection, last, now)

    monkeypatch.setattr(erase, "person", overtaken)

    done = privacy.erase(cut.office, BEA, WHO)

    assert done is not None
    assert not losses
    assert done.erased.tickets == 3
    audited = "SELECT CAST(data AS TEXT) FROM event WHERE kind = 'person.erased'"
    with cut.database.read() as connection:
        told = [json.loads(one) for one in connection.execute(text(audited)).scalars()]
    for name in ("tickets", "posts", "mails_in", "mails_out"):
        assert getattr(done.erased, name) == sum(int(one[name]) for one in told)
