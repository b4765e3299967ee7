"""The outbox: claimed on a lease, recorded before it is sent, and sent once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from maild.errors import HalfTaken, StoreBusy
from maild.store import outbox
from maild.store.database import Database
from maild.store.outbox import LEASE, Attempted, Call, Outgoing
from maild.store.tables import OutboxState, metadata
from tests.store.rows import NOW, outgoing, queued

_OUTBOX = metadata.tables["outbox"]
SENT, FAILED, HELD, QUEUED = (
    OutboxState.SENT,
    OutboxState.FAILED,
    OutboxState.HELD,
    OutboxState.QUEUED,
)


def claim(
    database: Database, limit: int = 10, node: str = "a", **later: float
) -> tuple[Outgoing, ...]:
    return outbox.claim(database, node, NOW + timedelta(**later), limit)


def row(database: Database, key: str = "k1") -> dict[str, Any]:
    table = metadata.tables["outbox"]
    with database.read() as connection:
        return dict(connection.execute(select(table).where(table.c.key == key)).mappings().one())


def attempts(database: Database) -> list[tuple[int, str]]:
    table = metadata.tables["attempt"]
    with database.read() as connection:
        found = connection.execute(select(table).order_by(table.c.id))
        return [(line.n, line.result) for line in found]


def record(
    database: Database, mail: Outgoing, state: OutboxState, node: str = "a", **more: Any
) -> bool:
    result = {SENT: "accepted", FAILED: "permanent"}.get(state, "temporary")
    done = Attempted(
        outbox_id=mail.id,
        attempt=mail.attempts,
        state=state,
        result=result,
        answer="words",
        **more,
    )
    with database.write() as connection:
        return outbox.record(connection, node, [done], NOW)


def test_a_mail_comes_back_as_it_was_stored_with_its_attempt_recorded(database: Database) -> None:
    stored = outgoing()
    queued(database, stored)

    (found,) = claim(database)

    assert (found.literal, found.pieces, found.sha256) == (
        stored.literal,
        stored.pieces,
        stored.sha256,
    )
    assert (found.attempts, found.created_at) == (1, NOW)
    assert attempts(database) == [(1, "")]
    assert row(database)["state"] == "sending"
    assert claim(database) == ()


def test_a_key_is_there_once(database: Database) -> None:
    queued(database, outgoing(size=3))
    queued(database, outgoing(size=4), outgoing("k2"))

    assert [(mail.key, mail.size) for mail in claim(database)] == [("k1", 3), ("k2", 3)]


def test_a_mail_that_must_wait_is_scheduled(database: Database) -> None:
    queued(database, outgoing(not_before=NOW + timedelta(seconds=60)))

    assert row(database)["state"] == "scheduled"
    assert claim(database, seconds=59) == ()
    with database.read() as connection:
        assert outbox.next_due(connection) == NOW + timedelta(seconds=60)
    assert len(claim(database, seconds=60)) == 1


def test_the_oldest_goes_first(database: Database) -> None:
    queued(
        database,
        outgoing("late", not_before=NOW + timedelta(seconds=1)),
        outgoing("a"),
        outgoing("b"),
    )

    assert [mail.key for mail in claim(database, 2, minutes=1)] == ["a", "b"]
    assert [mail.key for mail in claim(database, 2, minutes=1)] == ["late"]


def test_a_sent_mail_is_done(database: Database) -> None:
    queued(database, outgoing())
    record(database, claim(database)[0], SENT)

    found = row(database)
    assert (found["state"], found["sent_at"], found["last_error"]) == ("sent", NOW, "")
    assert attempts(database) == [(1, "accepted")]
    assert claim(database, days=9) == ()


def test_a_mail_that_did_not_go_is_tried_again_at_its_time(database: Database) -> None:
    queued(database, outgoing())
    again = NOW + timedelta(minutes=1)
    record(database, claim(database)[0], QUEUED, next_try_at=again, unknown_ends=1, told=True)

    assert claim(database, seconds=59) == ()
    (mail,) = claim(database, seconds=60)
    assert (mail.attempts, mail.unknown_ends, mail.told) == (2, 1, True)
    assert attempts(database) == [(1, "temporary"), (2, "")]


def test_a_failed_mail_keeps_its_words(database: Database) -> None:
    queued(database, outgoing())
    record(database, claim(database)[0], FAILED)

    found = row(database)
    assert (found["state"], found["last_error"], found["sent_at"]) == ("failed", "words", None)


def test_late_news_never_sends_a_sent_mail_again(database: Database) -> None:
    queued(database, outgoing())
    (slow,) = claim(database, node="slow")
    with database.write() as connection:
        outbox.recover(connection, [], NOW + LEASE + timedelta(seconds=1))
    (quick,) = claim(database, node="quick")
    assert record(database, quick, SENT, "quick")

    assert not record(database, slow, QUEUED, "slow", next_try_at=NOW)

    assert row(database)["state"] == "sent"
    assert attempts(database) == [(1, "temporary"), (2, "accepted")]


def test_dead_nodes_and_ended_leases_come_back(database: Database) -> None:
    queued(database, outgoing())
    claim(database, node="dead")

    with database.write() as connection:
        assert outbox.recover(connection, ["other"], NOW + LEASE) == 0
        assert outbox.recover(connection, ["dead"], NOW) == 1
    (mail,) = claim(database)
    assert mail.attempts == 2


def test_what_was_not_tried_counts_no_attempt(database: Database) -> None:
    queued(database, outgoing("k1"), outgoing("k2"))
    first, second = claim(database)
    record(database, second, SENT)

    with database.write() as connection:
        outbox.put_back(connection, "a", [first, second])

    assert row(database, "k2")["state"] == "sent"
    assert attempts(database) == [(1, "accepted")]
    assert [(mail.key, mail.attempts) for mail in claim(database)] == [("k1", 1)]


@pytest.mark.parametrize("state", [SENT, OutboxState.SENDING])
def test_an_operator_moves_nothing_that_is_sent_or_under_way(
    database: Database, state: OutboxState
) -> None:
    queued(database, outgoing())
    (mail,) = claim(database)
    if state is SENT:
        record(database, mail, SENT)

    with database.write() as connection:
        assert not outbox.move(connection, mail.id, QUEUED, NOW)
    assert row(database)["state"] == state


def test_an_operator_holds_drops_and_retries(database: Database) -> None:
    queued(database, outgoing())
    number = row(database)["id"]

    for state in (HELD, FAILED, QUEUED):
        with database.write() as connection:
            assert outbox.move(connection, number, state, NOW + timedelta(hours=1))
        assert row(database)["state"] == state
        assert claim(database) == ()
    assert len(claim(database, hours=1)) == 1


def dial(database: Database, mail: Outgoing, node: str = "a", *, trace: bool = True) -> bool:
    with database.write() as connection:
        return outbox.dial(connection, node, [Call(mail=mail, leaves_trace=trace)], NOW)


def recover(database: Database, node: str = "a") -> None:
    with database.write() as connection:
        assert outbox.recover(connection, [node], NOW) == 1


def test_a_lost_claim_is_not_dialled_nor_recorded_nor_put_back(database: Database) -> None:
    queued(database, outgoing())
    (old,) = claim(database)
    recover(database)
    (new,) = claim(database)

    assert not dial(database, old)
    assert not record(database, old, FAILED)
    with database.write() as connection:
        outbox.put_back(connection, "a", [old])

    assert (row(database)["state"], row(database)["attempts"]) == ("sending", 2)
    assert not dial(database, new, "another")
    assert dial(database, new)
    assert row(database)["claimed_until"] == NOW + LEASE


def test_what_was_sent_is_sent_even_when_the_lease_was_over(database: Database) -> None:
    queued(database, outgoing())
    (slow,) = claim(database)
    recover(database)
    (other,) = claim(database, node="b")

    assert record(database, slow, SENT)

    assert not dial(database, other, "b")
    assert row(database)["state"] == "sent"


def test_a_crash_after_the_relay_was_dialled_is_silence(database: Database) -> None:
    queued(database, outgoing())
    (mail,) = claim(database)
    assert dial(database, mail)

    recover(database)

    assert claim(database, minutes=9) == ()
    (again,) = claim(database, minutes=10)
    assert (again.attempts, again.unknown_ends, again.first_try_at) == (2, 1, NOW)
    assert not row(database)["dialled"]


def test_what_was_marked_and_not_dialled_comes_back_at_once(database: Database) -> None:
    queued(database, outgoing())
    (mail,) = claim(database)
    assert dial(database, mail)
    with database.write() as connection:
        outbox.put_back(connection, "a", [mail])

    (again,) = claim(database)

    assert (again.attempts, again.unknown_ends, row(database)["dialled"]) == (1, 0, False)
    assert again.first_try_at is None


def test_what_was_put_back_keeps_the_time_of_its_first_try(database: Database) -> None:
    queued(database, outgoing())
    (mail,) = claim(database)
    assert dial(database, mail)
    record(database, mail, QUEUED, next_try_at=NOW)
    (mail,) = claim(database)

    with database.write() as connection:
        outbox.put_back(connection, "a", [mail])

    assert row(database)["first_try_at"] == NOW


def test_a_claim_whose_commit_nobody_saw_is_undone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(database, *(outgoing(f"k{n}") for n in range(3)))
    with monkeypatch.context() as patch:
        patch.setattr(database, "write", unseen(database))
        with pytest.raises(HalfTaken) as lost:
            claim(database)
    ids = lost.value.ids

    with database.write() as connection:
        outbox.undo_claim(connection, "a", ids, NOW)
    (newer,) = claim(database, 1, seconds=1)
    with database.write() as connection:
        outbox.undo_claim(connection, "a", ids, NOW)

    assert len(ids) == 3
    assert (newer.id, newer.attempts) == (ids[0], 1)
    assert [row(database, f"k{n}")["state"] for n in range(3)] == ["sending", "queued", "queued"]
    assert attempts(database) == [(1, "")]


def unseen(database: Database) -> Callable[[], AbstractContextManager[Any]]:
    """Let the end of a transaction, which is done, not be heard."""
    write = database.write

    @contextmanager
    def broken() -> Iterator[Any]:
        with write() as connection:
            yield connection
        raise StoreBusy("the server closed the connection unexpectedly")

    return broken


def test_many_are_marked_and_recorded_together(database: Database) -> None:
    queued(database, *(outgoing(f"k{n}") for n in range(3)))
    mails = claim(database)
    ends = (SENT, QUEUED, FAILED)
    again = NOW + timedelta(minutes=1)
    done = [
        Attempted(
            outbox_id=mail.id, attempt=1, state=end, result="x", answer=end, next_try_at=again
        )
        for mail, end in zip(mails, ends, strict=True)
    ]
    with database.write() as connection:
        calls = [Call(mail=mail, leaves_trace=mail.key == "k1") for mail in mails]
        all_are_ours = outbox.dial(connection, "a", calls, NOW)
        marks = [row["dialled"] for row in connection.execute(select(_OUTBOX)).mappings()]
        is_news = outbox.record(connection, "a", done, NOW)
        is_news_again = outbox.record(connection, "a", done, NOW)

    found = [row(database, mail.key) for mail in mails]
    assert (all_are_ours, is_news, is_news_again) == (True, True, False)
    assert marks == [False, True, False]
    assert [one["state"] for one in found] == list(ends)
    assert [one["last_error"] for one in found] == ["", "queued", "failed"]


def test_a_lost_claim_among_many_is_told(database: Database) -> None:
    queued(database, outgoing("k1"), outgoing("k2"))
    first, second = claim(database)
    with database.write() as connection:
        outbox.put_back(connection, "a", [second])
        calls = [Call(mail=mail, leaves_trace=True) for mail in (first, second)]

        assert not outbox.dial(connection, "a", calls, NOW)


def test_a_crash_at_a_maildir_is_mended_at_once(database: Database) -> None:
    queued(database, outgoing())
    (mail,) = claim(database)
    assert dial(database, mail, trace=False)

    recover(database)

    assert [again.unknown_ends for again in claim(database)] == [0]


def test_a_retry_by_an_operator_begins_anew(database: Database) -> None:
    queued(database, outgoing())
    (mail,) = claim(database)
    assert dial(database, mail)
    record(database, mail, HELD, unknown_ends=3)

    with database.write() as connection:
        assert outbox.move(connection, mail.id, QUEUED, NOW)

    (again,) = claim(database)
    assert (again.unknown_ends, again.first_try_at) == (0, None)
