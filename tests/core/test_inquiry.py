"""What commands want looked up: only for an agent's mail, and only what they ask."""

from __future__ import annotations

import pytest

from maild.core import proof
from maild.core.commandtable import Word
from maild.core.inquiry import NOTHING, Inquiry, asked
from maild.core.mail import Mail
from tests.core.scenes import ALICE, ANNA, HOUSE, KEYS, TICKET, TRUSTED, from_agent, mail


def inquiry(letter: Mail) -> Inquiry:
    return asked(letter, proof.collect(letter, TRUSTED, HOUSE, KEYS), HOUSE)


def test_commands_tell_what_they_need() -> None:
    found = inquiry(from_agent("#show\n#undo\n#link 12\n#tag a"))

    assert found == Inquiry(
        tickets=(12,), own=TICKET, agent=ALICE, words=frozenset({Word.SHOW, Word.UNDO})
    )


def test_the_tickets_that_a_quote_shows_are_known() -> None:
    quoted = (
        "Pull it.\n> [Others #14] and [support #12] The kettle\n> [Support #13]\n> [Support #12]"
    )

    assert inquiry(from_agent(quoted)).shown == (12, 13, 14)


def test_numbers_of_others_push_out_no_ticket_of_ours() -> None:
    others = "".join(f"[issue #{n}]\n" for n in range(100, 200))

    assert inquiry(from_agent(f"Pull it.\n> {others}> [Support #12]")).shown[0] == 12


def test_an_alias_asks_as_the_agent() -> None:
    found = inquiry(from_agent("#list", person="alice@private.example"))

    assert (found.agent, found.words) == (ALICE, frozenset({Word.LIST}))


@pytest.mark.parametrize(
    "letter",
    [mail(ANNA, text="#show"), mail(ALICE, text="#show"), from_agent("#show", person=ANNA)],
)
def test_nobody_else_is_answered(letter: Mail) -> None:
    assert inquiry(letter) == NOTHING
