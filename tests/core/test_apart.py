"""Which mails may be handled at once: those that cannot change what the others are decided by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from maild.core import apart
from maild.core.mail import Envelope, Mail
from maild.core.proof import Proofs
from maild.core.snapshot import Arrival, Snapshot
from maild.core.ticket import Customer
from tests.core.scenes import mail

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def leading(*letters: Mail) -> int:
    arrivals = [
        Arrival(journal_id=n, mail=letter, envelope=Envelope(), received_at=NOW)
        for n, letter in enumerate(letters, 1)
    ]
    customer = Customer(address="a@x.example")
    snapshots = [Snapshot(now=NOW, proofs=Proofs(), customer=customer) for _ in letters]
    return apart.leading(arrivals, snapshots)


def from_(address: str, name: str, *answers: str) -> Mail:
    letter = mail(message_id=f"{name}@x.example", answers=list(answers))
    sender = replace(letter.parsed.from_[0], addr=address)
    parsed = replace(letter.parsed, from_=(sender,))
    return replace(letter, parsed=parsed, content_hash=name)


def test_plus_addresses_are_one_sender() -> None:
    assert leading(*(from_(f"v+{n}@x.example", f"m{n}") for n in range(5))) == 1


def test_strangers_with_different_letters_are_apart() -> None:
    letters = [from_(f"c{n}@x.example", f"m{n}") for n in range(5)]

    assert leading(*letters) == 5


@pytest.mark.parametrize(
    "second",
    [
        from_("ann@x.example", "m2"),
        from_("ben@x.example", "m1"),
        from_("ben@x.example", "m2", "m1@x.example"),
        replace(from_("ben@x.example", "m2"), content_hash="m1"),
    ],
    ids=["same sender", "same id", "answers it", "same content"],
)
def test_a_mail_that_touches_an_earlier_one_ends_the_run(second: Mail) -> None:
    first, third = from_("ann@x.example", "m1"), from_("cem@x.example", "m3")

    assert leading(first, third, second) == 2


def test_two_that_answer_the_same_mail_are_not_apart() -> None:
    one = from_("ann@x.example", "m1", "root@x.example")
    two = from_("ben@x.example", "m2", "root@x.example")

    assert leading(one, two) == 1


def test_no_mails_have_no_run() -> None:
    assert leading() == 0
