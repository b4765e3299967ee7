"""One ticket worked wholly from mutt by two agents, from the first mail to solved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pytest

from tests.flows.desktop import Desktop
from tests.flows.stage import Json, Stage
from tests.needs import needs

pytestmark = needs("mutt", "swaks")
SUPPORT, ALICE, BOB = "support@example.com", "alice@example.com", "bob@example.com"
NOTE = "She is a friend of the owner, so please be quick and very kind to her."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """Who takes part; each story has a customer of its own, since acknowledgements are few."""

    petra: Desktop
    alice: Desktop
    bob: Desktop


@pytest.fixture
def desks(house: Stage, tmp_path: Path, request: pytest.FixtureRequest) -> Desks:
    def desk(address: str, name: str) -> Desktop:
        (tmp_path / address).mkdir()
        return Desktop(tmp_path / address, address, name, house.smtp_port)

    number = crc32(request.node.name.encode())
    made = Desks(
        petra=desk(f"petra-{number}@customer.example", "Petra Pots"),
        alice=desk(ALICE, "Alice Archer"),
        bob=desk(BOB, "Bob Baker"),
    )
    made.bob.signature = "Bob Baker\nExample Support"
    return made


def opened(house: Stage, desk: Desktop, subject: str, text: str) -> int:
    """Write a first mail by swaks; return the number of its ticket."""
    desk.write(SUPPORT, subject, text)
    house.settled()
    number = int(house.ticket_of(desk.address)["number"])
    house.letter(desk.address, number)
    return number


def kinds(ticket: Json) -> list[str]:
    return [post["kind"] for post in ticket["posts"]]


def test_two_agents_and_nothing_but_mutt(house: Stage, desks: Desks) -> None:
    petra, alice, bob = desks.petra, desks.alice, desks.bob
    first = opened(house, petra, "Broken cup", "Hello,\n\nmy cup arrived broken.\n\nPetra")
    house.letter(ALICE, first)
    bobs = house.letter(BOB, first)

    # Bob takes it, tags it, and asks with a canned text; the signature is mutt's.
    bob.reply(bobs, "#assign me\n#tag +cup\n#template more-information\n\nA picture would help.")
    asked = house.letter(petra.address, first)
    transcript = house.letter(BOB, first)
    ticket = house.ticket(first)
    assert (ticket["assignee"], ticket["tags"], ticket["state"]) == (BOB, ["cup"], "pending")
    assert "A picture would help." in asked.text
    assert "we need to know a little more" in asked.text
    assert "Example Support" in asked.text
    assert "#" not in asked.text.partition("Example Support")[0]
    assert "The ticket now belongs to Bob Baker." in transcript.text

    # Petra answers below the quote, and writes once more from scratch: another ticket.
    petra.reply(asked, "Here is what I see: it has no handle.", below=True)
    answered = house.letter(BOB, first)
    assert "no handle" in answered.text
    second = opened(house, petra, "cup again", "I forgot: it was the blue cup.")
    assert second != first

    # Bob merges it, leaves a note, and hands over to Alice.
    bob.reply(house.letter(BOB, second), f"#merge {first}")
    house.letter(BOB, second)
    bob.reply(answered, f"#note\n{NOTE}")
    house.settled()
    house.letter(BOB, first)
    bob.reply(answered, "#assign alice")
    handed = house.letter(ALICE, first)
    assert "This ticket is now yours" in handed.text
    assert NOTE in handed.text

    # Alice solves it. What Bob writes to Petra meanwhile from his old notification comes back.
    alice.reply(handed, "#solve\n\nA new cup is on its way.", to_all=True)
    solved = house.letter(petra.address, first)
    bob.reply(answered, "Did you keep the parcel?")
    house.settled()
    ticket = house.ticket(first)
    back = [letter for letter in house.unread(BOB, first) if "Not sent" in letter.subject]

    assert "A new cup is on its way." in solved.text
    assert (ticket["state"], ticket["assignee"]) == ("solved", ALICE)
    assert kinds(ticket) == ["customer", "agent", "customer", "note", "agent"]
    assert house.ticket(second)["state"] == "merged"
    assert len(back) == 1
    assert "Alice Archer had already answered" in back[0].text
    assert "A new cup is on its way." in back[0].text
    assert not house.unread(petra.address)
    for letter in house.letters(petra.address):
        assert "friend of the owner" not in letter.message.as_string()

    programs = Counter(name for desk in (petra, alice, bob) for name in desk.sent)
    print(f"\nworked from mutt: {dict(programs)}, all taken as meant")
    assert programs == {"mutt": 7, "swaks": 2}


@pytest.mark.parametrize("below", [False, True], ids=["above", "below"])
@pytest.mark.parametrize("to_all", [False, True], ids=["reply", "reply-all"])
def test_honest_replies_of_mutt_are_taken(
    house: Stage, desks: Desks, to_all: bool, below: bool
) -> None:
    """Both roles, both ways of quoting: the words arrive, and nothing of our notices."""
    petra, bob = desks.petra, desks.bob
    petra.write(SUPPORT, "Plate", "My plate broke.")
    house.settled()
    number = int(house.ticket_of(petra.address)["number"])
    notice, held = house.letter(BOB, number), len(house.held())

    petra.reply(house.letter(petra.address, number), "And a cup.", to_all=to_all, below=below)
    house.letter(BOB, number)
    bob.reply(notice, "New ones are on their way.", to_all=to_all, below=below)
    told = house.letter(petra.address, number)

    ticket = house.ticket(number)
    assert kinds(ticket) == ["customer", "customer", "agent"]
    assert ticket["posts"][1]["reply_text"].strip() == "And a cup."
    assert len(house.held()) == held
    assert "New ones are on their way." in told.text
    for ours in ("How to answer", "Assigned to", "above this line", "My plate broke"):
        assert ours not in told.text
