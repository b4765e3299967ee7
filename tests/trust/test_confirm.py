"""What an agent's mail may not do at once: asked, answered once, and never by anybody else.

Real raw mails go through the reader, the look-up, the decision and the commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from itertools import product

import pytest

from maild import confirm
from maild.confirm import Result
from maild.core.decision import Outcome
from maild.core.house import AgentTrust
from maild.core.question import QuestionState, Wish
from maild.core.token import Purpose, issue
from maild.handle import Handled
from maild.store import journal, listing, questions
from tests.core.scenes import ALICE, ANNA, BEN, BOB, EVE, HOUSE, KEYS, NOW, reply_address
from tests.trust.house import InMemory, letter, proven

DOMAIN = proven("co.example")
PAGES = "https://support.co.example/desk"
STRICT = replace(
    HOUSE,
    agent_trust=AgentTrust.TOKEN_AND_DOMAIN,
    public_url=PAGES,
    trusted_clients=(),
    trusted_domains=(),
)


def opened(**more: object) -> InMemory:
    """A strict house with one ticket of Anna's, Ben in Cc."""
    made = InMemory(replace(STRICT, **more))  # type: ignore[arg-type]
    first = letter(
        f"Anna <{ANNA}>",
        f"support@co.example\r\nCc: {BEN}",
        "It smokes.",
        proven(ANNA.partition("@")[2]),
    )
    made.receive(first)
    return made


@pytest.fixture
def house() -> Iterator[InMemory]:
    made = opened()
    yield made
    made.close()


def agents(text: str, *fields: str, person: str = ALICE) -> bytes:
    """An agent's answer at their own reply address; without fields no domain is proven."""
    return letter(person, reply_address(person, 1, Purpose.AGENT), text, *fields)


def asked(house: InMemory, text: str = "Switch it off.", *fields: str) -> EmailMessage:
    """Let Alice's mail be held, and return the question that she gets."""
    (handled,) = house.receive(agents(text, *fields))
    assert handled.outcome is Outcome.HELD
    return house.to(ALICE)[-1]


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def token_of(question: EmailMessage) -> str:
    match = re.search(r"\+([a-z2-7]{45})@", str(question["Reply-To"]))
    assert match
    return match[1]


def answer(
    house: InMemory, question: EmailMessage, text: str = "", *fields: str, by: str = ALICE
) -> Handled:
    """Reply to a question as a mail client does."""
    quote = "\r\n".join(f"> {line}" for line in plain(question).splitlines())
    words = f"{text}\r\n\r\nOn Monday, Support wrote:\r\n{quote}"
    (handled,) = house.receive(letter(by, str(question["Reply-To"]), words, *fields))
    return handled


def to_customer(house: InMemory) -> list[EmailMessage]:
    return [mail for mail in house.to(ANNA) if mail["Auto-Submitted"] is None]


def said_to_customer(house: InMemory) -> list[str]:
    """The words of every person's mail to Anna."""
    return [
        plain(mail).replace("\r\n", "\n").partition("\n-- ")[0].strip()
        for mail in to_customer(house)
    ]


@pytest.mark.parametrize("fields", [(), (DOMAIN,)])
def test_an_honest_agent_is_asked_only_for_what_is_not_proven(fields: tuple[str, ...]) -> None:
    house = opened()

    (handled,) = house.receive(agents("Switch it off.", *fields))

    assert (handled.outcome is Outcome.POSTED) == bool(fields)
    assert len(to_customer(house)) == len(fields)
    house.close()


def test_the_question_shows_all_that_would_be_sent(house: InMemory) -> None:
    question = asked(house)

    text = plain(question)
    assert question["X-Recipient"] == ALICE
    assert str(question["Subject"]) == "[Support #1] Please confirm: The printer smokes"
    assert question["Auto-Submitted"] == "auto-generated"
    assert f"To: {ANNA}, {BEN}" in text
    assert "> Switch it off." in text
    assert f"{PAGES}/confirm/{token_of(question)}" in text
    assert "We could not make sure that it really came from you." in text
    assert to_customer(house) == []


def test_a_plain_reply_sends_it_once_and_a_transcript_tells(house: InMemory) -> None:
    question = asked(house)

    first = answer(house, question)
    released = house.line()
    second = answer(house, question, "Yes please.")
    again = house.line()

    assert (first.outcome, [one.outcome for one in released]) == (
        Outcome.IGNORED,
        [Outcome.POSTED],
    )
    assert said_to_customer(house) == ["Switch it off."]
    assert second.outcome is Outcome.IGNORED
    assert again == ()
    told = [plain(mail) for mail in house.to(ALICE)]
    assert "It was confirmed, and is done now." in told[-2]
    assert "you confirmed it before" in told[-1]
    assert [post["kind"] for post in house.ticket(1)["posts"]] == ["customer", "agent"]  # type: ignore[attr-defined]


