"""Who is no agent any more is refused politely; who never was hears nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from maild.core.token import Purpose
from tests.core.scenes import ALICE, ANNA, HOUSE, reply_address
from tests.trust.house import InMemory, letter, proven

FORMER = "former@co.example"


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    made.receive(letter(f"Anna <{ANNA}>", "support@co.example", "It smokes."))
    yield made
    made.close()


def test_who_left_hears_that_nothing_was_done(house: InMemory) -> None:
    theirs = reply_address(FORMER, 1, Purpose.AGENT)

    (handled,) = house.receive(letter(FORMER, theirs, "Switch it off.", subject="Re: smoke"))

    (refusal,) = house.to(FORMER)
    assert handled.outcome == "held"
    assert refusal["Subject"] == "Your email was not passed on"
    assert refusal["Auto-Submitted"] == "auto-generated"
    assert "support@co.example" in refusal.as_string()
    for secret in ("smoke", "Anna", "customer.example", "#1]"):
        assert secret not in refusal.as_string()
    assert len(house.ticket(1)["posts"]) == 1  # type: ignore[arg-type]
    assert len(house.to(ANNA)) == 1


def test_who_left_may_be_a_customer(house: InMemory) -> None:
    refused = letter(FORMER, reply_address(FORMER, 1, Purpose.AGENT), "Hello?")
    house.receive(refused)

    (handled,) = house.receive(letter(FORMER, "support@co.example", "My cup broke."))

    assert handled.outcome == "posted"


def test_a_refusal_is_not_repeated_for_ever(house: InMemory) -> None:
    theirs = reply_address(FORMER, 1, Purpose.AGENT)

    for n in range(30):
        house.receive(letter(FORMER, theirs, f"Hello {n}?"))

    assert 1 <= len(house.to(FORMER)) <= 3


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        ("eve@elsewhere.example", ()),
        (FORMER, (proven("co.example", "fail"),)),
        (FORMER, ("Auto-Submitted: auto-replied",)),
        (FORMER, ("Precedence: bulk",)),
        (f"{FORMER}, {ALICE}", ()),
    ],
)
def test_nobody_else_is_told_anything(
    house: InMemory, sender: str, fields: tuple[str, ...]
) -> None:
    theirs = reply_address(FORMER, 1, Purpose.AGENT)
    before = len(house.sent)

    house.receive(letter(sender, theirs, "Switch it off.", *fields))

    assert [mail["X-Recipient"] for mail in house.sent[before:]] == []


def test_who_is_an_agent_again_is_heard() -> None:
    alice, *others = HOUSE.agents
    again = replace(HOUSE, agents=(alice, *others, replace(alice, address=FORMER, aliases=())))
    made = InMemory(again)
    made.receive(letter(f"Anna <{ANNA}>", "support@co.example", "It smokes."))

    made.receive(letter(FORMER, reply_address(FORMER, 1, Purpose.AGENT), "Switch it off."))

    assert "Switch it off." in made.to(ANNA)[-1].as_string()
    made.close()
