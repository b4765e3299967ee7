"""What agents are told of a customer's mail beside its words, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.decision import Audience, Decision, Signs
from maild.core.mail import Address, Mail
from maild.core.ticket import Participant, Role, State
from tests.core.scenes import (
    ANNA,
    BEN,
    EVE,
    HOUSE,
    LMTP,
    NOW,
    SUPPORT,
    TRUSTED,
    UNTRUSTED,
    mail,
    our_id,
    play,
    post,
    reply_address,
    results,
    ticket,
    view,
)


def signs(decision: Decision) -> Signs:
    told = {reply.signs for reply in decision.replies if reply.audience is Audience.AGENT}
    (found,) = told
    assert found is not None
    assert not any(r.signs for r in decision.replies if r.audience is Audience.CUSTOMER)
    return found


def asking(letter: Mail, *addresses: str) -> Mail:
    answers_to = tuple(Address(addr=address) for address in addresses)
    return replace(letter, parsed=replace(letter.parsed, reply_to=answers_to))


@pytest.mark.parametrize(
    ("wished", "told"),
    [
        ((EVE,), EVE),
        ((ANNA.upper(),), ""),
        ((ANNA, EVE), EVE),
        ((SUPPORT,), ""),
        (("",), ""),
        ((), ""),
    ],
)
def test_another_address_for_answers_is_told(wished: tuple[str, ...], told: str) -> None:
    assert signs(play(asking(mail(), *wished))).answers_to == told


def test_a_subject_that_names_a_ticket_of_others_says_so_and_joins_nothing() -> None:
    letter = mail(EVE, subject="Re: The printer smokes [Support #7]")

    decision = play(letter, views=[view()], by_subject=7)

    assert decision.before is None
    assert signs(decision).names == 7
    assert decision.after is not None
    assert decision.after.linked == 0


def test_a_ticket_that_is_linked_already_is_not_named_again() -> None:
    letter = mail(answers=[our_id()], subject="Re: The printer smokes [Support #7]")

    decision = play(letter, views=[view(ticket(State.CLOSED))], by_subject=7)

    assert decision.after is not None
    assert (decision.after.linked, signs(decision).names) == (7, 0)


def test_who_writes_for_the_first_time_is_told_once() -> None:
    both = (
        Participant(address=ANNA, name="Anna", role=Role.CUSTOMER),
        Participant(address=BEN, name="Ben", role=Role.CC),
    )
    letter = mail(BEN, to=[reply_address(BEN)])
    rest = [post(1), post(2, author=BEN)]

    first, again = (
        signs(play(letter, views=[view(ticket(assignee="", participants=both), posts=posts)]))
        for posts in (rest[:1], rest)
    )

    assert first.newcomer is not None
    assert first.newcomer.address == BEN
    assert again.newcomer is None


def test_the_customer_whose_ticket_it_is_is_no_newcomer() -> None:
    assert signs(play(mail(to=[reply_address(ANNA)]), views=[view()])).newcomer is None


@pytest.mark.parametrize("state", [State.SOLVED, State.OPEN])
def test_that_a_mail_opens_a_solved_ticket_is_told(state: State) -> None:
    solved_at = NOW if state is State.SOLVED else None

    decision = play(
        mail(to=[reply_address(ANNA)]), views=[view(ticket(state, solved_at=solved_at))]
    )

    assert signs(decision).solved_at == solved_at


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        (mail(), ANNA),
        (mail(headers=(results("dmarc=none header.from=customer.example"),)), ANNA),
        (mail(headers=(results("dmarc=pass header.from=customer.example"),)), ""),
    ],
)
def test_what_nothing_proves_is_told_where_mail_is_judged(letter: Mail, told: str) -> None:
    assert signs(play(letter, envelope=LMTP)).unproven == told


def test_where_nobody_judges_mail_nothing_is_told_of_proofs() -> None:
    boxes = tuple(replace(box, authserv_id=()) for box in HOUSE.mailboxes)
    house = replace(HOUSE, mailboxes=boxes)

    assert signs(play(mail(), envelope=LMTP, house=house)).unproven == ""
    assert signs(play(mail(), envelope=UNTRUSTED)).unproven == ""
    assert signs(play(mail(), envelope=TRUSTED)).unproven == ""
    evidence = "co.example; dmarc=none header.from=customer.example"
    assert signs(play(mail(), envelope=replace(UNTRUSTED, evidence=evidence))).unproven == ANNA