def test_a_no_gives_the_mail_up_for_good(house: InMemory) -> None:
    question = asked(house)

    dropped = answer(house, question, "#drop")
    (ended,) = house.line()
    late = answer(house, question, "Send it after all.")

    assert dropped.outcome is Outcome.IGNORED
    assert ended.outcome is Outcome.IGNORED
    assert str(ended.reasons[0]).startswith("dropped")
    assert late.outcome is Outcome.IGNORED
    assert to_customer(house) == []
    told = [plain(mail) for mail in house.to(ALICE)]
    assert "Discarded: nothing was sent" in told[-2]
    assert "it was discarded before" in told[-1]


WORDS = (
    ("", True),
    ("Yes.", True),
    ("#send", True),
    ("＃OK", True),
    ("#no", False),
    ("No, please do not!", False),
    ("Nein.", False),
    ("* #Drop", False),
    ("Non", False),
    ("\u200b#Discard", False),
    ("-- \r\nAlice\r\nSupport", True),
    ("Sent from my iPhone", True),
    ("Best regards,\r\nAlice", True),
    ("Alice", True),
    ("Ja, bitte.", True),
    ("Sí", True),
    ("Thank you for your message. I am back on Monday.", False),
    ("I never wrote that!", False),
)


@pytest.mark.parametrize("words", [WORDS[:9], WORDS[9:]], ids=["some", "others"])
def test_the_first_word_decides(house: InMemory, words: tuple[tuple[str, bool], ...]) -> None:
    for n, (word, sends) in enumerate(words):
        before = len(to_customer(house))
        answer(house, asked(house, f"Sentence {n}."), word)
        house.line()

        assert len(to_customer(house)) - before == sends, word


def test_a_command_is_no_answer(house: InMemory) -> None:
    handled = answer(house, asked(house), "#note Call him first")

    assert handled.outcome is Outcome.HELD
    assert house.line() == ()
    assert "The line #note is not a command we know" in plain(house.to(ALICE)[-1])


AUTOMATIC = (
    ("Auto-Submitted: auto-replied",),
    ("X-Autoreply: yes", "Precedence: bulk"),
    ("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All"),
)


def test_a_vacation_answer_never_confirms(house: InMemory) -> None:
    question = asked(house)

    for fields in AUTOMATIC:
        handled = answer(house, question, "I am away until Monday.", *fields)

        assert handled.outcome is Outcome.IGNORED
        assert house.line() == ()
        assert to_customer(house) == []


@pytest.mark.parametrize("text", ["", "Yes", "I am away until Monday."])
@pytest.mark.parametrize("field", ["Return-Path: <>", "X-Auto-Response-Suppress: None"])
def test_a_program_that_does_not_say_so_never_confirms(
    house: InMemory, text: str, field: str
) -> None:
    is_by_hand = text != "I am away until Monday." and not field.startswith("Return-Path")
    question = asked(house)

    answer(house, question, text, field)

    assert len(house.line()) == is_by_hand
    assert len(to_customer(house)) == is_by_hand


def test_text_that_is_neither_yes_nor_no_is_told_and_leaves_the_question_open(
    house: InMemory,
) -> None:
    question = asked(house)

    handled = answer(house, question, "I never wrote that!")

    assert handled.outcome is Outcome.HELD
    told = plain(house.to(ALICE)[-1])
    assert "The line “I never wrote that!” is not a command we know." in told
    assert "#send" in told
    answer(house, question)
    assert [one.outcome for one in house.line()] == [Outcome.POSTED]


def test_a_bounce_never_confirms(house: InMemory) -> None:
    question = asked(house)
    report = (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "Return-Path: <>",
    )
    raw = letter("MAILER-DAEMON@co.example", str(question["Reply-To"]), "@BODY@", *report)
    raw = raw.replace(b"Content-Type: text/plain; charset=utf-8\r\n", b"")
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.co.example\r\n\r\n"
        f"Final-Recipient: rfc822; {ALICE}\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
    )

    (handled,) = house.receive(raw.replace(b"@BODY@", body.encode()))

    assert handled.outcome is Outcome.HELD
    assert house.line() == ()
    assert to_customer(house) == []


def test_whoever_holds_the_token_confirms_and_a_false_proof_does_not(house: InMemory) -> None:
    question = asked(house)
    failed = answer(house, question, "", proven("co.example", "fail"))

    assert failed.outcome is Outcome.HELD
    assert house.line() == ()

    answer(house, question, by="alice@private.example")

    assert [one.outcome for one in house.line()] == [Outcome.POSTED]


