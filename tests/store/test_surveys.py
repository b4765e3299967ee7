"""Surveys as rows: one for each key whoever writes it, votes only added, turns taken once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

from sqlalchemy import insert

from maild.core.survey import Kind, Leaving, Survey, Via, Vote
from maild.core.surveying import Turn
from maild.errors import LostRace
from maild.store import polls, surveys, tables
from maild.store.database import Connection, Database
from tests.core.scenes import HOUSE

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA = "anna@customer.example"
_T = tables.metadata.tables
SURVEY = Survey(
    kind=Kind.CSAT,
    key="csat/1",
    recipient=ANNA,
    sent_at=NOW,
    expires_at=NOW + timedelta(days=30),
    mailbox="Support",
)


def _customer(connection: Connection, address: str = ANNA, kind: str = "agent") -> int:
    """A customer with one pending ticket and one post."""
    row = {
        "address": address,
        "name": "Anna",
        "language": "",
        "segment": "",
        "segment_from": "",
        "organisation": "",
        "account_manager": "",
        "notes": "",
        "verified": False,
        "created_at": NOW,
    }
    made = insert(_T["customer"]).returning(_T["customer"].c.id)
    number = int(connection.execute(made, row).scalar_one())
    ticket = {
        "version": 1,
        "subject": "x",
        "state": "pending",
        "queue": "support",
        "priority": "normal",
        "tier": 1,
        "assignee": "",
        "tags": [],
        "language": "fr",
        "mailbox": "Support",
        "customer_id": number,
        "created_at": NOW,
        "updated_at": NOW,
    }
    opened = insert(_T["ticket"]).returning(_T["ticket"].c.id)
    post = {"ticket_id": connection.execute(opened, ticket).scalar_one(), "n": 1, "kind": kind}
    connection.execute(
        insert(_T["post"]),
        post
        | {"at": NOW, "author": ANNA, "author_name": ""}
        | dict.fromkeys(
            ("text", "reply_text", "html", "language", "message_id", "thread_index", "trust"), ""
        ),
    )
    return number


def _turn(number: int, days: int = 91) -> Turn:
    return Turn(
        rule="quarter",
        days=days,
        places=(number % days,),
        since=NOW - timedelta(days=days),
        taken_since=NOW - timedelta(days=84),
        asked_since=NOW - timedelta(days=30),
        most=10,
    )


def test_a_key_is_written_once(database: Database) -> None:
    with database.write() as connection:
        customer = _customer(connection)
        first = surveys.add(connection, SURVEY, customer)
    with database.write() as connection:
        second = surveys.add(connection, SURVEY, customer)
        other = surveys.add(connection, replace(SURVEY, key="csat/2"), customer)

    assert first > 0
    assert second == 0
    assert other > 0


def test_the_last_vote_is_in_force_and_the_first_one_tells_the_time(database: Database) -> None:
    with database.write() as connection:
        number = surveys.add(connection, SURVEY, _customer(connection))
        for hours, score in ((1, 3), (2, 5)):
            vote = Vote(survey=number, kind=Kind.CSAT, score=score, via=Via.PAGE)
            surveys.vote(connection, [vote], NOW + timedelta(hours=hours))
        found = surveys.of(connection, [number, 99])

    assert set(found) == {number}
    given = found[number].given
    assert given is not None
    assert (given.score, given.first_at) == (5, NOW + timedelta(hours=1))
    assert found[number].name == "Anna"


def test_of_two_votes_at_once_one_is_decided_anew(database: Database) -> None:
    with database.write() as connection:
        number = surveys.add(connection, SURVEY, _customer(connection))
    vote = Vote(survey=number, kind=Kind.CSAT, score=1, via=Via.PAGE, earlier=0)
    lost: list[LostRace] = []

    def other() -> None:
        try:
            with database.write() as connection:
                surveys.vote(connection, [replace(vote, score=5)], NOW)
        except LostRace as error:
            lost.append(error)

    thread = Thread(target=other)
    with database.write() as connection:
        surveys.vote(connection, [vote], NOW)
        thread.start()
        thread.join(0.5)
    thread.join(60)

    with database.read() as connection:
        given = surveys.of(connection, [number])[number].given
    assert len(lost) == 1
    assert given is not None
    assert (given.score, given.count) == (1, 1)


def test_two_who_would_ask_somebody_do_so_one_after_the_other(database: Database) -> None:
    with database.write() as connection:
        customer = _customer(connection)
    known: list[object] = []

    def other() -> None:
        with database.write() as connection:
            surveys.hold(connection, [ANNA])
            known.append(surveys.lasts(connection, [ANNA]).get(ANNA))

    thread = Thread(target=other)
    with database.write() as connection:
        surveys.hold(connection, [ANNA])
        nobody = surveys.lasts(connection, [ANNA])
        thread.start()
        thread.join(0.5)
        surveys.add(connection, SURVEY, customer)
    thread.join(60)

    assert nobody == {}
    assert known == [SURVEY.sent_at]


def test_who_left_stays_away_until_an_operator_says_otherwise(database: Database) -> None:
    with database.write() as connection:
        leaving = Leaving(address=ANNA.upper(), customer=1, via=Via.LINK)
        surveys.leave(connection, [leaving, leaving], NOW)
        found = surveys.unsubscribed(connection, [ANNA, "ben@customer.example"])
        gone = [surveys.return_to(connection, ANNA) for _ in range(2)]

    assert found == {ANNA}
    assert gone == [True, False]


def test_a_turn_is_taken_once_and_others_days_are_left_alone(database: Database) -> None:
    with database.write() as connection:
        anna, ben = _customer(connection), _customer(connection, "ben@customer.example")
        _customer(connection, "eve@elsewhere.example", kind="customer")
        before = polls.whose(connection, _turn(anna))
        for _ in range(2):
            polls.take(connection, anna, "quarter", NOW)
        after = polls.whose(connection, _turn(anna))
        every = polls.whose(connection, replace(_turn(anna, days=1), taken_since=NOW))

    assert (before, after) == ([anna], [])
    assert list(every) == [anna, ben]


def test_who_was_asked_or_wants_nothing_has_no_turn(database: Database) -> None:
    with database.write() as connection:
        anna, ben = _customer(connection), _customer(connection, "ben@customer.example")
        surveys.add(connection, SURVEY, anna)
        leaving = Leaving(address="ben@customer.example", customer=ben, via=Via.PAGE)
        surveys.leave(connection, [leaving], NOW)

        found = polls.whose(connection, _turn(anna, days=1))

    assert list(found) == []


def test_a_candidate_brings_their_newest_ticket_and_how_often_they_were_asked(
    database: Database,
) -> None:
    with database.write() as connection:
        anna = _customer(connection)
        surveys.add(connection, replace(SURVEY, kind=Kind.NPS, key=f"nps/{anna}/1"), anna)
        found = polls.candidate(connection, anna, HOUSE)
        sent = polls.sent_since(connection, NOW - timedelta(days=1))

    assert found is not None
    assert (found.customer.address, found.turn, found.language) == (ANNA, 2, "fr")
    assert (found.customer.segment, sent) == ("paid", 1)
