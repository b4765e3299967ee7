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


def answered(house: InMemory, *texts: str, notice: int = 0) -> Outcome:
    """Answer a notice that Alice got, by one batch of mails; return what became of the first."""
    asked = house.to(ALICE)[notice]
    fields = (proven("co.example"), f"In-Reply-To: {asked['Message-ID']}")
    to = str(asked["Reply-To"])
    return house.receive(*(letter(ALICE, to, text, *fields) for text in texts))[0].outcome


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


def test_what_a_search_showed_is_no_less_secret_where_two_mails_come_at_once(
    house: InMemory,
) -> None:
    """The second of the batch shows nothing."""
    eve = letter("eve@other.example", "support@co.example", "Hello.", proven("other.example"))
    house.receive(eve)
    assert answered(house, f"#note\r\n{NOTE}", notice=-1) is Outcome.POSTED
    assert answered(house, "#search coffee") is Outcome.POSTED
    found = house.to(ALICE)[-1].get_body(("plain",))
    assert found is not None
    pasted = found.get_content().partition("Found:")[2]
    assert NOTE in pasted

    outcome = answered(house, f"At nine. See {pasted}", "We close at six.")

    assert outcome is Outcome.HELD
    assert not any(NOTE in str(mail) for mail in house.to(ANNA))
