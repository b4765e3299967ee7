"""Nobody from outside is shown under the name of a colleague, or of the house."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.core.mail import Address, Mail
from maild.core.naming import outside
from tests.core.scenes import EVE, HOUSE, mail, play

ALICES = HOUSE.agents[0]
NAMED = replace(HOUSE, agents=(replace(ALICES, name="Alice Martin"), *HOUSE.agents[1:]))


@pytest.mark.parametrize(
    "name",
    [
        "Alice Martin", "ALICE  martin", "Martin, Alice", "“Alice Martin”", "Al\u200bice Martin",
        "\uff21lice Martin", "Support", "co", "Eve via Support", "Eve über Support",
        "Eve v\u0069\u0301a Support", "Eve\u00a0via Support",
    ],
)  # fmt: skip
def test_a_name_of_ours_is_nobody_elses(name: str) -> None:
    assert outside(name, NAMED) == ""


@pytest.mark.parametrize("name", ["", "Alice", "Alice Martinez", "Via Silvia", "Eve", "!"])
def test_any_other_name_is_theirs(name: str) -> None:
    assert outside(name, NAMED) == name


def called_alice(letter: Mail) -> Mail:
    person = Address(name="Alice Martin", addr=EVE)
    parsed = replace(letter.parsed, from_=(person,), cc=(replace(person, addr="dan@x.example"),))
    return replace(letter, parsed=parsed)


def test_colleagues_read_the_address_of_who_is_called_like_one() -> None:
    decision = play(called_alice(mail(EVE)), house=NAMED)

    (post,) = decision.posts
    told = [one for one in decision.replies if one.template == "notification"]
    offered = [person.name for one in told for person in one.offered]
    assert post.author_name == ""
    assert {one.author for one in told} == {EVE}
    assert {one.sender_name for one in told} == {EVE}
    assert offered
    assert set(offered) == {""}
