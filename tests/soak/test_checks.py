"""Tests of the soak's questions: a house in order is found in order, and each planted fault is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.soak.checks import NOTE, Evidence, Reply, Row, Sent, confidence_of, violations

ALICE = "alice@example.com"
CARLA, DAVE = "carla@customer.example", "dave@customer.example"
ROW = Row(sha256="a1", outcome="posted", posts=1, message_id="one")
REPLY = Reply(sha256="b1", state="sent", message_id="reply-one")
SENT = Sent(
    sha256="b1",
    message_id="reply-one",
    recipient=CARLA,
    confidences=frozenset({confidence_of(CARLA)}),
    reply_to="token-1@example.com",
)
SOUND = Evidence(
    acknowledged=frozenset({"a1"}),
    journal=(ROW,),
    outbox=(REPLY,),
    sent=(SENT, SENT),
    tickets=Counter({CARLA: 1}),
    agents=frozenset({ALICE}),
)
PLANTED = {
    "lost": ("I1", replace(SOUND, acknowledged=frozenset({"a1", "a2"}))),
    "no end": ("I2", replace(SOUND, journal=(replace(ROW, outcome="", posts=0),))),
    "held": ("I2", replace(SOUND, journal=(replace(ROW, outcome="held", posts=0),))),
    "no post": ("I2", replace(SOUND, journal=(replace(ROW, posts=0),))),
    "two posts": ("I2", replace(SOUND, journal=(replace(ROW, posts=2),))),
    "stuck": ("I3", replace(SOUND, outbox=(replace(REPLY, state="sending"),), sent=())),
    "other bytes": ("I3", replace(SOUND, sent=(SENT, replace(SENT, sha256="b2")))),
    "never sent": ("I3", replace(SOUND, sent=())),
    "posted twice": ("I4", replace(SOUND, journal=(ROW, replace(ROW, sha256="a2")))),
    "two tickets": ("I4", replace(SOUND, tickets=Counter({CARLA: 2}))),
    "written twice": ("I4", replace(SOUND, outbox=(REPLY, replace(REPLY, state="queued")))),
    "another's words": (
        "I5",
        replace(SOUND, sent=(replace(SENT, confidences=frozenset({confidence_of(DAVE)})),)),
    ),
    "a note": ("I5", replace(SOUND, sent=(replace(SENT, confidences=frozenset({f"{NOTE}7"})),))),
    "another's token": ("I5", replace(SOUND, sent=(SENT, replace(SENT, recipient=DAVE)))),
}


def test_a_house_in_order_is_found_in_order() -> None:
    assert violations(SOUND) == []


def test_an_agent_may_read_notes_and_every_customers_words() -> None:
    told = replace(SENT, recipient=ALICE, confidences=frozenset({f"{NOTE}7", confidence_of(DAVE)}))

    assert violations(replace(SOUND, sent=(told,))) == []


def test_what_went_out_after_the_outbox_was_looked_at_need_not_stand_in_it() -> None:
    later = replace(SENT, sha256="b2", message_id="reply-two")

    assert violations(replace(SOUND, sent=(SENT, later), sent_since=1)) == []
    assert violations(replace(SOUND, sent=(later, SENT), sent_since=1)) != []


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_violation_is_found(planted: str) -> None:
    invariant, evidence = PLANTED[planted]

    found = violations(evidence)

    assert [line[:2] for line in found if line.startswith(invariant)], found
