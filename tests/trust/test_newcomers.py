"""Who comes to take part in a ticket: by right, by an agent's one word, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.core.scenes import ALICE, ANNA, BEN, EVE
from tests.trust.house import InMemory, letter, proven

TO = "support@co.example"
CARL = "carl@customer.example"
DOMAIN = proven("customer.example")


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = InMemory()
    made.receive(letter(f"Anna <{ANNA}>", TO, "It smokes.", DOMAIN))
    yield made
    made.close()


def reply_to(mail: EmailMessage) -> str:
    return str(mail["Reply-To"]).rpartition("<")[2].strip(">")


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def people(house: InMemory, number: int = 1) -> list[str]:
    return [p["address"] for p in house.ticket(number)["participants"]]  # type: ignore[attr-defined]


def answer(house: InMemory, text: str, notice: EmailMessage | None = None) -> None:
    """Alice answers her newest mail of ours, or a certain one."""
    mail = notice or house.to(ALICE)[-1]
    field = f"In-Reply-To: {mail['Message-ID']}"
    house.receive(letter(ALICE, reply_to(mail), text, proven("co.example"), field))


def test_a_colleague_in_cc_joins_by_the_customers_proven_domain(house: InMemory) -> None:
    annas = reply_to(house.to(ANNA)[0])

    house.receive(letter(ANNA, annas, "Ben knows more.", DOMAIN, f"Cc: Ben B. <{BEN}>, {ALICE}"))
    answer(house, "Thank you both.")

    assert people(house) == [ANNA, BEN]
    assert f"In copy:     Ben B. <{BEN}>" in text_of(house.to(ALICE)[-1])
    assert "Thank you both." in text_of(house.to(BEN)[0])
    assert "It smokes" not in house.to(BEN)[0].as_string()
    assert len(house.to(BEN)) == 1


def test_a_colleague_in_cc_of_an_unproven_mail_joins_by_one_word(house: InMemory) -> None:
    annas = reply_to(house.to(ANNA)[0])

    house.receive(letter(ANNA, annas, "Ben knows more.", f"Cc: Ben B. <{BEN}>, {CARL}, {TO}"))
    before, notice = people(house), text_of(house.to(ALICE)[-1])
    answer(house, "#accept\nThank you all.")

    assert before == [ANNA]
    assert f"Not taking part yet: Ben B. <{BEN}>, {CARL}." in notice
    assert "#accept" in notice
    assert people(house) == [ANNA, BEN, CARL]
    assert "Thank you all." in text_of(house.to(CARL)[0])


def test_without_the_word_a_colleague_in_cc_gets_nothing(house: InMemory) -> None:
    annas = reply_to(house.to(ANNA)[0])
    house.receive(letter(ANNA, annas, "Ben knows more.", f"Cc: {BEN}"))

    answer(house, "Thank you.")

    assert people(house) == [ANNA]
    assert house.to(BEN) == []


def test_copies_of_an_unproven_first_mail_join_by_one_word(house: InMemory) -> None:
    house.receive(letter(EVE, TO, "One cup.", f"Cc: {CARL}"))
    notice = text_of(house.to(ALICE)[-1])

    answer(house, "#accept")

    assert f"Not taking part yet: {CARL}." in notice
    assert people(house, 2) == [EVE, CARL]


def test_a_stranger_with_a_forwarded_token_is_shown_and_accepted(house: InMemory) -> None:
    annas = reply_to(house.to(ANNA)[0])

    house.receive(letter(f"Eve <{EVE}>", annas, "I took over.", proven("elsewhere.example")))
    before, notice = people(house), text_of(house.to(ALICE)[-1])
    post = house.ticket(1)["posts"][-1]  # type: ignore[index]
    answer(house, "#accept\nWelcome.")

    assert before == [ANNA]
    assert post["trust"] == "E1"
    assert f"Not taking part yet: Eve <{EVE}>." in notice
    assert people(house) == [ANNA, EVE]
    assert "Welcome." in text_of(house.to(EVE)[0])
    assert "It smokes" not in house.to(EVE)[0].as_string()


def test_who_takes_part_and_uses_anothers_token_is_marked(house: InMemory) -> None:
    annas = reply_to(house.to(ANNA)[0])
    house.receive(letter(ANNA, annas, "Ben knows more.", DOMAIN, f"Cc: {BEN}"))

    house.receive(letter(BEN, annas, "I do.", DOMAIN))

    post = house.ticket(1)["posts"][-1]  # type: ignore[index]
    assert (post["author"], post["trust"]) == (BEN, "E1")


def test_a_stranger_with_a_token_brings_nobody_along(house: InMemory) -> None:
    """However well the stranger's own domain is proven."""
    annas = reply_to(house.to(ANNA)[0])

    house.receive(letter(EVE, annas, "Hi.", proven("elsewhere.example"), f"Cc: {CARL}"))

    assert people(house) == [ANNA]
    assert house.to(CARL) == house.to(EVE) == []


def test_an_answer_without_proof_opens_a_linked_ticket_and_offers_to_merge(
    house: InMemory,
) -> None:
    """Anna answers the mail that she sent herself, from where nothing proves her."""
    own = "annas-own@customer.example"
    first = letter(ANNA, TO, "The cup broke.", DOMAIN, subject="Cup")
    house.receive(first.replace(b"Message-ID: <", b"Message-ID: <" + own.encode() + b">\r\nX: <"))
    house.receive(letter(ANNA, TO, "And the plate.", f"In-Reply-To: <{own}>", subject="Re: Cup"))
    notice = text_of(house.to(ALICE)[-1])

    answer(house, "#merge 2")

    assert house.ticket(3)["state"] == "merged"
    assert "Does it belong to ticket #2? Then reply with just this line: #merge 2" in notice
    assert house.ticket(3)["linked"] == 2


def test_an_answer_to_ones_own_mail_from_a_proven_domain_joins(house: InMemory) -> None:
    own = "annas-own@customer.example"
    first = letter(ANNA, TO, "The cup broke.", DOMAIN, subject="Cup")
    house.receive(first.replace(b"Message-ID: <", b"Message-ID: <" + own.encode() + b">\r\nX: <"))

    house.receive(
        letter(ANNA, TO, "And a plate.", DOMAIN, f"In-Reply-To: <{own}>", subject="Re: Cup")
    )

    assert len(house.ticket(2)["posts"]) == 2  # type: ignore[arg-type]


def test_accept_lets_in_only_whom_the_agent_was_shown(house: InMemory) -> None:
    annas = reply_to(house.to(ANNA)[0])
    house.receive(letter(CARL, annas, "I am her colleague."))
    shown = house.to(ALICE)[-1]
    house.receive(letter(EVE, annas, "So am I.", proven("elsewhere.example")))

    answer(house, "#accept", shown)

    assert people(house) == [ANNA, CARL]


def test_many_copies_are_no_more_than_fifty_people(house: InMemory) -> None:
    annas = reply_to(house.to(ANNA)[0])
    crowd = ", ".join(f"p{n}@customer.example" for n in range(60))

    house.receive(letter(ANNA, annas, "All.", DOMAIN, f"Cc: {crowd}"))

    assert len(people(house)) == 50
