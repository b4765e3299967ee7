"""Customers are asked how they find us once a quarter, each on a day of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from maild import polling, survey
from maild.core import surveying
from maild.core.rule import Rule
from maild.core.scorecard import By, Span, Wish
from maild.core.ticket import Customer, Priority, State
from maild.store import report
from maild.survey import Result
from tests.ontime.office import BOB, CONFIG, MONDAY, Desk
from tests.surveys.house import (
    LANGUAGES,
    PUBLIC,
    RULES,
    asked,
    log,
    mails,
    solved,
    text_of,
    token_of,
    votes,
)

NPS = RULES[RULES.index('[[rule]]\nname  = "ask each quarter"') :]
QUESTIONS = {
    "en": "How likely are you to recommend us to a friend or colleague?",
    "fr": "Quelle est la probabilité que vous nous recommandiez",
    "es": "¿Qué probabilidad hay de que nos recomiende",
    "de": "Wie wahrscheinlich ist es, dass Sie uns",
}


def _days(desk: Desk, count: int) -> None:
    """Let days go by, the clock ringing on each."""
    for _ in range(count):
        desk.sleep(24)
        desk.alarm.ring()
        desk.alarm.poll()


def _until_asked(desk: Desk) -> None:
    """Wait for the day of the first customer, whose number is 1."""
    today = desk.now.date().toordinal()
    desk.sleep(24 * ((1 - today) % 91))
    while not surveying.is_daytime("UTC", desk.now):
        desk.sleep(24)
    desk.alarm.ring()
    desk.alarm.poll()


def _asked_once(desk: Desk) -> str:
    """Let a customer's turn come; return the token of their survey."""
    desk.use(PUBLIC, NPS)
    solved(desk)
    _until_asked(desk)
    [mail] = mails(desk)
    return token_of(mail)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_is_asked_once_a_quarter_in_their_language(desk: Desk, language: str) -> None:
    desk.use(PUBLIC, NPS)
    solved(desk, language=language)

    _until_asked(desk)
    _days(desk, 3)

    [mail] = mails(desk)
    assert QUESTIONS[language] in text_of(mail)
    assert QUESTIONS[language] in text_of(mail, "html")
    assert mail["Content-Language"] == language
    assert mail["Auto-Submitted"] == "auto-generated"
    [line] = log(desk, "survey.sent")
    assert (line["ticket_id"], line["data"]["kind"]) == (None, "nps")
    assert (line["data"]["segment"], line["data"]["language"]) == ("free", language)


def test_what_a_detractor_says_is_told_by_segment_and_language_and_in_the_response_rate(
    desk: Desk,
) -> None:
    token = _asked_once(desk)

    survey.vote(desk.office, token, 3, "", "")
    survey.vote(desk.office, token, 9, "", "")

    lines = log(desk, "survey.answered")
    assert [line["ticket_id"] for line in lines] == [2, None]
    assert {(line["data"]["segment"], line["data"]["language"]) for line in lines} == {
        ("free", "en")
    }
    whole = Span(start=MONDAY, end=desk.now + timedelta(days=1))
    with desk.database.read() as connection:
        found = report.read(connection, Wish(whole=whole, by=By.SEGMENT))
    [free] = [group.whole for group in found.groups if group.name == "free"]
    assert (free.nps.n, free.nps.promoters) == (1, 1)
    assert (free.nps_responses.hits, free.nps_responses.n) == (1, 1)


def test_customers_are_spread_over_the_days(desk: Desk) -> None:
    desk.use(PUBLIC, NPS)
    numbers = desk.opens(182)
    for number in numbers:
        desk.answers(number)

    _days(desk, 9)
    early = len(asked(desk))
    _days(desk, 74)

    times = [row["sent_at"].date() for row in asked(desk)]
    assert early < 50
    assert len(asked(desk)) == len({row["customer_id"] for row in asked(desk)}) >= 176
    assert max(times.count(day) for day in set(times)) <= 18
    assert all(day.weekday() < 5 for day in times)


def test_no_more_are_asked_a_day_than_a_limit_says(desk: Desk) -> None:
    desk.use(PUBLIC + "\n", NPS.replace('after = "91d"', 'after = "1d"'))
    desk.use(PUBLIC.replace("[limits]", "[limits]\nsurveys_per_day = 7"), NPS)
    for number in desk.opens(182):
        desk.answers(number)

    desk.sleep(2)
    desk.alarm.ring()
    for _ in range(5):
        desk.alarm.poll()

    assert len(asked(desk)) == 7


