"""Which ticket a mail points at: the order of the ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from maild.core.proof import Proofs
from maild.core.snapshot import Snapshot
from maild.core.thread import TOKEN_AGE_MAX, By, find, fresh
from maild.core.ticket import Customer
from maild.core.token import Purpose, Token
from tests.core.scenes import ANNA, EVE, NOW, post, ticket, view

NUMBERS = {"token": 1, "thread": 2, "references": 3, "thread-index": 4, "subject": 5}


def token(number: int, purpose: Purpose = Purpose.CUSTOMER) -> Token:
    return Token(purpose=purpose, ticket=number, issued=NOW.date(), recipient=b"1234", key_id=1)


def everything() -> Snapshot:
    proofs = Proofs(tokens=(token(1),), threads=(token(2, Purpose.THREAD),))
    return Snapshot(
        now=NOW,
        proofs=proofs,
        customer=Customer(address=ANNA),
        tickets=tuple(view(ticket(number=n)) for n in (5, 4, 3, 2, 1)),
        by_reference=(99, 3),
        by_thread_index=4,
        by_subject=5,
    )


def test_the_ways_are_asked_in_order() -> None:
    snapshot = everything()
    seen: list[tuple[str, int]] = []
    for change in (
        {},
        {"proofs": replace(snapshot.proofs, tokens=())},
        {"proofs": Proofs()},
        {"by_reference": ()},
        {"by_thread_index": 0},
        {"by_subject": 0},
    ):
        snapshot = replace(snapshot, **change)
        found = find(snapshot, ANNA, NOW)
        seen.append((found.by, found.view.ticket.number) if found else ("", 0))

    assert seen == [
        (By.TOKEN, 1),
        (By.TOKEN, 2),
        (By.REFERENCES, 3),
        (By.THREAD_INDEX, 4),
        (By.SUBJECT, 5),
        ("", 0),
    ]


def _by_subject(age: timedelta) -> Snapshot:
    old = replace(post(1), at=NOW - age)
    known = view(replace(ticket(), created_at=NOW - age), [old])
    return Snapshot(
        now=NOW,
        proofs=Proofs(),
        customer=Customer(address=ANNA),
        tickets=(known,),
        by_subject=known.ticket.number,
    )


def test_a_subject_tag_counts_for_who_takes_part() -> None:
    snapshot = _by_subject(timedelta(days=1))

    assert find(snapshot, ANNA, NOW) is not None
    assert find(snapshot, EVE, NOW) is None
    assert find(snapshot, "", NOW) is None


def test_a_subject_tag_counts_for_thirty_days() -> None:
    assert find(_by_subject(timedelta(days=29)), ANNA, NOW) is not None
    assert find(_by_subject(timedelta(days=30)), ANNA, NOW) is None


def test_a_token_holds_until_half_a_year_after_the_last_mail() -> None:
    proofs = Proofs(tokens=(token(7),), threads=(token(7, Purpose.THREAD),))
    almost = replace(_by_subject(TOKEN_AGE_MAX - timedelta(seconds=1)), proofs=proofs)
    over = replace(_by_subject(TOKEN_AGE_MAX), proofs=proofs)

    assert fresh(almost, NOW) == almost
    assert fresh(over, NOW).proofs == Proofs()


def test_a_token_of_an_unknown_ticket_is_kept_and_points_nowhere() -> None:
    snapshot = Snapshot(
        now=NOW, proofs=Proofs(tokens=(token(9),)), customer=Customer(address=ANNA)
    )

    assert fresh(snapshot, NOW) == snapshot
    assert find(snapshot, ANNA, NOW) is None
