"""Customers are asked once a ticket, in their language; their vote on the page counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from maild import survey
from maild.core.ticket import Move, State
from maild.survey import Result
from tests.ontime.office import BOB, Desk
from tests.surveys.house import (
    CUSTOMER,
    LANGUAGES,
    PUBLIC,
    RULES,
    asked,
    days,
    log,
    mails,
    solved,
    text_of,
    token_of,
    votes,
)

QUESTIONS = {
    "en": "How satisfied are you with our help?",
    "fr": "Dans quelle mesure êtes-vous satisfait de notre aide",
    "es": "¿Hasta qué punto está satisfecho con nuestra ayuda?",
    "de": "Wie zufrieden sind Sie mit unserer Hilfe?",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_solved_ticket_is_asked_about_once_in_the_customers_language(
    desk: Desk, language: str
) -> None:
    number = solved(desk, language=language)

    days(desk, 12)

    [mail] = mails(desk)
    assert QUESTIONS[language] in text_of(mail)
    assert QUESTIONS[language] in text_of(mail, "html")
    assert mail["Content-Language"] == language
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["Subject"]).endswith(f"[Support #{number}]")
    assert len(asked(desk)) == 1
    [line] = log(desk, "survey.sent")
    assert (line["ticket_id"], line["data"]["kind"]) == (number, "csat")
    assert set(line["data"]) == {"survey", "kind", "customer"}


def test_a_ticket_that_is_opened_again_is_not_asked_about(desk: Desk) -> None:
    number = solved(desk)
    desk.sleep(12)
    desk.writes(number)

    days(desk, 5)

    assert asked(desk) == []


def test_one_that_is_solved_twice_is_asked_about_once(desk: Desk) -> None:
    number = solved(desk)
    days(desk, 40)
    desk.writes(number)
    desk.answers(number)
    desk.moves(number, Move.SOLVE)

    days(desk, 40)

    assert len(asked(desk)) == len(mails(desk)) == 1


def test_who_was_asked_lately_is_left_alone(desk: Desk) -> None:
    solved(desk)
    days(desk, 3)
    second = solved(desk)
    days(desk, 5)
    third = solved(desk)
    days(desk, 29)
    fourth = solved(desk)
    days(desk, 3)

    assert [row["ticket_id"] for row in asked(desk)] == [1, fourth]
    why = [line["data"]["why"] for line in log(desk, "survey.withheld")]
    assert why == ["asked lately", "asked lately"]
    assert [line["ticket_id"] for line in log(desk, "survey.withheld")] == [second, third]


def test_half_of_them_are_asked_where_a_rule_says_so(desk: Desk) -> None:
    desk.use(PUBLIC, RULES.replace("share = 100", "share = 50"))
    numbers = desk.opens(60)
    for number in numbers:
        desk.answers(number)
        desk.moves(number, Move.SOLVE)

    days(desk, 3)

    tickets = {row["ticket_id"] for row in asked(desk)}
    assert 18 < len(tickets) < 42
    assert tickets == {n for n in numbers if n in tickets}


def test_who_never_proved_the_address_is_not_asked(desk: Desk) -> None:
    (number,) = desk.opens()
    desk.moves(number, Move.SOLVE)

    days(desk, 3)

    assert (asked(desk), mails(desk)) == ([], [])


def test_looking_changes_nothing_and_a_vote_counts_once(desk: Desk) -> None:
    number = solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0])
    before = desk.count("event")

    pages = [
        survey.show(desk.office, token, "", chosen) for chosen in (None, 4, 99) for _ in "abc"
    ]
    assert {page.result for page in pages} == {Result.ASKED}
    assert 'value="4" required checked' in pages[3].html
    assert "required checked" not in pages[0].html
    assert desk.count("event") == before

    results = [survey.vote(desk.office, token, 4, "Fine & fast", "").result for _ in range(3)]

    assert results == [Result.VOTED] * 3
    assert votes(desk) == [(4, "Fine & fast", "page")]
    [line] = log(desk, "survey.answered")
    assert line["ticket_id"] == number
    assert line["data"] == {
        "survey": "1",
        "kind": "csat",
        "score": "4",
        "via": "page",
        "customer": "1",
    }
    assert "@" not in line["actor"]
    assert desk.ticket(number).state is State.SOLVED
    assert "Fine &amp; fast" in survey.show(desk.office, token, "").html


def test_a_vote_can_be_changed_for_a_while(desk: Desk) -> None:
    solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0])
    survey.vote(desk.office, token, 4, "", "")
    desk.sleep(48)
    changed = survey.vote(desk.office, token, 5, "better", "")
    desk.sleep(25)

    late = survey.vote(desk.office, token, 1, "", "")

    assert (changed.result, late.result) == (Result.VOTED, Result.ENDED)
    assert [score for score, _, _ in votes(desk)] == [4, 5]
    assert survey.show(desk.office, token, "").result is Result.ENDED


def test_a_survey_that_is_over_takes_no_vote(desk: Desk) -> None:
    solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0])
    desk.set_clock(desk.now + timedelta(days=31))

    results = [
        survey.show(desk.office, token, "").result,
        survey.vote(desk.office, token, 5, "", "").result,
    ]

    assert results == [Result.ENDED] * 2
    assert votes(desk) == []


def test_only_the_token_of_a_survey_votes(desk: Desk) -> None:
    solved(desk)
    days(desk, 2)
    mail = mails(desk)[0]
    token, leave = token_of(mail), token_of(mail, "unsubscribe")
    forged = [token[:-1] + ("a" if token[-1] != "a" else "q"), leave, "", "a" * 45, token[:44]]

    results = {survey.vote(desk.office, one, 5, "", "").result for one in forged}

    assert results == {Result.UNKNOWN}
    assert survey.vote(desk.office, token, 6, "", "").result is Result.UNKNOWN
    assert survey.vote(desk.office, token, -1, "", "").result is Result.UNKNOWN
    assert votes(desk) == []
    assert survey.unsubscribe(desk.office, token, "").result is Result.UNKNOWN


def test_a_low_mark_opens_the_ticket_again_and_its_lead_hears_of_it(desk: Desk) -> None:
    number = solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0])

    survey.vote(desk.office, token, 2, "Nobody <b>read</b> my mail", "")
    survey.vote(desk.office, token, 1, "Nobody <b>read</b> my mail", "")

    ticket = desk.ticket(number)
    assert (ticket.state, ticket.tags) == (State.OPEN, ("low-mark",))
    [told] = mails(desk, BOB)
    assert "A customer gave us 2 of 5" in text_of(told)
    assert "> Nobody <b>read</b> my mail" in text_of(told)
    assert "Nobody &lt;b&gt;read" in text_of(told, "html")
    assert [score for score, _, _ in votes(desk)] == [2, 1]


def test_who_unsubscribes_is_asked_no_more_and_tickets_go_on(desk: Desk) -> None:
    solved(desk)
    days(desk, 2)
    mail = mails(desk)[0]
    token = token_of(mail, "unsubscribe")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    assert survey.show_unsubscribe(desk.office, token, "").result is Result.ASKED
    assert desk.count("unsubscribed") == 0
    results = [survey.unsubscribe(desk.office, token, "").result for _ in range(2)]
    desk.sleep(40 * 24)
    number = solved(desk)
    days(desk, 3)

    assert results == [Result.LEFT] * 2
    assert desk.count("unsubscribed") == 1
    assert len(mails(desk)) == 1
    [line] = log(desk, "survey.withheld")
    assert (line["ticket_id"], line["data"]["why"]) == (number, "unsubscribed")
    [left] = log(desk, "customer.unsubscribed")
    assert left["ticket_id"] is None
    assert CUSTOMER not in str(left)