def test_who_had_no_contact_or_never_proved_anything_is_not_asked(desk: Desk) -> None:
    desk.use(PUBLIC, NPS)
    desk.opens()
    gone = solved(desk, subject="Long ago")
    with desk.database.write() as connection:
        connection.execute(
            text("UPDATE ticket SET updated_at = '2020-01-01 00:00:00' WHERE id = :n"), {"n": gone}
        )

    _until_asked(desk)
    _days(desk, 2)

    assert asked(desk) == []


OURS = ("alice@example.com", "support@example.com", "support+abc@example.com")


@pytest.mark.parametrize("address", OURS)
def test_nobody_of_the_house_is_asked(desk: Desk, address: str) -> None:
    rules = RULES.replace('after = "91d"', 'after = "1d"')
    desk.use(PUBLIC, rules)
    solved(desk, customer=Customer(address=address, name="Us"))
    solved(desk)

    desk.sleep(1)
    desk.alarm.ring()
    desk.alarm.poll()
    _days(desk, 4)

    assert {row["recipient"] for row in asked(desk)} == {"customer0@customer.example"}


def test_a_suspended_address_and_one_that_unsubscribed_are_not_asked(desk: Desk) -> None:
    desk.use(PUBLIC, NPS)
    first, second, third = desk.opens(3)
    for number in (first, second, third):
        desk.answers(number)
    with desk.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO unsubscribed VALUES ('customer0@customer.example', '2026-03-02 00:00:00', 'page')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO address VALUES ('customer1@customer.example', 3, '2026-03-02 00:00:00', '2026-03-02 00:00:00')"
            )
        )

    _until_asked(desk)
    _days(desk, 4)

    assert [row["recipient"] for row in asked(desk)] == ["customer2@customer.example"]


def test_at_night_and_on_sunday_nobody_is_asked(desk: Desk) -> None:
    monday = desk.now
    hours = [
        surveying.is_daytime("Europe/Berlin", monday + timedelta(days=day, hours=hour))
        for day, hour in ((0, 0), (0, -2), (0, 9), (5, 1), (6, 1), (7, 1))
    ]

    assert hours == [True, False, False, False, False, True]


def test_whoever_rings_nobody_is_asked_twice(desk: Desk) -> None:
    desk.use(PUBLIC, NPS)
    solved(desk)
    found: tuple[tuple[Rule, int], ...] = ()
    while not found:
        desk.sleep(24)
        found = polling.due(desk.office)
    [(rule, number)] = found

    results = [polling.ask(desk.office, rule, number) for _ in range(3)]

    assert results[0] is True
    assert len(mails(desk)) == len(asked(desk)) == 1


def test_a_detractor_opens_a_ticket_that_the_lead_hears_of(desk: Desk) -> None:
    token = _asked_once(desk)

    page = survey.vote(desk.office, token, 3, "You never <i>call</i> back", "")

    assert page.result is Result.VOTED
    ticket = desk.ticket(2)
    assert (ticket.state, ticket.queue, ticket.tags) == (State.NEW, "support", ("detractor",))
    assert (ticket.priority, ticket.subject) == (Priority.HIGH, "NPS 3/10")
    assert ticket.customer.address == "customer0@customer.example"
    [told] = mails(desk, BOB)
    assert "A customer gave us 3 of 10" in text_of(told)
    assert "> You never <i>call</i> back" in text_of(told)
    assert votes(desk) == [(3, "You never <i>call</i> back", "page")]
    assert len(mails(desk)) == 1
    assert desk.count("post WHERE ticket_id = 2") == 1


def test_a_promoter_opens_nothing_and_the_log_knows_it(desk: Desk) -> None:
    token = _asked_once(desk)

    survey.vote(desk.office, token, 10, "", "")

    assert desk.count("ticket") == 1
    [line] = log(desk, "survey.answered")
    assert (line["ticket_id"], line["data"]["score"]) == (None, "10")
    assert mails(desk, BOB) == []


def test_without_a_rule_nobody_is_asked(desk: Desk) -> None:
    desk.use(CONFIG, RULES[: RULES.index('[[rule]]\nname  = "ask each quarter"')])
    solved(desk)

    desk.sleep(2)
    desk.alarm.ring()

    assert polling.due(desk.office) == ()
