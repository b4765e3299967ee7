"""Who hears of a machine's mail on a ticket, and that no machine can talk with another by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core.decision import Decision, Outcome
from maild.core.mail import Mail
from maild.core.ticket import PostKind, State
from maild.core.token import Purpose
from tests.core.scenes import (
    ALICE,
    ANNA,
    EVE,
    NOW,
    autoreply,
    mail,
    our_id,
    play,
    reply_address,
    ticket,
    view,
)

RETURN = reply_address(ANNA, purpose=Purpose.RETURN)
GENERATED = (("auto-submitted", "auto-generated"),)
AWAY = "I am out of the office until Monday."


def absent(text: str = AWAY, sender: str = ANNA, to: str = RETURN, **more: object) -> Mail:
    return mail(sender, to=[to], text=text, machine=autoreply(), **more)  # type: ignore[arg-type]


def heard(
    letter: Mail, state: State = State.PENDING, *, days: int = 0, assignee: str = ALICE
) -> Decision:
    known = view(ticket(state, assignee=assignee))
    return play(letter, views=[known], received_at=NOW + timedelta(days=days))


def keys(decision: Decision) -> list[str]:
    return [reply.key for reply in decision.replies]


def test_the_assignee_hears_of_an_absence_and_the_ticket_stays_as_it_is() -> None:
    decision = heard(absent())

    (news,) = decision.replies
    assert (news.recipient, news.reason, news.post_kind) == (ALICE, "automatic", PostKind.AUTO)
    assert news.text == AWAY
    assert decision.after == decision.before


def test_of_an_absence_once_a_day() -> None:
    assert keys(heard(absent())) == keys(heard(absent("Still away from my desk.")))
    assert keys(heard(absent())) != keys(heard(absent(), days=1))


def test_each_mail_of_a_desk_that_writes_by_itself_is_told() -> None:
    first, second = (
        play(
            absent("Monday does not suit, please Tuesday", headers=GENERATED),
            views=[view(ticket(assignee=ALICE))],
            journal_id=n,
        )
        for n in (41, 42)
    )

    assert keys(first)
    assert keys(first) != keys(second)


def test_an_absence_that_calls_itself_generated_is_told_once_a_day() -> None:
    assert keys(heard(absent(headers=GENERATED))) == keys(heard(absent()))


@pytest.mark.parametrize("state", [State.SOLVED, State.CLOSED])
def test_nobody_hears_of_it_when_the_ticket_has_ended(state: State) -> None:
    assert not heard(absent(), state).replies


@pytest.mark.parametrize(
    "letter",
    [
        absent(sender=ALICE),
        absent(sender=ALICE, to=reply_address(ALICE, purpose=Purpose.RETURN)),
        absent(sender=EVE, to=reply_address(ALICE, purpose=Purpose.RETURN)),
        absent(sender=EVE, to="support@co.example", answers=[our_id()]),
    ],
    ids=["agent", "agent's own path", "alias of an agent", "by an id"],
)
def test_an_agents_machine_is_never_told_to_an_agent(letter: Mail) -> None:
    assert not heard(letter).replies


def test_without_an_assignee_nobody_hears_of_it() -> None:
    assert not heard(absent(), assignee="").replies


def doubtful(text: str = "How do I switch it off?", **more: object) -> Mail:
    machine = replace(autoreply(), is_doubtful=True)
    return mail(subject="Out of office", text=text, machine=machine, **more)  # type: ignore[arg-type]


def test_in_doubt_a_person_asks_and_a_machine_is_not_answered() -> None:
    decision = play(doubtful())

    assert decision.outcome is Outcome.POSTED
    assert decision.posts[0].kind is PostKind.CUSTOMER
    assert {reply.recipient for reply in decision.replies}.isdisjoint({ANNA})


def test_in_doubt_an_agent_has_said_nothing() -> None:
    own = reply_address(ALICE, purpose=Purpose.AGENT)
    letter = replace(doubtful(to=[own]), parsed=absent(sender=ALICE, to=own).parsed)

    decision = play(letter, views=[view()])

    assert not [post for post in decision.posts if post.kind is PostKind.AGENT]
