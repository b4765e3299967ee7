"""Answers by mail to the question whether somebody would recommend us: no ticket, or a new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from maild import handle
from maild.core import replytext
from maild.core.decision import Outcome
from maild.core.snapshot import TicketView
from maild.core.ticket import PostKind, State
from maild.handle import Handled
from maild.simulation import letters
from maild.simulation.letters import Author
from maild.store import journal, tickets
from maild.store.writer import Journal
from tests.ontime.office import BOB, Desk
from tests.surveys.house import (
    CUSTOMER,
    PUBLIC,
    RULES,
    days,
    log,
    mails,
    solved,
    text_of,
    votes,
)
from tests.surveys.test_polling import NPS

_NUMBERS = count(1)


def _asked(desk: Desk) -> str:
    """Let a customer be asked; return the address that their answer goes to."""
    desk.use(PUBLIC, NPS.replace('after = "91d"', 'after = "1d"'))
    solved(desk)
    desk.sleep(1)
    desk.alarm.ring()
    desk.alarm.poll()
    return str(mails(desk)[-1]["Reply-To"].addresses[0].addr_spec)


def _sends(desk: Desk, to: str, said: str, sender: str = CUSTOMER) -> Handled:
    desk.sleep(0.1)
    author = Author(address=sender, name="Carla", language="en")
    letter = letters.letter(
        author, to, "Re: Would you recommend us?", said, (next(_NUMBERS), desk.now)
    )
    writer = Journal(desk.database, lambda: desk.now)
    row = writer.append(letter.envelope, letter.raw).result()
    writer.close()
    [claimed] = journal.load(desk.database, [row])
    reply = replytext.split(said, html_reply=None, delimiters=())
    return handle.mails(desk.office, [(claimed, replace(letter.mail, reply=reply))])[0]


def _asked_about(desk: Desk, language: str) -> tuple[int, str]:
    """Let a customer be asked about a ticket; return it, and the address as `_asked` does."""
    number = solved(desk, language=language)
    days(desk, 12)
    return number, str(mails(desk)[-1]["Reply-To"].addresses[0].addr_spec)


def _view(desk: Desk, number: int) -> TicketView:
    with desk.database.read() as connection:
        [view] = tickets.views(connection, [number], desk.office.world.house, desk.now)
    return view


def test_a_number_alone_is_a_vote_and_no_post(desk: Desk) -> None:
    to = _asked(desk)

    handled = _sends(desk, to, "9")

    assert handled.outcome is Outcome.IGNORED
    assert votes(desk) == [(9, "", "reply")]
    assert desk.count("ticket") == 1
    [line] = log(desk, "survey.answered")
    assert line["ticket_id"] is None


def test_a_detractors_mail_is_the_first_post_of_a_ticket(desk: Desk) -> None:
    to = _asked(desk)

    _sends(desk, to, "2\n\nI had to wait for a week.")

    view = _view(desk, 2)
    assert (view.ticket.state, view.ticket.tags) == (State.NEW, ("detractor",))
    assert [(post.kind, post.journal_id > 0) for post in view.recent] == [
        (PostKind.CUSTOMER, True)
    ]
    assert "I had to wait for a week." in view.recent[0].text
    assert "A customer gave us 2 of 10" in text_of(mails(desk, BOB)[0])
    assert votes(desk)[0][0] == 2


def test_a_word_is_no_number_and_is_asked_back_once(desk: Desk) -> None:
    to = _asked(desk)
    before = len(mails(desk))

    _sends(desk, to, "very good")
    _sends(desk, to, "very very good")

    assert len(mails(desk)) == before + 1
    assert "did not want to guess" in text_of(mails(desk)[-1])
    assert votes(desk) == []
    assert desk.count("ticket") == 2


def test_a_question_opens_a_ticket(desk: Desk) -> None:
    to = _asked(desk)

    handled = _sends(desk, to, "Why do I get this mail, and where can I see my contract?")

    assert (handled.outcome, handled.ticket) == (Outcome.POSTED, 2)
    assert votes(desk) == []


def test_an_answer_that_comes_too_late_is_told_so(desk: Desk) -> None:
    to = _asked(desk)
    before = len(mails(desk))
    desk.set_clock(desk.now + timedelta(days=31))

    _sends(desk, to, "9")

    assert "The time to give or change it is over" in text_of(mails(desk)[-1])
    assert len(mails(desk)) == before + 1
    assert votes(desk) == []
    assert desk.count("ticket") == 1


@pytest.mark.parametrize("said", ["9", "stop"])
def test_somebody_elses_mail_neither_votes_nor_unsubscribes(desk: Desk, said: str) -> None:
    to = _asked(desk)

    _sends(desk, to, said, sender="eve@elsewhere.example")

    assert votes(desk) == []
    assert desk.count("unsubscribed") == 0


def test_rules_of_the_house_are_the_shipped_ones() -> None:
    assert NPS in RULES


def test_what_stands_below_the_signature_of_a_vote_reaches_an_agent(desk: Desk) -> None:
    number, to = _asked_about(desk, "de")

    _sends(desk, to, "5\n\nMit freundlichen Grüßen\nCarla\nPS: Bitte rufen Sie an: 0123/456")

    view = _view(desk, number)
    assert votes(desk)[-1][0] == 5
    assert view.ticket.state is State.OPEN
    assert view.recent[-1].kind is PostKind.CUSTOMER
    assert "0123/456" in view.recent[-1].reply_text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Not working"),
        ("fr", "Merci de me rappeler"),
        ("es", "No funciona"),
        ("de", "Nein, geht nicht"),
    ],
)
def test_a_problem_without_a_mark_is_handled_and_not_asked_back(
    desk: Desk, language: str, said: str
) -> None:
    number, to = _asked_about(desk, language)
    before = len(mails(desk))

    _sends(desk, to, said)

    view = _view(desk, number)
    assert (view.ticket.state, view.recent[-1].kind) == (State.OPEN, PostKind.CUSTOMER)
    assert len(mails(desk)) == before


@pytest.mark.parametrize(
    ("language", "said", "told"),
    [
        ("en", "3 or 4, and it does not work again", "has been passed on to our colleagues"),
        ("fr", "3 ou 4, et ça ne marche plus", "a bien été transmis à nos collègues"),
        ("es", "3 o 4, y no funciona", "Hemos pasado su mensaje a nuestros compañeros"),
        ("de", "3 oder 4, und es geht nicht", "liegt unseren Kolleginnen und Kollegen vor"),
    ],
)
def test_who_is_asked_back_hears_that_a_problem_was_passed_on(
    desk: Desk, language: str, said: str, told: str
) -> None:
    number, to = _asked_about(desk, language)

    _sends(desk, to, said)

    [back] = [mail for mail in mails(desk) if told in text_of(mail)]
    assert told in text_of(back, "html")
    assert _view(desk, number).ticket.state is State.OPEN


def test_a_courtesy_after_being_asked_back_opens_nothing(desk: Desk) -> None:
    number, to = _asked_about(desk, "en")

    for said in ("3 or 4", "Thanks, Carla"):
        _sends(desk, to, said)

    assert _view(desk, number).ticket.state is State.SOLVED
    assert votes(desk) == []
