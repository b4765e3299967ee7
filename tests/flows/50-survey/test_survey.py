"""A vote by mail, in four languages: read for certain, asked back, or handled as what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import text

from tests.flows.letter import Letter
from tests.flows.stage import Json, Stage, running, wait_for
from tests.needs import ROOT

FOLDER = Path(__file__).parent
ALICE, LEA = "alice@example.com", "lea@example.com"
AT_ONCE = """
[[rule]]
name = "tell Alice"
on   = "ticket.created"
do   = [ { notify = "alice@example.com" } ]

[[rule]]
name = "ask at once"
on   = "ticket.solved"
do   = [ { survey = "csat" } ]
"""
WRITES = {
    "en": "Hello, the printer on our floor does not print any more since this morning.",
    "fr": "Bonjour, l'imprimante de notre étage n'imprime plus depuis ce matin.",
    "es": "Hola, la impresora de nuestra planta ya no imprime desde esta mañana.",
    "de": "Guten Tag, der Drucker auf unserem Stockwerk druckt seit heute früh nicht mehr.",
}
ASKED = {
    "en": "How satisfied are you with our help?",
    "fr": "Dans quelle mesure êtes-vous satisfait de notre aide",
    "es": "¿Hasta qué punto está satisfecho con nuestra ayuda?",
    "de": "Wie zufrieden sind Sie mit unserer Hilfe?",
}
WORDS = {
    "en": ("5 great, thanks", 5),
    "fr": ("très bien", 5),
    "es": ("muy mal", 1),
    "de": ("gut", 4),
}
DOUBTS = {
    "en": ("between 3 and 4", "did not want to guess"),
    "fr": ("entre 3 et 4", "pas voulu deviner"),
    "es": ("entre 3 y 4", "no hemos querido adivinarlo"),
    "de": ("zwischen 3 und 4", "wollten nicht raten"),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A house that asks as soon as a ticket is solved."""
    folder = tmp_path_factory.mktemp("survey")
    rules = folder / "rules"
    rules.mkdir()
    shipped = (ROOT / "rules" / "80-survey.toml").read_text(encoding="utf-8")
    (rules / "80.toml").write_text(shipped + AT_ONCE, encoding="utf-8")
    with running(folder, (FOLDER / "config.toml").read_text(encoding="utf-8")) as stage:
        yield stage


def asked(desk: Stage, name: str, language: str = "en") -> tuple[int, Letter]:
    """Let somebody be helped; return the ticket and the survey that they get."""
    customer = f"{name}-{language}@customer.example"
    desk.send(mail(customer, "support@example.com", "Printer", WRITES[language]))
    number = int(desk.ticket_of(customer)["number"])
    notice = desk.letter(ALICE, number)
    desk.send(mail(ALICE, notice.reply_to, f"Re: {notice.subject}", "#solve"), notice.reply_to)
    return number, desk.letter(customer)


def mail(sender: str, to: str, subject: str, words: str, **fields: str) -> str:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return (
        f"From: {sender}\nTo: {to}\nSubject: {subject}\nMIME-Version: 1.0\n{more}"
        f"Content-Type: text/plain; charset=utf-8\n\n{words}\n"
    )


def answer(desk: Stage, survey: Letter, words: str, sender: str = "", **fields: str) -> None:
    """Reply as a plain mail client does, the survey quoted below."""
    quote = "\n".join(f"> {line}".rstrip() for line in survey.text.splitlines())
    sender = sender or survey.recipient
    body = f"{words}\n\nOn Monday, Example wrote:\n{quote}"
    made = mail(
        sender,
        survey.reply_to,
        f"Re: {survey.subject}",
        body,
        In_Reply_To=survey.message_id,
        **fields,
    )
    desk.send(made, survey.reply_to)
    desk.settled()


def votes(desk: Stage, number: int) -> list[tuple[int, str]]:
    with desk.database.read() as connection:
        query = (
            "SELECT score, via FROM vote JOIN survey ON survey.id = survey_id WHERE ticket_id = :n"
        )
        rows = connection.execute(text(f"{query} ORDER BY vote.id"), {"n": number})
        return [(row.score, row.via) for row in rows]


def kinds(ticket: Json) -> list[str]:
    return [post["kind"] for post in ticket["posts"]]


