"""News for customers who wait: what each of them is sent, and who is sent nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core import announcement
from maild.core.announcement import Announcement
from maild.core.decision import Decision, Outcome, ReplyKind
from maild.core.snapshot import TicketView, World
from maild.core.ticket import Customer, PostKind, State
from maild.core.trust import Level
from tests.core.scenes import ANNA, CANNED, HOUSE, KEYS, NOW, SUPPORT, post, ticket, view

NEWS = Announcement(name="slow", texts=(("en", "It is slow."), ("de", "Es ist langsam.")))
PROVEN = replace(post(1), trust=Level.DOMAIN.label)
AT = NOW + timedelta(minutes=3)


def _told(known: TicketView, news: Announcement = NEWS) -> Decision:
    world = World(house=HOUSE, keys=KEYS, canned=CANNED)
    return announcement.decide(news, known, world, now=NOW, at=AT)


@pytest.mark.parametrize(
    ("spoken", "language", "text"),
    [("en", "en", "It is slow."), ("de", "de", "Es ist langsam."), ("fr", "en", "It is slow.")],
)
def test_a_customer_reads_it_in_their_language(spoken: str, language: str, text: str) -> None:
    decision = _told(view(ticket(language=spoken), [PROVEN]))

    [reply] = decision.replies
    assert (reply.recipient, reply.language, reply.text) == (ANNA, language, text)
    assert (reply.kind, reply.post_n, reply.not_before) == (ReplyKind.TEMPLATE, 2, AT)
    assert reply.key == announcement.key(NEWS, ANNA.upper())


@pytest.mark.parametrize("state", [State.NEW, State.OPEN, State.PENDING, State.ON_HOLD])
def test_news_is_no_answer(state: State) -> None:
    known = ticket(state)

    decision = _told(view(known, [PROVEN]))

    assert decision.after == known
    assert [(p.n, p.kind, p.text) for p in decision.posts] == [(2, PostKind.AUTO, "It is slow.")]
    assert [(e.kind, dict(e.data)) for e in decision.events] == [
        ("announcement.sent", {"name": "slow"})
    ]


def test_who_proved_nothing_hears_nothing() -> None:
    decision = _told(view(ticket(), [post(1)]))

    assert (decision.outcome, decision.replies, decision.posts) == (Outcome.IGNORED, (), ())
    assert "not verified" in str(decision.reasons[0])


def test_whom_an_agent_has_answered_hears_it() -> None:
    decision = _told(view(ticket(), [post(1), post(2, PostKind.AGENT)]))

    assert [reply.recipient for reply in decision.replies] == [ANNA]


def test_none_of_our_own_addresses_hears_it() -> None:
    known = ticket(customer=Customer(address=SUPPORT))

    assert _told(view(known, [PROVEN])).replies == ()
