"""Notes stay secret where their ticket was taken apart or put together, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from maild.core.decision import Outcome
from tests.core.scenes import ALICE, ANNA
from tests.trust.house import InMemory, letter, proven

NOTE = "she still owes us money for the last three cups of coffee"


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    text = "When do you open?"
    made.receive(letter(ANNA, "support@co.example", text, proven("customer.example")))
    yield made
    made.close()


def answered(house: InMemory, text: str) -> Outcome:
    notice = house.to(ALICE)[0]
    fields = (proven("co.example"), f"In-Reply-To: {notice['Message-ID']}")
    (handled,) = house.receive(letter(ALICE, str(notice["Reply-To"]), text, *fields))
    return handled.outcome


def test_a_note_that_was_taken_to_another_ticket_is_no_less_secret(house: InMemory) -> None:
    assert answered(house, f"#note\r\n{NOTE}") is Outcome.POSTED
    assert answered(house, "#split 2") is Outcome.POSTED

    outcome = answered(house, f"At nine. By the way, {NOTE}.")

    assert outcome is Outcome.HELD
    assert not any(NOTE in str(mail) for mail in house.to(ANNA))


def test_a_note_of_a_merged_ticket_is_no_less_secret(house: InMemory) -> None:
    eve = letter("eve@other.example", "support@co.example", "Hello.", proven("other.example"))
    house.receive(eve)
    assert answered(house, f"#note\r\n{NOTE}") is Outcome.POSTED
    assert answered(house, "#merge 2") is Outcome.POSTED

    outcome = answered(house, f"At nine. By the way, {NOTE}.")

    assert outcome is Outcome.HELD
