"""An agent answers from the morning's mail: the address under a ticket leads to that ticket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.flows.letter import Letter
from tests.flows.stage import Stage

CONFIG = (Path(__file__).parent / "config.toml").read_text(encoding="utf-8")
STORIES = {
    "en": ("alice@example.com", "Good morning", "The printer does not print any more today."),
    "de": ("dora@example.com", "Guten Morgen", "Der Drucker druckt seit heute nicht mehr."),
    "fr": ("fleur@example.com", "Bonjour", "L'imprimante ne marche plus depuis ce matin."),
    "es": ("elena@example.com", "Buenos días", "La impresora no funciona desde esta mañana."),
}
RULE = """
[[rule]]
name = "given {0}"
on = "ticket.created"
when = 'ticket.subject == "{0}"'
do = [ {{ assign = "{1}" }} ]
"""
pytestmark = pytest.mark.timeout(300)


def zone_where_it_is_morning() -> str:
    """Return a zone in which it is about ten now: the working day has just opened."""
    ahead = max(10 - datetime.now(UTC).hour, -12)
    return f"Etc/GMT{-ahead:+d}"


def customer_of(language: str) -> str:
    return f"customer-{language}@customer.example"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A house into which four customers wrote before the morning came."""
    zone = zone_where_it_is_morning()
    folder = tmp_path_factory.mktemp("digest")
    (folder / "rules").mkdir()
    given = (RULE.format(language, agent) for language, (agent, _, _) in STORIES.items())
    (folder / "rules" / "10.toml").write_text("".join(given), encoding="utf-8")
    stage = Stage(folder, CONFIG, DIGEST="none", ZONE=zone)
    try:
        stage.start()
        for language, (_, _, words) in STORIES.items():
            sender = customer_of(language)
            stage.send(
                f"From: {sender}\nTo: support@example.com\nSubject: {language}\n\n{words}\n"
            )
        stage.settled()
        stage.stop()
        stage.values = {**stage.values, "DIGEST": "all"}
        stage.write_config(CONFIG)
        worked = stage.maild("work")
        assert worked.returncode == 0, worked.stderr
        stage.start()
        yield stage
    finally:
        stage.close()


def digest_of(house: Stage, agent: str, words: str) -> Letter:
    """Wait for the digest among an agent's mails."""
    while True:
        letter = house.letter(agent)
        if words in letter.text:
            return letter


def address_under(digest: Letter, number: int) -> str:
    """Return the address that stands under a ticket in the plain text."""
    text = digest.text.partition(f"#{number}]")[2]
    found = re.search(r"mailto:(\S+)", text)
    assert found
    return found.group(1)


@pytest.mark.parametrize("language", STORIES)
def test_an_answer_from_the_digest_reaches_its_ticket_and_its_customer(
    house: Stage, language: str
) -> None:
    agent, morning, _ = STORIES[language]
    customer = customer_of(language)
    number = house.ticket_of(customer)["number"]
    digest = digest_of(house, agent, morning)
    address = address_under(digest, number)
    links = [unquote(link) for link in re.findall(r'href="mailto:([^"?]+)', digest.html)]
    house.send(
        f"From: {agent}\nTo: {address}\nSubject: [Support #{number}] {language}\n\n"
        f"Turned off and on? ({language})\n",
        to=address,
    )
    house.settled()
    letters = [letter for letter in house.letters(customer) if "Turned off" in letter.text]
    ticket = house.ticket(number)
    house.send(
        f"From: {agent}\nTo: support@example.com\nSubject: Re: {digest.field('Subject')}\n"
        f"In-Reply-To: {digest.field('Message-ID')}\n\nWho takes this? ({language})\n"
    )
    house.settled()
    others = [t for t in house.tickets() if t["number"] != number]
    asked = [one for one in house.letters(agent) if "Who takes this?" in one.text]

    assert address.startswith("support+")
    assert address in links, "the link in HTML is the same address"
    assert set(links) == {address}, "there is no other ticket in it"
    assert len(letters) == 1
    assert letters[0].field("Content-Language") == language
    assert letters[0].sender[1] == "support@example.com"
    assert agent not in letters[0].message.as_string()
    assert (ticket["state"], ticket["assignee"]) == ("pending", agent)
    assert len(others) == len(STORIES) - 1, "no new ticket"
    assert len(asked) == 1, "an answer to the digest itself comes back"


def test_everybody_gets_one_digest_a_day(house: Stage) -> None:
    house.settled()
    for agent, morning, _ in STORIES.values():
        told = [one for one in house.letters(agent) if "mailto:" in one.text]

        assert len(told) == 1, morning
