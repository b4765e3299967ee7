"""One conversation in every client, field by field and in mutt's own view."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.letter import Letter
from tests.flows.mutt import threads
from tests.flows.stage import Script, Stage, wire
from tests.needs import needs

CUSTOMER, ALICE = "paula@customer.example", "alice@example.com"
INDEX = base64.b64encode(bytes.fromhex("01dc5b0a1c2d") + bytes(range(16))).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """First mail, acknowledgement, answer, second mail, second answer."""

    asked: str
    acknowledged: Letter
    answered: Letter
    asked_again: str
    answered_again: Letter
    notices: tuple[Letter, Letter]


@pytest.fixture(scope="module")
def exchange(house: Stage) -> Exchange:
    script = Script(Path(__file__).parent, house)
    asked = script.mail("first", THREAD_INDEX=INDEX)
    house.send(asked)
    number = house.ticket_of(CUSTOMER)["number"]
    acknowledged, notice = house.letter(CUSTOMER), house.letter(ALICE, number)
    answer(house, notice, "Somebody comes today.")
    answered = house.letter(CUSTOMER)
    asked_again = script.mail(
        "again",
        REPLY_TO=answered.reply_to,
        SUBJECT=answered.subject,
        MESSAGE_ID=answered.message_id,
        REFERENCES=" ".join(answered.references),
        THREAD_INDEX=answered.field("Thread-Index"),
    )
    house.send(asked_again, [answered.reply_to, "support@example.com", "help@example.com"])
    second = house.letter(ALICE, number)
    answer(house, second, "They are in the lift.")
    return Exchange(
        asked=asked,
        acknowledged=acknowledged,
        answered=answered,
        asked_again=asked_again,
        answered_again=house.letter(CUSTOMER),
        notices=(notice, second),
    )


def answer(house: Stage, notice: Letter, text: str) -> None:
    house.send(
        f"From: {ALICE}\nTo: {notice.reply_to}\nSubject: Re: {notice.subject}\n"
        f"In-Reply-To: {notice.message_id}\n\n{text}\n",
        notice.reply_to,
    )


def ours(exchange: Exchange) -> tuple[Letter, ...]:
    return exchange.acknowledged, exchange.answered, exchange.answered_again


def test_the_base_subject_stays_the_same(exchange: Exchange, house: Stage) -> None:
    number = house.ticket_of(CUSTOMER)["number"]

    subjects = {letter.subject for letter in ours(exchange)}

    assert subjects == {f"Re: Heating fails [Support #{number}]"}


def test_the_parent_is_the_mail_that_was_answered(exchange: Exchange) -> None:
    first, second = "<story-24-1@customer.example>", "<story-24-3@customer.example>"

    parents = [letter.field("In-Reply-To") for letter in ours(exchange)]

    assert parents == [first, first, second]


def test_the_references_name_the_root_first_and_the_parent_last(exchange: Exchange) -> None:
    for letter in ours(exchange):
        assert letter.references[0] == "<story-24-1@customer.example>"
        assert letter.references[-1] == letter.field("In-Reply-To")
    assert exchange.answered.message_id in exchange.answered_again.references


def test_the_thread_index_is_a_child_of_the_customers(exchange: Exchange) -> None:
    root = base64.b64decode(INDEX)
    parents = [INDEX, INDEX, exchange.answered.field("Thread-Index")]

    for letter, parent in zip(ours(exchange), parents, strict=True):
        index = base64.b64decode(letter.field("Thread-Index"))
        assert index[:22] == root
        assert index[:-5] == base64.b64decode(parent)
        assert letter.field("Thread-Topic") == "Heating fails"


def test_the_agents_thread_and_the_customers_share_no_id(exchange: Exchange) -> None:
    theirs = {id_ for letter in ours(exchange) for id_ in (letter.message_id, *letter.references)}
    agents = {
        id_ for letter in exchange.notices for id_ in (letter.message_id, *letter.references)
    }

    assert exchange.notices[0].references == exchange.notices[1].references
    assert not theirs & agents


def test_no_mail_of_ours_is_shown_to_go_to_ourselves(exchange: Exchange, house: Stage) -> None:
    own = {"support@example.com", "help@example.com", "orders@acme.example", "hilfe@example.com"}
    assert exchange.answered_again.readers == [CUSTOMER]

    for letter in house.letters():
        assert letter.recipient in letter.readers
        for reader in letter.readers:
            local, _, domain = reader.partition("@")
            assert f"{local.partition('+')[0]}@{domain}" not in own


@needs("mutt")
def test_mutt_shows_one_thread(exchange: Exchange, tmp_path: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    mails = [wire(exchange.asked), wire(exchange.asked_again)]
    mails += [letter.file.read_bytes() for letter in ours(exchange)]
    for n, mail in enumerate(mails):
        (tmp_path / "new" / f"{n}.mail").write_bytes(mail)

    shown = threads(tmp_path)

    assert [thread.depth for thread in shown] == [0, 1, 1, 2, 3]
    assert [thread.sender for thread in shown] == [
        "Paula Peters",
        "Support",
        "Alice Archer",
        "Paula Peters",
        "Alice Archer",
    ]


@needs("mutt")
def test_mutt_shows_the_agents_notices_as_one_thread(exchange: Exchange, tmp_path: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    for n, letter in enumerate(exchange.notices):
        (tmp_path / "new" / f"{n}.mail").write_bytes(letter.file.read_bytes())

    shown = threads(tmp_path)

    assert [thread.depth for thread in shown] == [1, 1]
