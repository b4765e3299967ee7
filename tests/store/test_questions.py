"""Questions to agents: each is answered once, on every engine."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core.decision import Outcome
from maild.core.question import Answered, NamedFile, Question, QuestionState, Shown, Way
from maild.core.reason import Reason, Why
from maild.errors import LostRace
from maild.store import journal, questions
from maild.store.database import Database
from maild.store.journal import Ending
from tests.store.rows import NOW, journalled

ALICE = "alice@co.example"
SHOWN = Shown(
    recipients=("anna@customer.example",),
    subject="Grüße",
    text="Pull it.",
    formatted="Push it.",
    files=(NamedFile(name="a.pdf", size=7),),
    files_left_out=(NamedFile(name="b.mov", size=8),),
    orders=("#solve",),
    doubts=(Reason(why=Why.AGENT_UNPROVEN, detail="E1"),),
    is_note=True,
)


def held(database: Database) -> Question:
    """One held mail, and a question about it that is not yet written down."""
    (row,) = journalled(database)
    with database.write() as connection:
        ending = Ending(journal_id=row, outcome=Outcome.HELD, reason="confirm-asked")
        journal.end(connection, ending, NOW)
    return Question(
        journal_id=row,
        agent=ALICE,
        mailbox="Support",
        language="de",
        digest="d" * 64,
        expires_at=NOW + timedelta(days=7),
        shown=SHOWN,
    )


def yes(question: Question) -> Answered:
    return Answered(
        journal_id=question.journal_id,
        round=question.round,
        state=QuestionState.APPROVED,
        way=Way.MAIL,
    )


def test_a_question_is_kept_as_it_was_shown(database: Database) -> None:
    question = held(database)
    with database.write() as connection:
        questions.add(connection, question, NOW)
        questions.add(connection, question, NOW)

    with database.read() as connection:
        (asked,) = questions.of(connection, [question.journal_id, 99])[question.journal_id]
        waiting = questions.waiting(connection)

    assert asked.question == question
    assert (asked.state, asked.way) == (QuestionState.WAITING, None)
    assert waiting == {question.journal_id: question}


def test_an_answer_counts_once_and_sends_the_mail_through_the_line(database: Database) -> None:
    question = held(database)
    with database.write() as connection:
        questions.add(connection, question, NOW)
        questions.answer(connection, yes(question), NOW)

    with pytest.raises(LostRace), database.write() as connection:
        questions.answer(connection, yes(question), NOW)

    with database.read() as connection:
        asked = questions.newest(connection, question.journal_id)
        assert questions.waiting(connection) == {}
    assert asked is not None
    assert (asked.state, asked.way, asked.question.shown) == (
        QuestionState.APPROVED,
        Way.MAIL,
        Shown(),
    )
    assert [one.id for one in journal.claim(database, "n", NOW, 5)] == [question.journal_id]


def test_of_two_answers_at_once_one_counts(database: Database) -> None:
    question = held(database)
    with database.write() as connection:
        questions.add(connection, question, NOW)
    won: list[bool] = []

    def answer() -> None:
        try:
            with database.write() as connection:
                questions.answer(connection, yes(question), NOW)
            won.append(True)
        except LostRace:
            won.append(False)

    threads = [threading.Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(won) == [False, False, False, True]


def test_who_is_asked_anew_answers_the_newer_question(database: Database) -> None:
    question = held(database)
    with database.write() as connection:
        questions.add(connection, question, NOW)
        questions.add(connection, replace(question, round=2), NOW)

    with pytest.raises(LostRace), database.write() as connection:
        questions.answer(connection, yes(question), NOW)
    with database.write() as connection:
        questions.answer(connection, yes(replace(question, round=2)), NOW)

    with database.read() as connection:
        states = [
            a.state for a in questions.of(connection, [question.journal_id])[question.journal_id]
        ]
    assert states == [QuestionState.ANEW, QuestionState.APPROVED]


def test_a_mail_that_is_not_held_any_more_is_not_answered(database: Database) -> None:
    question = held(database)
    with database.write() as connection:
        questions.add(connection, question, NOW)
        journal.release(connection, question.journal_id)

    with pytest.raises(LostRace), database.write() as connection:
        questions.answer(connection, yes(question), NOW)


def test_what_is_erased_leaves_no_words(database: Database) -> None:
    question = held(database)
    with database.write() as connection:
        questions.add(connection, question, NOW)
        questions.forget(connection, question.journal_id, NOW)

    with database.read() as connection:
        asked = questions.newest(connection, question.journal_id)
    assert asked is not None
    assert (asked.state, asked.question.shown) == (QuestionState.DROPPED, Shown())
