"""What follows from a mail of ours that came back, or that is late."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core import history, undelivered
from maild.core.decision import Decision, ReplyKind
from maild.core.history import Entry
from maild.core.mail import Bounce, BounceClass, Mail
from maild.core.snapshot import TicketView, World
from maild.core.ticket import PostKind, State
from maild.core.token import Purpose, issue
from maild.core.undelivered import Failure
from tests.core.scenes import (
    ALICE,
    ANNA,
    BEN,
    BOUNCE,
    HOUSE,
    KEYS,
    NOW,
    TICKET,
    mail,
    play,
    post,
    reply_address,
    ticket,
    view,
)


def post_id(n: int, number: int = TICKET) -> str:
    token = issue(
        KEYS, purpose=Purpose.THREAD, ticket=number, recipient=f"post:{n}", today=NOW.date()
    )
    return f"{token}.p{n}@co.example"


def other_id() -> str:
    """The id of a survey, an acknowledgement, any mail that carries no post."""
    token = issue(
        KEYS, purpose=Purpose.THREAD, ticket=TICKET, recipient="key:5eed", today=NOW.date()
    )
    return f"{token}.k5eed@co.example"


def report(address: str = ANNA, message_id: str = "", **more: object) -> Mail:
    """A report about the mail with this id, from the system of whom it went to."""
    found = Bounce(
        addresses=(address,),
        bounce_class=BounceClass.PERMANENT,
        message_id=message_id or post_id(2),
        detail="552 5.2.2 Mailbox full",
    )
    path = reply_address(address, purpose=Purpose.RETURN)
    sender = "mailer-daemon@mx.example"
    bounce = replace(found, **more)  # type: ignore[arg-type]
    return mail(sender, to=[path], machine=BOUNCE, bounce=bounce)


def answered(state: State = State.PENDING, assignee: str = ALICE) -> TicketView:
    words = post(2, PostKind.AGENT, "Have you tried water?", ALICE)
    return view(ticket(state, assignee=assignee), posts=[post(1), words])


def told(decision: Decision) -> list[tuple[str, str, bool]]:
    """Who is told by which words, and whether these call it the agent's reply."""
    return [
        (reply.recipient, reply.template, reply.post_kind is PostKind.AGENT)
        for reply in decision.replies
    ]


def test_an_answer_that_came_back_was_not_given() -> None:
    decision = play(report(), views=[answered()])

    assert decision.after is not None
    assert decision.after.state is State.OPEN
    assert [event.kind for event in decision.events] == ["reply.bounced", "state.changed"]
    assert told(decision) == [(ALICE, "undelivered", True)]
    assert decision.replies[0].detail == "552 5.2.2 Mailbox full"


@pytest.mark.parametrize(
    ("recipient", "is_final", "state"),
    [(ANNA, True, State.OPEN), (ANNA, False, State.PENDING), (BEN, True, State.PENDING)],
)
def test_an_answer_that_the_relay_refused_was_not_given(
    recipient: str, state: State, *, is_final: bool
) -> None:
    failure = Failure(
        outbox_id=1,
        kind=ReplyKind.REPLY,
        recipient=recipient,
        answer="550 no",
        is_final=is_final,
        at=NOW,
        post_n=2,
    )

    decision = undelivered.decide(failure, answered().ticket, World(house=HOUSE, keys=KEYS))

    assert decision.after is not None
    assert decision.after.state is state


def test_a_full_mailbox_is_not_counted_as_a_dead_address() -> None:
    full = play(report(is_full=True), views=[answered()])
    dead = play(report(), views=[answered()])

    assert full.returned is not None
    assert dead.returned is not None
    assert full.returned.bounce_class is BounceClass.TEMPORARY
    assert dead.returned.bounce_class is BounceClass.PERMANENT
    assert full.after == dead.after


def test_an_answer_that_came_back_stops_no_clock() -> None:
    (event, *_) = play(report(), views=[answered()]).events
    added = (("kind", "agent"), ("n", "2"))
    log = [
        Entry(id=1, at=NOW, kind="ticket.created", actor=ANNA),
        Entry(id=2, at=NOW, kind="post.added", actor=ALICE, data=added),
    ]

    came_back = Entry(id=3, at=NOW, kind=event.kind, actor=event.actor, data=event.data)

    assert [spoken.n for spoken in history.spoken(log)] == [2]
    assert not history.spoken([*log, came_back])


@pytest.mark.parametrize("state", [State.SOLVED, State.ON_HOLD, State.CLOSED, State.OPEN])
def test_what_a_person_said_of_a_ticket_stays(state: State) -> None:
    known = answered(state)

    assert play(report(), views=[known]).after == known.ticket


@pytest.mark.parametrize(
    "letter",
    [
        report(BEN),
        report(is_final=False, bounce_class=BounceClass.TEMPORARY),
        report(message_id=other_id()),
        report(message_id=post_id(1)),
        report(message_id=post_id(2).replace(".p2@", ".p3@")),
        report(message_id=post_id(2, 8)),
        report(message_id="any@where.example"),
    ],
    ids=["a copy", "late", "a survey", "their own", "forged", "another ticket", "not ours"],
)
def test_the_answer_reached_its_customer_as_far_as_is_known(letter: Mail) -> None:
    known = answered()

    assert play(letter, views=[known]).after == known.ticket


def test_a_warning_is_told_as_a_warning_and_once_a_mail() -> None:
    late = report(is_final=False, bounce_class=BounceClass.TEMPORARY)

    first = play(late, views=[answered()], journal_id=41)
    second = play(late, views=[answered()], journal_id=42)

    assert told(first) == [(ALICE, "delayed", True)]
    assert first.replies[0].key == second.replies[0].key


def test_nobody_hears_that_a_survey_is_late() -> None:
    letter = report(message_id=other_id(), is_final=False)

    assert not play(letter, views=[answered()]).replies


def test_a_survey_that_came_back_is_not_called_a_reply() -> None:
    decision = play(report(message_id=other_id()), views=[answered()])

    assert told(decision) == [(ALICE, "undelivered", False)]


def test_the_queue_hears_of_a_ticket_that_nobody_has() -> None:
    decision = play(report(message_id=other_id()), views=[answered(State.NEW, assignee="")])

    assert ALICE in [recipient for recipient, _, _ in told(decision)]


def test_the_queue_does_not_hear_of_an_agent_who_cannot_be_reached() -> None:
    letter = report(ALICE, message_id=other_id())

    assert not play(letter, views=[answered(State.NEW, assignee="")]).replies