def forged_tokens() -> list[tuple[str, str]]:
    def made(purpose: Purpose, row: int, recipient: str) -> str:
        return issue(KEYS, purpose=purpose, ticket=row, recipient=recipient, today=NOW.date())

    return [
        ("guessed", "a" * 45),
        ("of another mail", made(Purpose.CONFIRM, 77, f"{ALICE}?1")),
        ("of another agent", made(Purpose.CONFIRM, 2, f"{BOB}?1")),
        ("of another round", made(Purpose.CONFIRM, 2, f"{ALICE}?2")),
        ("without a round", made(Purpose.CONFIRM, 2, ALICE)),
        ("an agent's own", made(Purpose.AGENT, 1, ALICE)),
        ("for a survey", made(Purpose.SURVEY, 2, f"{ALICE}?1")),
        ("for a thread", made(Purpose.THREAD, 2, f"{ALICE}?1")),
        ("for a return path", made(Purpose.RETURN, 2, f"{ALICE}?1")),
    ]


def test_no_other_token_confirms(house: InMemory) -> None:
    asked(house)
    tried = 0

    for (what, token), by in product(forged_tokens(), (ALICE, ANNA, EVE)):
        house.receive(
            *(letter(by, f"support+{token}@co.example", text) for text in ("", "#send", "Yes."))
        )
        tried += 3

        assert house.line() == ()
        assert to_customer(house) == [], what
        assert confirm.answer(house.office, token, Wish.SEND, "en").result is Result.UNKNOWN
        assert confirm.show(house.office, token, "en").result is Result.UNKNOWN

    print(f"\nconfirmations: {tried} forged, 0 accepted")


def test_a_colleagues_question_is_not_ones_own(house: InMemory) -> None:
    """Bob's token answers Bob's question; Alice's mail stays where it is."""
    asked(house)
    house.receive(agents("From Bob.", person=BOB))
    of_bob = house.to(BOB)[-1]

    answer(house, of_bob, by=ALICE)
    house.line()

    assert said_to_customer(house) == ["From Bob."]


def test_who_left_the_house_confirms_no_more(house: InMemory) -> None:
    question = asked(house)
    left = replace(house.office.world.house, agents=HOUSE.agents[1:])
    house.office = replace(house.office, world=replace(house.office.world, house=left))

    handled = answer(house, question)

    assert handled.outcome is Outcome.HELD
    assert confirm.answer(house.office, token_of(question), Wish.SEND, "en").result is (
        Result.UNKNOWN
    )
    assert house.line() == ()


def test_what_changed_meanwhile_is_asked_again(house: InMemory) -> None:
    first = asked(house)
    house.receive(letter(ANNA, reply_address(ANNA, 1), "Never mind.", proven("customer.example")))

    answer(house, first)
    (again,) = house.line()
    second = house.to(ALICE)[-1]

    assert again.outcome is Outcome.HELD
    assert to_customer(house) == []
    assert "Something has changed since we asked you" in plain(second)
    assert "Never mind." in plain(second)
    assert token_of(first) != token_of(second)
    assert confirm.answer(house.office, token_of(first), Wish.SEND, "en").result is Result.OVER
    page = confirm.show(house.office, token_of(second), "en").html
    assert "Something has changed since we asked you" in page
    assert "Never mind." in page

    answer(house, second)
    house.line()

    assert said_to_customer(house) == ["Switch it off."]


def test_an_answer_after_its_time_sends_nothing(house: InMemory) -> None:
    question = asked(house)
    house.now += timedelta(days=8)

    handled = answer(house, question)

    assert handled.outcome is Outcome.IGNORED
    assert house.line() == ()
    assert "the time to confirm it is over" in plain(house.to(ALICE)[-1])
    assert confirm.show(house.office, token_of(question), "en").result is Result.OVER
    assert len(held(house)) == 1


def held(house: InMemory) -> list[dict[str, object]]:
    with house.database.read() as connection:
        return listing.held_list(connection)


def test_an_operator_sees_what_waits_and_confirms_by_releasing_it(house: InMemory) -> None:
    question = asked(house)
    (row,) = held(house)
    house.receive(letter(ANNA, reply_address(ANNA, 1), "And now?", proven("customer.example")))

    was_asked = confirm.operator(house.office, 2)
    (released,) = house.line()

    assert row["confirmation"] == {
        "agent": ALICE,
        "expires_at": "2026-03-09T09:00:00.000000Z",
        "asked": 1,
    }
    assert was_asked
    assert released.outcome is Outcome.POSTED
    assert len(to_customer(house)) == 1
    assert confirm.answer(house.office, token_of(question), Wish.SEND, "en").result is Result.OVER
    events = house.ticket(1)["events"]
    kinds = [(e["kind"], e["actor"]) for e in events]  # type: ignore[attr-defined]
    assert ("mail.confirmed", "operator") in kinds


