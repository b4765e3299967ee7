"""An answer to a question as clients write it, and answers that come at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import pytest

from maild import confirm
from maild.core.decision import Outcome
from maild.core.question import Wish
from tests.core.scenes import ALICE, ANNA
from tests.trust.house import InMemory, letter, proven
from tests.trust.test_confirm import asked, opened, plain, to_customer, token_of


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = opened()
    yield made
    made.close()


def answer(question: EmailMessage, text: str, *fields: str) -> bytes:
    body = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return letter(ALICE, str(question["Reply-To"]), body, *fields)


OUTLOOK = (
    "\n\nVon: Support <support@co.example>\nGesendet: Montag, 2. März 2026 10:00\nAn: Alice\n"
    "Betreff: [Support #1] Please confirm: The printer smokes\n\n{whole}"
)
STYLES = {
    "only the quote": "{quote}",
    "Outlook in German": OUTLOOK,
    "a day alone": "\n\nAm Montag schrieb Example:\n{quote}",
    "a signature": "Yes\n\n-- \nAlice\n\n-----Original Message-----\n{whole}",
    "a no-break space": "\u00a0\n\nOn Mon, Support wrote:\n{quote}",
    "a telephone": "\n\nSent from my iPhone\n\n> On 2 Mar 2026, Support wrote:\n> \n{quote}",
    "no marks at all": "{whole}",
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_a_reply_without_text_sends_whatever_its_client_quotes(
    house: InMemory, style: str
) -> None:
    question = asked(house)
    whole = plain(question).replace("\r\n", "\n")
    quote = "\n".join(f"> {line}" for line in whole.splitlines())

    house.receive(answer(question, style.format(whole=whole, quote=quote)))

    assert [one.outcome for one in house.line()] == [Outcome.POSTED]
    assert len(to_customer(house)) == 1


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_an_absence_notice_in_any_form_sends_nothing(house: InMemory, style: str) -> None:
    question = asked(house)
    whole = plain(question).replace("\r\n", "\n")
    quote = "\n".join(f"> {line}" for line in whole.splitlines())
    away = "Dear Sender,\n\nI am back on Monday.\n\n" + style.removeprefix("Yes")

    house.receive(answer(question, away.format(whole=whole, quote=quote)))

    assert house.line() == ()
    assert to_customer(house) == []


def test_a_formatted_reply_without_text_sends_it(house: InMemory) -> None:
    question = asked(house)
    shown = question.get_body(("html",))
    assert shown is not None
    page = (
        "<html><body><div><br></div><div>Alice</div><div>On Monday Support wrote:<br>"
        f"<blockquote type=cite>{shown.get_content()}</blockquote></div></body></html>"
    )

    house.receive(answer(question, page).replace(b"text/plain", b"text/html"))

    assert [one.outcome for one in house.line()] == [Outcome.POSTED]


def test_of_answers_in_one_batch_the_first_counts(house: InMemory) -> None:
    question = asked(house)

    house.receive(*(answer(question, text, f"X-Copy: {text}") for text in ("yes", "drop", "ok")))

    assert [one.outcome for one in house.line()] == [Outcome.POSTED]
    assert len(to_customer(house)) == 1


def test_a_customer_who_writes_at_the_same_time_is_read_first(house: InMemory) -> None:
    question, annas = asked(house), house.to(ANNA)[0]
    again = letter(ANNA, str(annas["Reply-To"]), "One more thing.", proven("customer.example"))

    house.receive(again, answer(question, "yes"))

    assert [one.outcome for one in house.line()] == [Outcome.HELD]
    assert to_customer(house) == []


def test_of_four_who_press_a_button_at_once_one_counts(house: InMemory) -> None:
    token = token_of(asked(house))
    wishes = (Wish.SEND, Wish.DROP, Wish.SEND, Wish.DROP)

    with ThreadPoolExecutor(len(wishes)) as pool:
        pages = pool.map(lambda wish: confirm.answer(house.office, token, wish, "en"), wishes)
        results = [page.result.value for page in pages]

    assert results.count("over") == len(wishes) - 1