@pytest.mark.parametrize("language", WORDS)
def test_a_word_in_ones_own_language_is_a_vote(desk: Stage, language: str) -> None:
    number, survey = asked(desk, "word", language)
    words, score = WORDS[language]

    answer(desk, survey, words)

    assert ASKED[language] in survey.text
    assert ASKED[language] in survey.html
    assert survey.field("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert votes(desk, number) == [(score, "reply")]
    assert kinds(desk.ticket(number)) == ["customer", "auto"]
    assert desk.ticket(number)["state"] == ("open" if score < 3 else "solved")
    assert not desk.unread(survey.recipient)


@pytest.mark.parametrize("language", DOUBTS)
def test_a_doubt_is_asked_back_once_and_never_guessed(desk: Stage, language: str) -> None:
    number, survey = asked(desk, "doubt", language)
    words, said = DOUBTS[language]

    answer(desk, survey, words)

    back = desk.letter(survey.recipient)
    assert said in back.text
    assert votes(desk, number) == []
    assert desk.ticket(number)["state"] == "solved"

    answer(desk, back, "4")

    assert votes(desk, number) == [(4, "reply")]
    assert not desk.unread(survey.recipient)


def test_a_link_in_the_mail_begins_a_vote(desk: Stage) -> None:
    number, survey = asked(desk, "link")
    page = re.search(
        r'href="(https://help\.example\.com/survey/[a-z2-7]{45}\?score=2)"', survey.html
    )
    assert page is not None

    desk.send(mail(survey.recipient, survey.reply_to, unquote("2%2F5"), ""), survey.reply_to)
    desk.settled()

    assert votes(desk, number) == [(2, "link")]


def test_a_low_mark_is_heard(desk: Stage) -> None:
    number, survey = asked(desk, "low")

    answer(desk, survey, "1\n\nNobody called me back.")

    told = wait_for(lambda: desk.unread(LEA, number), "the lead heard nothing")
    ticket = desk.ticket(number)
    assert "A customer gave us 1 of 5" in told[0].text
    assert "Nobody called me back." in told[0].text
    assert (ticket["state"], ticket["tags"]) == ("open", ["low-mark"])
    desk.letter(LEA, number)

    desk.send(mail(survey.recipient, "support@example.com", "Again", "It is broken again."))
    desk.settled()
    again = int(desk.ticket_of(survey.recipient)["number"])
    assert f"1 of 5 for ticket #{number}, today" in desk.letter(ALICE, again).text


def test_a_question_beside_a_mark_is_a_question(desk: Stage) -> None:
    number, survey = asked(desk, "question")

    answer(desk, survey, "5, thanks! Where do I find the invoice? The last one was wrong.")

    ticket = desk.ticket(number)
    assert votes(desk, number) == [(5, "reply")]
    assert kinds(ticket) == ["customer", "customer"]
    assert ticket["state"] == "open"


def test_a_machine_casts_no_vote(desk: Stage) -> None:
    number, survey = asked(desk, "away")

    answer(desk, survey, "5", Auto_Submitted="auto-replied")

    assert votes(desk, number) == []
    assert not desk.unread(survey.recipient)


def test_who_the_survey_did_not_go_to_casts_no_vote(desk: Stage) -> None:
    number, survey = asked(desk, "mine")

    answer(desk, survey, "1", sender="other@customer.example")

    assert votes(desk, number) == []


def test_a_vote_is_changed_by_another_mail_and_repeated_by_none(desk: Stage) -> None:
    number, survey = asked(desk, "changed")

    for words in ("3", "3", "4"):
        answer(desk, survey, words)

    assert votes(desk, number) == [(3, "reply"), (4, "reply")]
    answered = [e for e in desk.ticket(number)["events"] if e["kind"] == "survey.answered"]
    assert [one["data"]["score"] for one in answered] == ["3", "4"]


def test_a_forged_address_casts_no_vote(desk: Stage) -> None:
    number, survey = asked(desk, "forged")
    local, _, domain = survey.reply_to.rpartition("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'q'}@{domain}"

    desk.send(mail(survey.recipient, forged, "Re: survey", "1"), forged)
    desk.settled()

    assert votes(desk, number) == []
    assert [held for held in desk.held() if "token-broken" in str(held)]


@pytest.mark.parametrize("way", ["header", "word"])
def test_who_says_stop_is_asked_no_more(desk: Stage, way: str) -> None:
    number, survey = asked(desk, f"stop-{way}")

    if way == "word":
        answer(desk, survey, "unsubscribe")
    else:
        found = re.search(
            r"<mailto:([^?>]+)\?subject=unsubscribe>", survey.field("List-Unsubscribe")
        )
        assert found is not None
        to = unquote(found[1])
        desk.send(mail(survey.recipient, to, "unsubscribe", ""), to)
        desk.settled()

    with desk.database.read() as connection:
        left = set(connection.execute(text("SELECT address FROM unsubscribed")).scalars())
    assert survey.recipient in left
    assert votes(desk, number) == []
    assert not desk.unread(survey.recipient)