def test_what_an_operator_erases_is_asked_no_more(house: InMemory) -> None:
    question = asked(house)
    with house.database.write() as connection:
        journal.drop(connection, 2, "privacy", house.now)
        questions.forget(connection, 2, house.now)

    assert confirm.answer(house.office, token_of(question), Wish.SEND, "en").result is Result.OVER
    with house.database.read() as connection:
        (known,) = questions.of(connection, [2])[2]
    assert (known.state, known.question.shown.text) == (QuestionState.DROPPED, "")


def test_a_page_sends_once_and_a_get_sends_nothing(house: InMemory) -> None:
    token = token_of(asked(house))

    shown = [confirm.show(house.office, token, "en") for _ in range(3)]
    before = house.line()
    first = confirm.answer(house.office, token, Wish.SEND, "en")
    house.line()
    second = confirm.answer(house.office, token, Wish.SEND, "en")

    assert [page.result for page in shown] == [Result.ASKED] * 3
    assert "Switch it off." in shown[0].html
    assert before == ()
    assert (first.result, second.result) == (Result.SENT, Result.OVER)
    assert "Switch" not in second.html
    assert confirm.show(house.office, token, "en").result is Result.OVER
    assert len(to_customer(house)) == 1


def test_a_note_repeated_is_asked_and_not_refused(house: InMemory) -> None:
    secret = "the customer is three months behind with all of his payments"
    house.receive(agents(f"#note\r\n{secret}", DOMAIN))

    question = asked(house, f"As we said: {secret}.", DOMAIN)

    assert "It repeats words of an internal note" in plain(question)
    assert to_customer(house) == []

    answer(house, question)
    house.line()

    assert len(to_customer(house)) == 1


def test_a_formatted_form_that_says_something_else_is_shown(house: InMemory) -> None:
    raw = agents("@BODY@").replace(
        b"Content-Type: text/plain; charset=utf-8",
        b'Content-Type: multipart/alternative; boundary="b"',
    )
    body = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nSwitch it off.\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<p>Pay to this account.</p>\r\n--b--\r\n"
    )

    house.receive(raw.replace(b"@BODY@", body))

    assert "Pay to this account." in plain(house.to(ALICE)[-1])
    assert (
        "Pay to this account."
        in confirm.show(house.office, token_of(house.to(ALICE)[-1]), "en").html
    )


def test_confirm_all_asks_about_everything_once() -> None:
    house = opened(agent_trust=AgentTrust.CONFIRM_ALL)
    question = asked(house, "#solve\r\n\r\nDone.", DOMAIN)

    assert "every email of an agent is confirmed" in plain(question)
    assert "  #solve" in plain(question)

    answer(house, question)
    house.line()

    assert len(to_customer(house)) == 1
    assert house.ticket(1)["state"] == "solved"
    house.close()


def test_a_forward_is_asked_where_everything_is() -> None:
    house = opened(agent_trust=AgentTrust.CONFIRM_ALL)
    forwarded = (
        "-------- Forwarded Message --------\r\nSubject: Broken cup\r\n"
        "Date: Mon, 2 Mar 2026 08:00:00 +0000\r\nFrom: Carl <carl@elsewhere.example>\r\n"
        "To: alice@co.example\r\n\r\nMy cup is broken.\r\n"
    )
    raw = letter(ALICE, "support@co.example", forwarded, DOMAIN, subject="Fwd: Broken cup")

    (handled,) = house.receive(raw)
    assert handled.outcome is Outcome.HELD
    answer(house, house.to(ALICE)[-1])
    house.line()

    assert [t["customer"]["address"] for t in house.tickets()] == [  # type: ignore[index]
        "carl@elsewhere.example",
        ANNA,
    ]
    house.close()


def test_an_answer_past_the_reply_address_is_asked_where_the_domain_is_proven(
    house: InMemory,
) -> None:
    notification = house.to(ALICE)[0]
    fields = (f"In-Reply-To: {notification['Message-ID']}",)

    claimed = house.receive(letter(ALICE, "support@co.example", "By the way.", *fields))
    proved = house.receive(letter(ALICE, "support@co.example", "Hello.", DOMAIN, *fields))

    assert [one.outcome for one in (*claimed, *proved)] == [Outcome.HELD, Outcome.HELD]
    first, second = house.to(ALICE)[1:]
    assert "Please reply to our notification" in plain(first)
    assert "Please confirm" in str(second["Subject"])
    answer(house, second)
    house.line()
    assert said_to_customer(house) == ["Hello."]
