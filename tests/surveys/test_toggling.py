"""Who changes their mind again and again is heard once, and not for ever."""

from __future__ import annotations

from maild import survey
from maild.core.ticket import Move, State
from maild.survey import Result
from tests.ontime.office import BOB, Desk
from tests.surveys.house import PUBLIC, RULES, days, log, mails, solved, token_of, votes
from tests.surveys.test_polling import _asked_once


def _toggles(desk: Desk, token: str, low: int, high: int, times: int) -> list[Result]:
    return [
        survey.vote(desk.office, token, score, "", "").result
        for _ in range(times)
        for score in (low, high)
    ]


def test_a_detractor_in_and_out_opens_one_ticket(desk: Desk) -> None:
    token = _asked_once(desk)

    _toggles(desk, token, 0, 10, 4)

    assert desk.count("ticket") == 2
    assert len(mails(desk, BOB)) == 1


def test_a_low_mark_opens_a_ticket_again_once(desk: Desk) -> None:
    number = solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0])

    survey.vote(desk.office, token, 1, "", "")
    desk.moves(number, Move.SOLVE)
    _toggles(desk, token, 5, 1, 3)

    assert desk.ticket(number).state is State.SOLVED
    assert len(mails(desk, BOB)) == 1


def test_there_is_an_end_to_votes(desk: Desk) -> None:
    desk.use(PUBLIC.replace("[limits]", "[limits]\nvotes_per_survey = 6"), RULES)
    solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0])

    results = _toggles(desk, token, 4, 5, 5)

    assert results == [Result.VOTED] * 6 + [Result.ENDED] * 4
    assert len(votes(desk)) == len(log(desk, "survey.answered")) == 6
