"""A survey that waits for the morning, and what somebody does in the night."""

from __future__ import annotations

from sqlalchemy import text

from maild import survey
from maild.core.ticket import Move
from maild.store import outbox
from maild.store.tables import OutboxState
from tests.ontime.office import Desk
from tests.surveys.house import PUBLIC, RULES, asked, days, log, mails, solved, token_of

NIGHTLY = RULES.replace('after = "1 working day"', 'after = "12h"', 1)


def _states(desk: Desk) -> list[str]:
    with desk.database.read() as connection:
        rows = connection.execute(text("SELECT state FROM outbox WHERE key LIKE 'survey/%'"))
        return list(rows.scalars())


def _waits_for_morning(desk: Desk) -> int:
    """Let a survey be written in the evening; it is to go out at nine."""
    desk.use(PUBLIC, NIGHTLY)
    number = solved(desk)
    desk.sleep(12.5)
    desk.alarm.ring()
    assert _states(desk) == ["scheduled"]
    return number


def test_who_writes_again_in_the_night_is_not_asked_in_the_morning(desk: Desk) -> None:
    number = _waits_for_morning(desk)

    desk.sleep(1)
    desk.writes(number)

    assert _states(desk) == ["held"]
    (taken_back,) = desk.log(number, "notice.withdrawn")
    (sent,) = desk.log(number, "survey.sent")
    assert (taken_back["survey"], taken_back["kind"]) == (sent["survey"], sent["kind"])


def test_a_survey_that_was_taken_back_is_not_sent_by_a_retry(desk: Desk) -> None:
    number = _waits_for_morning(desk)
    desk.sleep(1)
    desk.writes(number)

    with desk.database.write() as connection:
        row = connection.execute(text("SELECT id FROM outbox WHERE key LIKE 'survey/%'"))
        moved = outbox.move(connection, row.scalar_one(), OutboxState.QUEUED, desk.office.now())

    assert not moved
    assert _states(desk) == ["held"]


def test_who_unsubscribes_in_the_night_is_not_asked_in_the_morning(desk: Desk) -> None:
    solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0], "unsubscribe")
    desk.sleep(40 * 24)
    _waits_for_morning_again(desk)

    survey.unsubscribe(desk.office, token, "")

    assert _states(desk)[-1] == "held"
    [line] = log(desk, "notice.withdrawn")
    assert (line["data"]["kind"], line["data"]["why"]) == ("csat", "unsubscribed")
    assert line["data"]["survey"] == log(desk, "survey.sent")[-1]["data"]["survey"]


def test_who_was_not_asked_in_the_end_is_asked_when_the_ticket_is_solved_again(
    desk: Desk,
) -> None:
    number = _waits_for_morning(desk)
    for _ in range(2):
        desk.sleep(1)
        desk.writes(number)
        desk.sleep(10)
        desk.answers(number)
        desk.moves(number, Move.SOLVE)
        desk.sleep(12.5)
        desk.alarm.ring()

    assert sorted(_states(desk)) == ["held", "held", "scheduled"]
    assert len(asked(desk)) == 1
    assert len(log(desk, "survey.sent")) == 3
    assert len(log(desk, "notice.withdrawn")) == 2


def test_a_ticket_that_is_closed_in_the_night_is_asked_about(desk: Desk) -> None:
    number = _waits_for_morning(desk)

    desk.sleep(1)
    desk.moves(number, Move.CLOSE)

    assert _states(desk) == ["scheduled"]
    assert len(asked(desk)) == 1


def _waits_for_morning_again(desk: Desk) -> None:
    desk.use(PUBLIC, NIGHTLY)
    solved(desk)
    desk.sleep(12.5)
    desk.alarm.ring()
    assert _states(desk)[-1] == "scheduled"


AT_ONCE = """
[[rule]]
name = "ask at once"
on   = "ticket.solved"
do   = [ { survey = "csat", share = 100, every = "30d" } ]
"""


def test_where_nothing_else_waits_a_survey_is_taken_back_all_the_same(desk: Desk) -> None:
    desk.use(PUBLIC, AT_ONCE)
    (number,) = desk.opens()
    desk.answers(number)
    desk.sleep(12.5)
    desk.sets(number, "state=solved")
    waiting = _states(desk)

    desk.sleep(1)
    desk.writes(number)

    assert desk.office.plan.is_empty
    assert (waiting, _states(desk)) == (["scheduled"], ["held"])
