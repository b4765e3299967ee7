"""What an address loses that gave our mail back, and who brings it back to life."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.decision import Decision, ReplyKind
from maild.core.reason import Why
from maild.core.snapshot import World
from maild.core.suspension import Marked, reachable
from maild.core.ticket import State
from tests.core.scenes import (
    ALICE,
    ANNA,
    BEN,
    EVE,
    HOUSE,
    KEYS,
    LMTP,
    PROVEN,
    RECEIVED,
    TRUSTED,
    autoreply,
    from_agent,
    mail,
    our_id,
    play,
    reply_address,
    ticket,
    view,
)

WORLD = World(house=HOUSE, keys=KEYS)
OWN = reply_address(ANNA)


def suspended(*addresses: str) -> tuple[Marked, ...]:
    return tuple(Marked(address=address, is_suspended=True) for address in addresses)


def answered() -> Decision:
    """Alice's answer, which goes to Anna and to Ben."""
    decision = play(from_agent("Have you tried water?"), envelope=TRUSTED, views=[view()])
    assert [reply.recipient for reply in decision.replies] == [ANNA, BEN]
    return decision


def test_a_suspended_reader_gets_no_copy_and_the_agent_is_told() -> None:
    decision = reachable(answered(), suspended(BEN), WORLD)

    copy, told = decision.replies
    assert (copy.kind, copy.recipient) == (ReplyKind.REPLY, ANNA)
    assert (told.kind, told.template, told.recipient) == (ReplyKind.TROUBLE, "undelivered", ALICE)
    assert (told.unreached, told.reason) == (BEN, "suspended")
    assert told.text == "Have you tried water?"
    assert [e.kind for e in decision.events if e.kind == "reply.suspended"] == ["reply.suspended"]
    assert Why.SUSPENDED in [reason.why for reason in decision.reasons]


def test_an_answer_that_is_not_sent_was_not_given() -> None:
    before = answered()
    assert before.after is not None
    assert before.after.state is State.PENDING

    decision = reachable(before, suspended(ANNA), WORLD)

    assert decision.after == replace(before.after, state=State.OPEN)
    assert decision.events[-1].kind == "state.changed"
    assert decision.events[-1].data == (("from", "pending"), ("to", "open"))


def test_a_copy_that_is_not_sent_leaves_the_answer_given() -> None:
    before = answered()

    assert reachable(before, suspended(BEN), WORLD).after == before.after


def test_who_hears_of_a_new_ticket_hears_that_its_customer_cannot_be_written_to() -> None:
    decision = reachable(play(mail()), suspended(ANNA), WORLD)

    notices = [reply for reply in decision.replies if reply.kind is ReplyKind.NOTIFICATION]
    assert notices
    assert {notice.unreached for notice in notices} == {ANNA}


def test_nobody_is_told_of_a_lost_acknowledgement() -> None:
    opened = play(mail())
    assert opened.replies[0].kind is ReplyKind.ACKNOWLEDGEMENT

    decision = reachable(opened, suspended(ANNA), WORLD)

    assert ANNA not in [reply.recipient for reply in decision.replies]
    assert ReplyKind.TROUBLE not in [reply.kind for reply in decision.replies]
    assert "reply.suspended" in [event.kind for event in decision.events]


def test_an_agent_who_cannot_be_reached_is_not_told_either() -> None:
    decision = reachable(replace(answered(), alive=""), suspended(BEN, ALICE), WORLD)

    assert [reply.recipient for reply in decision.replies] == [ANNA]


def test_an_address_with_fewer_bounces_is_written_to() -> None:
    before = answered()

    after = reachable(before, (Marked(address=BEN, is_suspended=False),), WORLD)

    assert after.replies == before.replies
    assert "reply.suspended" not in [event.kind for event in after.events]


@pytest.mark.parametrize(
    ("letter", "alive"),
    [
        (mail(to=[OWN]), ANNA),
        (mail(headers=(*PROVEN, RECEIVED)), ANNA),
        (mail(), ""),
        (mail(answers=[our_id()]), ""),
        (mail(EVE, to=[OWN]), ""),
        (replace(mail(to=[OWN]), classification=autoreply()), ""),
    ],
    ids=["token", "domain", "claimed", "message-id", "another's token", "automatic"],
)
def test_only_the_owner_of_an_address_brings_it_back(letter: object, alive: str) -> None:
    known = view(ticket(State.OPEN))

    decision = play(letter, envelope=LMTP, views=[known])  # type: ignore[arg-type]

    assert decision.alive == alive


def test_who_is_alive_is_written_to_again() -> None:
    opened = play(mail(headers=(*PROVEN, RECEIVED)), envelope=LMTP)

    decision = reachable(opened, suspended(ANNA), WORLD)

    assert decision.alive == ANNA
    assert decision.replies == opened.replies
    assert "address.released" in [event.kind for event in decision.events]


def test_nothing_is_written_about_addresses_that_were_never_marked() -> None:
    opened = play(mail(headers=(*PROVEN, RECEIVED)), envelope=LMTP)

    decision = reachable(opened, (), WORLD)

    assert opened.alive == ANNA
    assert decision == replace(opened, alive="")
