"""A mail that an agent forwards is the original sender's ticket, or a question to the agent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.decision import Decision, Outcome, ReplyKind
from maild.core.mail import Address, Forwarded, Mail
from maild.core.reason import Why
from maild.core.ticket import PostKind
from tests.core.scenes import (
    ALICE,
    ANNA,
    BOB,
    EVE,
    SUPPORT,
    TRUSTED,
    UNTRUSTED,
    file,
    mail,
    play,
    view,
)

ORIGINAL = Forwarded(
    sender=Address(name="Eve", addr="Eve@elsewhere.example"),
    subject="Re: It leaks",
    text="There is water everywhere.",
    comment="She rang, too.",
)


def forward(original: Forwarded | None = ORIGINAL, subject: str = "Fwd: It leaks") -> Mail:
    letter = mail(ALICE, subject=subject, text="She rang, too.", attachments=(file(),))
    return replace(letter, reply=replace(letter.reply, forwarded=original))


def attached(sender: str = f"Eve <{EVE}>", kind: str = "message/rfc822") -> Mail:
    letter = forward(None)
    parsed = replace(
        letter.parsed,
        part_types=("multipart/mixed", "text/plain", kind),
        returned_headers=(
            ("from", sender),
            ("subject", "It leaks"),
            ("message-id", "<w1@elsewhere.example>"),
        ),
        returned_text="There is water everywhere.",
    )
    return replace(letter, parsed=parsed)


def opened(letter: Mail) -> Decision:
    decision = play(letter, envelope=TRUSTED)
    assert (decision.outcome, decision.after is not None) == (Outcome.POSTED, True)
    return decision


def test_it_opens_the_ticket_of_who_wrote_the_original() -> None:
    decision = opened(forward())

    assert decision.after is not None
    assert (decision.after.customer.address, decision.after.customer.name) == (EVE, "Eve")
    assert [p.address for p in decision.after.participants] == [EVE]
    assert decision.after.subject == "It leaks"
    post, note = decision.posts
    assert (post.n, post.kind, post.author, post.trust) == (1, PostKind.CUSTOMER, EVE, "E0")
    assert post.text == "There is water everywhere."
    assert [a.name for a in post.attachments] == ["a.txt"]
    assert (note.n, note.kind, note.author, note.text) == (
        2,
        PostKind.NOTE,
        ALICE,
        "She rang, too.",
    )
    assert (note.journal_id, note.attachments) == (0, ())


def test_the_agents_own_message_id_never_reaches_the_customers_thread() -> None:
    post, note = opened(forward()).posts

    assert (post.message_id, note.message_id) == ("", "m1@customer.example")


def test_nothing_is_sent_to_the_customer_and_colleagues_read_the_comment() -> None:
    decision = opened(forward())

    assert [(r.kind, r.recipient) for r in decision.replies] == [(ReplyKind.NOTIFICATION, BOB)]
    assert decision.replies[0].text == "There is water everywhere."
    assert decision.replies[0].sender_name == decision.replies[0].author == "Eve"
    assert [(q.kind, q.text) for q in decision.replies[0].history] == [("note", "She rang, too.")]


def test_without_a_comment_there_is_no_note() -> None:
    assert len(opened(forward(replace(ORIGINAL, comment=" "))).posts) == 1


def test_an_attached_original_is_known_by_its_own_message_id() -> None:
    decision = opened(attached())

    assert decision.posts[0].message_id == "w1@elsewhere.example"
    assert decision.posts[0].text == "There is water everywhere."
    assert decision.posts[1].text == "She rang, too."
    assert "w1@elsewhere.example" in decision.keys


@pytest.mark.parametrize(
    "letter",
    [
        forward(None),
        forward(replace(ORIGINAL, sender=Address(addr=SUPPORT))),
        forward(replace(ORIGINAL, sender=Address(addr=BOB))),
        forward(replace(ORIGINAL, sender=Address(addr="not an address"))),
        attached(f"{EVE}, {ANNA}"),
        attached(kind="text/rfc822-headers"),
    ],
    ids=["nothing", "our own", "a colleague", "invalid", "two", "headers only"],
)
def test_where_the_original_is_not_certain_the_agent_is_asked(letter: Mail) -> None:
    decision = play(letter, envelope=TRUSTED)

    assert (decision.outcome, decision.after, decision.posts) == (Outcome.HELD, None, ())
    assert [(r.template, r.recipient) for r in decision.replies] == [("held", ALICE)]
    assert decision.reasons[-1].why is Why.FORWARD_UNREADABLE


def test_a_mere_claim_to_be_the_agent_opens_nothing_and_the_agent_is_told() -> None:
    decision = play(forward(), envelope=UNTRUSTED)

    assert (decision.outcome, decision.after) == (Outcome.HELD, None)
    assert [(r.template, r.recipient) for r in decision.replies] == [("held", ALICE)]
    assert decision.reasons[-1].why is Why.AGENT_UNPROVEN


def test_only_what_the_agent_wrote_beyond_doubt_is_shown_to_the_agent() -> None:
    """Whoever forges From would write to the agent in our name."""
    forged = play(forward(), envelope=UNTRUSTED)
    proven = play(forward(None), envelope=TRUSTED)

    assert [reply.text for reply in forged.replies] == [""]
    assert [reply.text for reply in proven.replies] == ["She rang, too."]


def test_what_an_agent_writes_without_forwarding_is_a_ticket_of_their_own() -> None:
    decision = play(forward(None, subject="My chair"), envelope=TRUSTED)

    assert decision.after is not None
    assert decision.after.customer.address == ALICE


def test_a_customers_forward_is_the_customers_ticket() -> None:
    letter = forward()
    letter = replace(letter, parsed=replace(letter.parsed, from_=(Address(addr=ANNA),)))

    decision = play(letter, envelope=TRUSTED, views=[view()])

    assert decision.after is not None
    assert decision.after.customer.address == ANNA
