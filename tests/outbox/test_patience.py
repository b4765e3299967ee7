"""Tests of waiting for relays: who may go where, and what happens to the rest meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from maild import patience
from maild.core.decision import ReplyKind
from maild.patience import Crowd, Hand, sharing
from maild.settings import RelaySettings
from maild.store.outbox import Outgoing
from tests.flows.stage import wait_for

DEAD = RelaySettings(scheme="smtp", host="dead.example", port=25)
DEAF = RelaySettings(scheme="smtp", host="deaf.example", port=25)
ALIVE = RelaySettings(scheme="smtp", host="alive.example", port=25)
NOW = datetime(2026, 3, 2, tzinfo=UTC)
MAIL = Outgoing(
    key="mail-1/reply/carla@customer.example",
    ticket_id=None,
    kind=ReplyKind.REPLY,
    mailbox="Support",
    envelope_from="",
    recipient="carla@customer.example",
    message_id="one@example.com",
    sha256="",
    size=1,
    literal=b"",
    pieces=[],
    created_at=NOW,
    not_before=NOW,
)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HELD_UP_SECONDS", 0.05)
    monkeypatch.setattr(patience, "ROOM_SECONDS", 0.05)
    monkeypatch.setattr(patience, "LOOK_SECONDS", 0.01)


def test_a_relay_gets_no_more_senders_than_it_may() -> None:
    crowd = Crowd(2)

    found = [crowd.enter(DEAD), crowd.enter(DEAD), crowd.enter(DEAD), crowd.enter(ALIVE)]

    assert found == [True, True, False, True]
    assert (crowd.has_room(DEAD), crowd.has_room(ALIVE)) == (False, True)


def test_whoever_comes_back_leaves_room_at_once() -> None:
    crowd = Crowd(1)
    crowd.enter(ALIVE)
    threading.Timer(0.01, crowd.leave, [ALIVE]).start()

    assert any(crowd.enter(ALIVE) for _ in range(600))


def test_a_full_relay_that_was_just_entered_still_has_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "ROOM_SECONDS", 60.0)
    crowd = Crowd(1)
    crowd.enter(ALIVE)

    assert crowd.has_room(ALIVE)


def test_relays_that_were_slow_share_the_senders_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd(2)
    slow(crowd, DEAD, monkeypatch)
    slow(crowd, DEAF, monkeypatch)

    found = [crowd.enter(DEAD), crowd.enter(DEAF), crowd.enter(DEAF), crowd.enter(ALIVE)]
    monkeypatch.setattr(patience, "HELD_UP_SECONDS", 60.0)
    crowd.leave(DEAD)
    again = [crowd.enter(DEAD), crowd.enter(DEAD), crowd.enter(DEAF)]

    assert found == [True, True, False, True]
    assert again == [True, True, True], "one that answers in a moment again counts for itself"


def test_a_relay_that_was_slow_once_waits_for_dead_ones_only_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd = Crowd(2)
    slow(crowd, ALIVE, monkeypatch)
    slow(crowd, DEAD, monkeypatch)
    for _ in range(2):
        crowd.enter(DEAD)
    at_first = crowd.enter(ALIVE)
    monkeypatch.setattr(patience, "SLOW_SECONDS", 0.0)

    assert (at_first, crowd.enter(ALIVE)) == (False, True)


def slow(crowd: Crowd, relay: RelaySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody be there for long."""
    with monkeypatch.context() as at_once:
        at_once.setattr(patience, "HELD_UP_SECONDS", 0.0)
        crowd.enter(relay)
        crowd.leave(relay)


def test_a_failed_return_does_not_end_the_look_at_the_next_one() -> None:
    hand, given = Hand(Crowd(1)), threading.Semaphore(0)

    def give_back(mails: Sequence[Outgoing]) -> None:
        assert mails == [MAIL]
        given.release()
        raise RuntimeError("the database has gone mad")

    with sharing(hand, give_back):
        for _ in range(2):
            hand.left = {MAIL.id: MAIL}
            hand.waits()
            assert given.acquire(timeout=30)
            hand.is_heard()

    assert hand.left == {}


def test_nothing_is_given_back_while_no_relay_is_waited_for() -> None:
    hand = Hand(Crowd(1))
    hand.left = {MAIL.id: MAIL}
    hand.waits()
    hand.is_heard()

    assert hand.of_the_held_up() == []


def test_whoever_waits_for_long_is_held_up_until_the_relay_speaks() -> None:
    crowd = Crowd(1)
    hand = Hand(crowd)
    before = crowd.is_held_up
    with sharing(hand, lambda _mails: None):
        hand.waits()
        wait_for(lambda: crowd.is_held_up, "nobody notices")
    hand.is_heard()

    assert (before, crowd.is_held_up) == (False, False)
