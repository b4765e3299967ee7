"""Answers by mail to the question whether somebody would recommend us: no ticket, or a new one."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from maild import handle
from maild.core.decision import Outcome
from maild.core.ticket import PostKind, State
from maild.handle import Handled
from maild.simulation import letters
from maild.simulation.letters import Author
from maild.store import journal, tickets
from maild.store.writer import Journal
from tests.ontime.office import BOB, Desk
from tests.surveys.house import CUSTOMER, PUBLIC, RULES, log, mails, solved, text_of, votes
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
    return handle.mails(desk.office, [(claimed, letter.mail)])[0]


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

    with desk.database.read() as connection:
        [view] = tickets.views(connection, [2], desk.office.world.house, desk.now)
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
