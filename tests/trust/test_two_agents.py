"""Two agents at one ticket: the first answer takes it, one that was overtaken comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from tests.core.scenes import ALICE, ANNA, BOB, EVE, HOUSE
from tests.trust.house import InMemory, letter, proven

TO = "support@co.example"
HERS = "Please pull the plug."
HIS = "Please switch it off."


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    made.receive(letter(f"Anna <{ANNA}>", TO, "It smokes.", proven("customer.example")))
    yield made
    made.close()


def answer(house: InMemory, notice: EmailMessage, text: str, *, names_it: bool = True) -> str:
    """Answer a mail of ours as a client does; return the outcome."""
    fields = [proven("co.example")]
    if names_it:
        fields.append(f"In-Reply-To: {notice['Message-ID']}")
        fields.append(f"References: {notice['References']}\r\n {notice['Message-ID']}")
    raw = letter(str(notice["X-Recipient"]), str(notice["Reply-To"]), text, *fields)
    (handled,) = house.receive(raw)
    return handled.outcome.value


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def newest(house: InMemory, person: str) -> EmailMessage:
    return house.to(person)[-1]


def told_to_anna(house: InMemory) -> str:
    return "\n".join(text_of(mail) for mail in house.to(ANNA))


def test_the_first_answer_takes_the_ticket_and_who_was_told_of_it_hears(house: InMemory) -> None:
    before = len(house.to(ALICE))

    answer(house, newest(house, ALICE), HERS)

    told = text_of(newest(house, BOB))
    assert house.ticket(1)["assignee"] == ALICE
    assert "Alice has replied to the customer and has taken the ticket" in told
    assert HERS in told
    assert len(house.to(ALICE)) == before
    assert len(house.to(BOB)) == 2


def test_who_never_heard_of_a_ticket_is_not_told_who_took_it(house: InMemory) -> None:
    house.receive(letter(ANNA, "sales@co.example", "One cup.", proven("customer.example")))
    alices, bobs = newest(house, ALICE), len(house.to(BOB))

    assert answer(house, alices, "It is on its way.") == "posted"
    assert len(house.to(BOB)) == bobs


def test_an_answer_that_was_overtaken_comes_back_with_the_colleagues(house: InMemory) -> None:
    alices, bobs = newest(house, ALICE), newest(house, BOB)
    answer(house, alices, HERS)

    outcome = answer(house, bobs, f"#solve\n{HIS}")

    back = newest(house, BOB)
    assert outcome == "held"
    assert str(back["Subject"]).endswith("Not sent: The printer smokes")
    assert "Alice had already answered the customer" in text_of(back)
    assert HERS in text_of(back)
    assert HIS in text_of(back)
    assert HIS not in told_to_anna(house)
    assert house.ticket(1)["state"] == "pending"


def test_the_words_that_came_back_go_out_when_they_are_sent_again(house: InMemory) -> None:
    bobs = newest(house, BOB)
    answer(house, newest(house, ALICE), HERS)
    answer(house, bobs, HIS)
    back = newest(house, BOB)
    quote = "\n".join(f"> {line}" for line in text_of(back).splitlines())

    outcome = answer(house, back, f"{HIS}\n\nOn Monday, Support wrote:\n{quote}")

    assert outcome == "posted"
    assert HIS in text_of(newest(house, ANNA))
    assert HERS not in text_of(newest(house, ANNA))


def test_who_answers_the_news_of_a_colleagues_answer_knows_it(house: InMemory) -> None:
    answer(house, newest(house, ALICE), HERS)

    assert answer(house, newest(house, BOB), HIS) == "posted"
    assert answer(house, newest(house, ALICE), "Thank you.") == "posted"


def test_a_note_or_a_command_is_never_overtaken(house: InMemory) -> None:
    bobs = newest(house, BOB)
    answer(house, newest(house, ALICE), HERS)

    assert answer(house, bobs, "#note\nShe called me, too.") == "posted"
    assert answer(house, bobs, "#tag +printer") == "posted"


def test_an_agents_own_answer_overtakes_nobody(house: InMemory) -> None:
    alices = newest(house, ALICE)

    assert answer(house, alices, HERS) == "posted"
    assert answer(house, alices, "And open a window.") == "posted"


def test_a_newer_mail_of_the_customers_overtakes_nobody(house: InMemory) -> None:
    alices = newest(house, ALICE)
    annas = str(newest(house, ANNA)["Reply-To"])
    house.receive(letter(ANNA, annas, "It burns!", proven("customer.example")))

    assert answer(house, alices, HERS) == "posted"


def test_an_answer_that_was_taken_back_overtakes_nobody(house: InMemory) -> None:
    alices, bobs = newest(house, ALICE), newest(house, BOB)
    answer(house, alices, HERS)
    with house.database.write() as connection:
        connection.exec_driver_sql("UPDATE post SET kind = 'undone' WHERE kind = 'agent'")

    assert answer(house, bobs, HIS) == "posted"


@pytest.mark.parametrize(("days", "outcome"), [(0, "posted"), (1, "held")])
def test_a_mail_that_names_no_mail_of_ours_is_judged_by_the_day_of_its_address(
    house: InMemory, days: int, outcome: str
) -> None:
    alices, bobs = newest(house, ALICE), newest(house, BOB)
    house.now += timedelta(days=days)
    answer(house, alices, HERS)

    assert answer(house, bobs, HIS, names_it=False) == outcome


def test_an_answer_of_long_ago_is_known_of_behind_many_mails(house: InMemory) -> None:
    """However much the customer wrote since: what was looked up reaches further back."""
    alices, bobs = newest(house, ALICE), newest(house, BOB)
    annas = str(newest(house, ANNA)["Reply-To"])
    answer(house, alices, HERS)
    for n in range(8):
        house.receive(letter(ANNA, annas, f"It smokes still, {n}.", proven("customer.example")))

    assert answer(house, bobs, HIS) == "held"


@pytest.mark.parametrize(
    ("language", "taken", "back", "unknown"),
    [
        ("en", "has taken the ticket", "had already answered the customer", "Not taking part yet"),
        ("de", "das Ticket übernommen", "dem Kunden schon geantwortet", "Noch nicht beteiligt"),
        ("fr", "a pris le ticket en charge", "avait déjà répondu au client", "Ne participe pas"),
        ("es", "se ha quedado con el tique", "ya había respondido al cliente", "Aún no participa"),
    ],
)
def test_each_agent_is_told_in_their_language(
    language: str, taken: str, back: str, unknown: str
) -> None:
    agents = tuple(replace(agent, languages=(language,)) for agent in HOUSE.agents)
    made = InMemory(replace(HOUSE, agents=agents))
    made.receive(letter(EVE, TO, "It smokes.", f"Cc: {ANNA}"))
    alices, bobs = newest(made, ALICE), newest(made, BOB)
    answer(made, alices, HERS)
    answer(made, bobs, HIS)

    kinds = [(alices, unknown), (made.to(BOB)[-2], taken), (made.to(BOB)[-1], back)]
    made.close()

    for mail, words in kinds:
        for kind in ("plain", "html"):
            body = mail.get_body((kind,))
            assert body is not None
            assert words in body.get_content()
    assert HERS in text_of(kinds[2][0])


@pytest.mark.parametrize("command", [f"#cc +{EVE}", f"#customer {EVE}"])
def test_an_answer_does_not_go_to_readers_whom_its_author_did_not_know(
    house: InMemory, command: str
) -> None:
    alices, bobs = newest(house, ALICE), newest(house, BOB)
    answer(house, alices, command)

    outcome = answer(house, bobs, HIS)

    back = newest(house, BOB)
    assert outcome == "held"
    assert "others take part in this ticket" in text_of(back)
    assert EVE in text_of(back)
    assert HIS not in told_to_anna(house)
    assert not house.to(EVE)

    assert answer(house, back, HIS) == "posted"
    assert HIS in text_of(newest(house, EVE))


def test_an_answer_about_a_ticket_that_was_merged_does_not_go_to_others_unasked(
    house: InMemory,
) -> None:
    bobs = newest(house, BOB)
    house.receive(letter(EVE, TO, "Mine too.", proven("elsewhere.example")))
    answer(house, newest(house, ALICE), "#merge 1")
    answer(house, newest(house, ALICE), "#note\nThe same printer.")

    assert answer(house, bobs, HIS) == "held"
    assert not any(HIS in text_of(mail) for mail in house.to(EVE))


def test_readers_whom_an_answer_itself_brings_are_known_to_its_author(house: InMemory) -> None:
    assert answer(house, newest(house, BOB), f"#cc +{EVE}\n{HIS}") == "posted"
    assert HIS in text_of(newest(house, EVE))


def test_a_note_may_be_written_whoever_takes_part(house: InMemory) -> None:
    bobs = newest(house, BOB)
    answer(house, newest(house, ALICE), f"#cc +{EVE}")

    assert answer(house, bobs, "#note\nShe called me, too.") == "posted"


def test_an_answer_on_spam_is_not_sent_unless_it_opens_the_ticket_again(house: InMemory) -> None:
    alices, bobs = newest(house, ALICE), newest(house, BOB)
    answer(house, alices, "#spam")

    assert answer(house, bobs, HIS) == "held"
    assert "marked as spam" in text_of(newest(house, BOB))
    assert HIS not in told_to_anna(house)

    assert answer(house, newest(house, BOB), f"#reopen\n{HIS}") == "posted"
    assert HIS in told_to_anna(house)
    assert house.ticket(1)["state"] == "open"


def test_an_answer_to_fewer_readers_is_sent(house: InMemory) -> None:
    answer(house, newest(house, ALICE), f"#cc +{EVE}\n{HERS}")
    alices = newest(house, ALICE)
    answer(house, newest(house, BOB), f"#cc -{EVE}")

    assert answer(house, alices, "Thank you.") == "posted"
