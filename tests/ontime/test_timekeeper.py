"""A clock that nobody believes: what waits for a time waits on, what waits for none goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from maild import log
from maild.core.mail import Envelope, Source
from maild.core.ticket import Move
from maild.delivery import Delivery
from maild.settings import RelaySettings
from maild.store import journal
from maild.store.writer import Journal
from tests.ontime.office import CONFIG, Desk

AT_ONCE = """
[[rule]]
name = "ask at once"
on   = "ticket.solved"
do   = [ { survey = "csat" } ]

[[rule]]
name = "thank at once"
on   = "ticket.closed"
do   = [ { reply = "closing" } ]

[[rule]]
name  = "ask each week"
on    = "survey.due"
after = "7d"
do    = [ { survey = "nps" } ]
"""
DIGESTS = CONFIG + '\n[report]\ndigest = "all"\n'
NOBODY = RelaySettings(scheme="smtp", host="127.0.0.1", port=1)


def _sends(desk: Desk) -> int:
    """Send what is due, by the clock that the alarm believes or not; return how many were tried."""
    delivery = Delivery(lambda: desk.office, "node", "host.example")
    delivery.is_trusted = desk.alarm.clock.look
    return delivery.step()


def _states(desk: Desk) -> list[str]:
    return [mail["state"] for mail in desk.mails()]


def _leaps(desk: Desk) -> datetime:
    """Let the clock leap ten years ahead; return what time it really is."""
    right = desk.now
    desk.set_clock(right.replace(year=right.year + 10))
    return right


def _solved(desk: Desk) -> int:
    (number,) = desk.opens()
    desk.answers(number)
    desk.sets(number, "state=solved")
    return number


@pytest.fixture
def evening(desk: Desk) -> Desk:
    """An office in which a survey waits for the morning."""
    desk.use(CONFIG, AT_ONCE)
    desk.sleep(11)
    desk.alarm.ring()
    _solved(desk)
    return desk


def test_what_waits_for_the_morning_does_not_go_out_because_the_clock_is_ahead(
    evening: Desk,
) -> None:
    desk = evening
    right = _leaps(desk)
    ahead = _sends(desk)
    desk.set_clock(right)
    desk.alarm.ring()
    back = _sends(desk)
    desk.sleep(14)
    morning = _sends(desk)

    assert (ahead, back, morning) == (0, 0, 1)
    assert _states(desk) == ["sent"]


def test_what_waits_for_no_time_goes_out_all_the_same(evening: Desk) -> None:
    desk = evening
    _leaps(desk)
    desk.sets(1, "state=closed")

    assert _sends(desk) == 1
    assert sorted(_states(desk)) == ["scheduled", "sent"]


def test_a_relay_that_was_away_is_not_given_up_because_the_clock_is_ahead(desk: Desk) -> None:
    desk.use(CONFIG, AT_ONCE)
    desk.office = replace(desk.office, relays={"": NOBODY})
    desk.alarm.ring()
    number = _solved(desk)
    first = _sends(desk)
    right = _leaps(desk)
    ahead = _sends(desk)
    desk.set_clock(right + timedelta(minutes=2))
    desk.running += timedelta(minutes=2)
    desk.alarm.ring()

    assert (first, ahead, _sends(desk)) == (1, 0, 1)
    assert _states(desk) == ["queued"]
    assert desk.log(number, "reply.failed") == []


def test_what_was_put_off_for_years_comes_back_with_the_clock(evening: Desk) -> None:
    desk = evening
    desk.office = replace(desk.office, relays={"": NOBODY})
    right = _leaps(desk)
    desk.alarm.ring()
    desk.sets(1, "state=closed")
    _comes_in(desk)
    ahead = _sends(desk)
    desk.set_clock(right)
    desk.alarm.ring()
    tried = _sends(desk)

    assert (ahead, tried) == (1, 1)
    assert sorted(_states(desk)) == ["queued", "scheduled"]
    assert desk.count("journal WHERE not_before IS NULL") == 1


def test_what_was_put_off_in_an_earlier_life_comes_back_at_the_start(desk: Desk) -> None:
    _put_off(desk)
    desk.restart()
    desk.alarm.ring()

    assert _sends(desk) == 1


def test_what_another_node_put_off_comes_back_within_the_hour(desk: Desk) -> None:
    desk.alarm.ring()
    _put_off(desk)
    desk.alarm.ring()
    at_once = _sends(desk)
    desk.sleep(1)
    desk.alarm.ring()

    assert (at_once, _sends(desk)) == (0, 1)


def test_what_was_to_wait_while_the_clock_was_ahead_waits_as_long_from_now_on(desk: Desk) -> None:
    desk.use(CONFIG, AT_ONCE)
    desk.sleep(11)
    desk.alarm.ring()
    right = _leaps(desk)
    desk.alarm.ring()
    _solved(desk)
    desk.set_clock(right)
    desk.alarm.ring()
    [mail] = desk.mails()

    assert mail["state"] == "scheduled"
    assert right < mail["next_try_at"] == mail["not_before"] < right + timedelta(days=4)


def test_a_leap_between_two_rings_asks_nobody_and_tells_nobody_the_day(desk: Desk) -> None:
    desk.use(DIGESTS, AT_ONCE)
    desk.alarm.step()
    desk.moves(_waits(desk), Move.SOLVE)
    desk.opens()
    desk.sleep(24)
    desk.alarm.ring()
    before = len(desk.mails())
    right = _leaps(desk)
    leapt = (desk.alarm.poll(), desk.alarm.digest())
    desk.set_clock(right)

    assert leapt == (0, 0)
    assert len(desk.mails()) == before
    assert (desk.alarm.poll(), desk.alarm.digest()) == (1, 2), "else it would show nothing"


def _put_off(desk: Desk) -> None:
    """Let a mail be tried first by a clock that is two years ahead, which nobody here saw."""
    desk.use(CONFIG, AT_ONCE)
    desk.office = replace(desk.office, relays={"": NOBODY})
    _solved(desk)
    right = desk.now
    desk.set_clock(right + timedelta(days=730))
    assert Delivery(lambda: desk.office, "other", "host.example").step() == 1
    desk.set_clock(right)


def _waits(desk: Desk) -> int:
    (number,) = desk.opens()
    desk.answers(number)
    return number


def _comes_in(desk: Desk) -> None:
    """Let a mail come in that is to be tried again in a day."""
    envelope = Envelope(
        mail_from="", rcpt_to=("support@example.com",), source=Source.PIPE, mailbox=""
    )
    writer = Journal(desk.database, lambda: desk.now)
    number = writer.append(envelope, b"Subject: Help\r\n\r\nHelp.\r\n").result(30)
    writer.close()
    with desk.database.write() as connection:
        journal.count_try(connection, number, desk.now + timedelta(days=1))


def test_a_clock_that_is_not_as_the_databases_is_told_until_it_is(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure()
    clock, told = desk.alarm.clock, []
    for ahead in (29, 600, 600, -31, 5):
        clock.compare(desk.office.now() - timedelta(seconds=ahead))
        told.append(clock.check())
    clock.compare(None)

    assert [bool(words) for words in told] == [False, True, True, True, False]
    assert "+600 s off the database's" in told[1]
    assert "-31 s" in told[3]
    assert clock.check() == ""
    assert capsys.readouterr().err.count("clock.differs") == 1
