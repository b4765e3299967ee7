"""Every agent is told of their day once, when it begins where they are."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from maild import morning
from maild.carry import carry_out
from maild.core.absence import Absence
from maild.core.decision import Outcome
from maild.core.mail import Envelope
from maild.core.question import Question, Shown
from maild.core.reason import RETURNED, Reason, Why
from maild.core.ticket import Move, Priority
from maild.core.token import Purpose, made_for, verify
from maild.store import absence, journal, questions
from maild.store.writer import Journal
from tests.ontime.office import ALICE, BOB, CONFIG, KEYS, MONDAY, STANDARD, Desk, desk_in
from tests.servers.postgresql import running

OFFICE = "{ mon = '09:00-17:00', tue = '09:00-17:00', wed = '09:00-17:00', thu = '09:00-17:00', fri = '09:00-17:00' }"
NIGHT = "{ mon = '22:00-24:00', tue = '00:00-06:00, 22:00-24:00', wed = '00:00-06:00' }"
ALWAYS = "{ mon = '00:00-24:00', tue = '00:00-24:00', wed = '00:00-24:00', thu = '00:00-24:00', fri = '00:00-24:00', sat = '00:00-24:00', sun = '00:00-24:00' }"


def _config(zone: str = "UTC", hours: str = OFFICE, digest: str = "all", more: str = "") -> str:
    """Alice has a calendar, Bob has none and leads support."""
    config = CONFIG.replace('name = "Alice"', f'name = "Alice"\ncalendar = "own"\n{more}')
    return (
        f'{config}\n[report]\ndigest = "{digest}"\nzone = "Asia/Tokyo"\n'
        f'[[calendar]]\nname = "own"\nzone = "{zone}"\nhours = {hours}\n'
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office that sends digests, long before its next morning."""
    with desk_in(tmp_path, _config()) as opened:
        opened.use(_config(), rules="")
        yield opened


def _digests(desk: Desk, agent: str = ALICE) -> list[Mapping[str, Any]]:
    return [mail for mail in desk.mails(agent) if mail["key"].startswith("digest/")]


def _rings(desk: Desk, until: datetime, step: timedelta = timedelta(minutes=10)) -> None:
    """Let time go by, the clock ringing meanwhile."""
    while desk.now < until:
        desk.sleep(step / timedelta(hours=1))
        desk.alarm.ring()
        desk.alarm.digest()


def _wakes(desk: Desk, at: datetime) -> None:
    """Go to a time at once, as after a standstill, and ring."""
    desk.sleep((at - desk.now) / timedelta(hours=1))
    desk.alarm.ring()
    desk.alarm.digest()


def _parts(mail: Mapping[str, Any]) -> tuple[str, str]:
    message = message_from_bytes(zlib.decompress(mail["literal"]), policy=policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("Europe/Berlin", datetime(2026, 3, 3, 8, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 3, 14, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 3, 3, 3, 30, tzinfo=UTC)),
    ],
)
def test_it_comes_once_when_the_readers_own_working_day_opens(
    desk: Desk, zone: str, utc: datetime
) -> None:
    desk.use(_config(zone))
    desk.opens(assignee=ALICE)

    _wakes(desk, datetime(2026, 3, 2, 23, tzinfo=UTC))
    before = _digests(desk)
    _rings(desk, utc + timedelta(hours=8))

    (mail,) = _digests(desk)
    assert before == []
    assert timedelta() <= mail["created_at"] - utc < timedelta(minutes=10)
    assert mail["key"] == f"digest/{ALICE}/2026-03-03"


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 3, 27), 8),
        (date(2026, 3, 30), 7),
        (date(2026, 10, 23), 7),
        (date(2026, 10, 26), 8),
    ],
)
def test_the_morning_follows_the_clocks_around_a_change(desk: Desk, day: date, utc: int) -> None:
    desk.use(_config("Europe/Berlin"))
    desk.opens(assignee=ALICE)
    opening = datetime(day.year, day.month, day.day, utc, tzinfo=UTC)

    _wakes(desk, opening - timedelta(minutes=1))
    before = len(_digests(desk))
    _wakes(desk, opening)

    assert before == 0
    assert len(_digests(desk)) == 1


def test_on_the_days_on_which_clocks_change_it_comes_at_eight_and_once(desk: Desk) -> None:
    desk.use(_config("Europe/Berlin", ALWAYS))
    desk.opens(assignee=ALICE)
    for day, hour in (
        (datetime(2026, 3, 29, tzinfo=UTC), 6),
        (datetime(2026, 10, 25, tzinfo=UTC), 7),
    ):
        told = len(_digests(desk))
        _wakes(desk, day + timedelta(hours=hour) - timedelta(minutes=1))
        assert len(_digests(desk)) == told

        _rings(desk, day + timedelta(hours=20), timedelta(minutes=30))

        assert len(_digests(desk)) == told + 1


def test_a_night_shifts_morning_is_the_evening_on_which_it_begins(desk: Desk) -> None:
    desk.use(_config("UTC", NIGHT))
    desk.opens(assignee=ALICE)

    _rings(desk, datetime(2026, 3, 5, tzinfo=UTC), timedelta(minutes=30))

    assert [mail["created_at"] for mail in _digests(desk)] == [
        datetime(2026, 3, 2, 22, tzinfo=UTC),
        datetime(2026, 3, 3, 22, tzinfo=UTC),
    ]


def test_a_night_shift_that_is_told_after_midnight_is_told_of_its_own_day(desk: Desk) -> None:
    desk.use(_config("UTC", NIGHT))
    desk.opens(assignee=ALICE)

    _wakes(desk, datetime(2026, 3, 3, 1, tzinfo=UTC))

    assert [mail["key"] for mail in _digests(desk)] == [f"digest/{ALICE}/2026-03-02"]


def test_who_has_no_calendar_is_told_at_eight_where_the_house_is(desk: Desk) -> None:
    desk.opens(assignee=BOB)

    _wakes(desk, datetime(2026, 3, 2, 22, 59, tzinfo=UTC))
    before = _digests(desk, BOB)
    _wakes(desk, datetime(2026, 3, 2, 23, tzinfo=UTC))

    assert before == []
    assert [mail["key"] for mail in _digests(desk, BOB)] == [f"digest/{BOB}/2026-03-03"]


def test_no_digest_comes_at_a_weekend_and_monday_tells_of_friday(desk: Desk) -> None:
    desk.use(_config() + STANDARD)
    _wakes(desk, datetime(2026, 3, 6, 9, 30, tzinfo=UTC))
    desk.opens(assignee=ALICE)
    told = len(_digests(desk))

    _rings(desk, datetime(2026, 3, 8, 23, tzinfo=UTC), timedelta(hours=1))
    weekend = len(_digests(desk))
    _wakes(desk, datetime(2026, 3, 9, 9, 5, tzinfo=UTC))

    text, _ = _parts(_digests(desk)[-1])
    assert weekend == told
    assert len(_digests(desk)) == told + 1
    assert "Fell due since 6 March 2026, 00:00 (UTC) (1)" in text
    assert "First response: was due 6 March 2026, 13:30 (UTC)" in text


def test_who_is_away_is_told_nothing(desk: Desk) -> None:
    desk.opens(assignee=ALICE)
    away = Absence(agent=ALICE, since=MONDAY, until=MONDAY + timedelta(days=2), set_by=ALICE)
    with desk.database.write() as connection:
        absence.record(connection, [away], MONDAY)

    _rings(desk, MONDAY + timedelta(days=1, hours=12), timedelta(minutes=30))

    assert _digests(desk) == []


def test_after_three_days_of_standstill_only_todays_is_written(desk: Desk) -> None:
    desk.opens(assignee=ALICE)

    _wakes(desk, datetime(2026, 3, 5, 12, 59, tzinfo=UTC))
    _rings(desk, datetime(2026, 3, 5, 23, tzinfo=UTC), timedelta(minutes=30))

    assert [mail["key"] for mail in _digests(desk)] == [f"digest/{ALICE}/2026-03-05"]


def test_one_that_would_be_more_than_four_hours_late_is_left_out(desk: Desk) -> None:
    desk.opens(assignee=ALICE)

    _wakes(desk, datetime(2026, 3, 5, 13, 1, tzinfo=UTC))

    assert _digests(desk) == []


def test_a_restart_remembers_what_was_told(desk: Desk) -> None:
    desk.opens(assignee=ALICE)
    _wakes(desk, datetime(2026, 3, 3, 9, tzinfo=UTC))

    desk.restart()
    desk.alarm.ring()
    again = desk.alarm.digest()

    assert again == 0
    assert len(_digests(desk)) == 1


def test_it_is_written_by_what_maild_work_does(desk: Desk) -> None:
    desk.opens(assignee=ALICE)
    desk.sleep(24)

    desk.new_alarm("work").step()

    assert len(_digests(desk)) == 1


def test_what_dies_before_the_commit_has_told_nothing_and_is_done_again(desk: Desk) -> None:
    desk.opens(assignee=ALICE)
    _wakes(desk, datetime(2026, 3, 3, 8, 59, tzinfo=UTC))
    desk.sleep(0.1)
    (one,) = morning.due(desk.office)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(morning, "carry_out", _dies)
        with pytest.raises(RuntimeError):
            morning.write(desk.office, one)
    died = desk.count("digest")
    desk.alarm.digest()

    assert died == 0
    assert len(_digests(desk)) == 1


def _dies(*_: object) -> None:
    raise RuntimeError


def test_one_digest_that_fails_stops_no_other(desk: Desk) -> None:
    desk.use(_config("Asia/Tokyo", OFFICE.replace("09:00", "08:00")))
    desk.opens(assignee=ALICE)
    desk.opens(assignee=BOB)

    def fails(*given: Any) -> Any:
        if given[2][0][0].replies[0].recipient == ALICE:
            raise RuntimeError
        return carry_out(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(morning, "carry_out", fails)
        _wakes(desk, datetime(2026, 3, 2, 23, tzinfo=UTC))

    assert [len(_digests(desk, agent)) for agent in (ALICE, BOB)] == [0, 1]


def test_a_morning_with_nothing_to_tell_stays_silent(desk: Desk) -> None:
    _wakes(desk, datetime(2026, 3, 3, 9, tzinfo=UTC))
    desk.opens(assignee=ALICE)
    _rings(desk, datetime(2026, 3, 3, 12, tzinfo=UTC))

    assert _digests(desk) == []


@pytest.mark.parametrize(
    ("digest", "told"), [("none", []), ("leads", [BOB]), ("all", [ALICE, BOB])]
)
def test_who_is_told_is_what_the_settings_say(desk: Desk, digest: str, told: list[str]) -> None:
    desk.use(_config(digest=digest))
    desk.opens(assignee=ALICE)
    desk.opens(assignee=BOB)

    _rings(desk, MONDAY + timedelta(days=1, hours=3), timedelta(minutes=30))

    assert [agent for agent in (ALICE, BOB) if _digests(desk, agent)] == told


def test_no_clock_that_is_not_believed_tells_anybody_anything(desk: Desk) -> None:
    desk.opens(assignee=ALICE)
    desk.alarm.ring()
    desk.set_clock(desk.now + timedelta(days=3650))

    desk.alarm.ring()
    written = desk.alarm.digest()

    assert written == 0
    assert _digests(desk) == []


def test_each_ticket_has_the_address_that_answers_it(desk: Desk) -> None:
    numbers = desk.opens(2, assignee=ALICE)
    _wakes(desk, datetime(2026, 3, 3, 9, tzinfo=UTC))

    text, html = _parts(_digests(desk)[0])

    in_text = re.findall(r"mailto:support\+(\w+)@example\.com", text)
    in_html = re.findall(r'href="mailto:support\+(\w+)@example\.com\?subject=([^"]+)"', html)
    tokens = [verify(KEYS, token) for token in in_text]
    assert in_text == [token for token, _ in in_html]
    assert [one and (one.ticket, one.purpose) for one in tokens] == [
        (number, Purpose.AGENT) for number in numbers
    ]
    assert all(one and made_for(KEYS, one, ALICE) for one in tokens)
    assert in_html[0][1] == f"%5BSupport%20%23{numbers[0]}%5D%20The%20printer%20smokes"


def test_what_is_next_due_comes_first_then_the_urgent_then_the_old(desk: Desk) -> None:
    desk.use(_config() + STANDARD)
    desk.opens(assignee=ALICE, subject="old")
    desk.opens(assignee=ALICE, subject="urgent", priority=Priority.URGENT)
    for number in (1, 2):
        desk.moves(number, Move.PENDING)
    _wakes(desk, datetime(2026, 3, 3, 8, 50, tzinfo=UTC))
    desk.opens(assignee=ALICE, subject="soon", priority=Priority.HIGH)
    desk.opens(20, assignee=ALICE, subject="later")

    _wakes(desk, datetime(2026, 3, 3, 9, tzinfo=UTC))

    text, _ = _parts(_digests(desk)[0])
    listed = re.findall(r"\[Support #\d+\] (\w+)", text)
    assert "Your tickets (23)" in text
    assert listed == ["soon", *["later"] * 14]
    assert "and 8 more" in text


def test_what_nobody_has_taken_is_told_to_those_who_could(desk: Desk) -> None:
    desk.opens(5)
    desk.opens(queue="sales", subject="A quotation")

    _rings(desk, MONDAY + timedelta(days=1, hours=1), timedelta(minutes=30))

    alice, _ = _parts(_digests(desk)[0])
    bob, _ = _parts(_digests(desk, BOB)[0])
    assert "Waiting for somebody to take them (5)" in alice
    assert re.findall(r"#(\d+)\] The", alice) == ["1", "2", "3"]
    assert "and 2 more" in alice
    assert "A quotation" not in alice
    assert "Waiting for somebody to take them (1)" in bob
    assert "A quotation" in bob


def test_a_lead_is_told_the_numbers_of_the_queue(desk: Desk) -> None:
    desk.use(_config().replace('zone = "Asia/Tokyo"', "") + STANDARD)
    _wakes(desk, datetime(2026, 3, 3, 8, tzinfo=UTC))
    numbers = desk.opens(6)
    desk.moves(numbers[0], Move.SOLVE)
    desk.moves(numbers[1], Move.PENDING)
    desk.sets(numbers[2], f"assignee={ALICE}")

    _rings(desk, datetime(2026, 3, 4, 8, tzinfo=UTC), timedelta(hours=1))

    text, _ = _parts(_digests(desk, BOB)[-1])
    assert "Queue support" in text
    assert "new: 4 · open: 0 · waiting or on hold: 1" in text
    assert "unassigned: 3 · oldest: yesterday" in text
    assert "opened: 6 · solved: 1 · deadlines missed: 4" in text
    assert "Queue sales" not in text


def test_a_lead_is_told_how_much_mail_is_held_for_an_operator_and_since_when(desk: Desk) -> None:
    desk.use(_config().replace('zone = "Asia/Tokyo"', ""))
    desk.opens(assignee=ALICE)
    dropped = _held(desk, Reason(why=Why.HOSTILE))
    desk.sleep(1)
    oldest, _ = desk.now, _held(desk, Reason(why=Why.READER_FAILED, detail="it died"))
    desk.sleep(3)
    _held(desk, Reason(why=Why.HOSTILE, detail="too many parts; nothing-written here"))
    _asked(desk, _held(desk, Reason(why=Why.AGENT_UNPROVEN)))
    for why in RETURNED:
        _held(desk, Reason(why=why), Reason(why=Why.AGENT_UNPROVEN))
        _held(desk, Reason(why=Why.AGENT_UNPROVEN), Reason(why=why, detail="#slove"))
    with desk.database.write() as connection:
        journal.drop(connection, dropped, "nobody needs it", desk.now)

    _rings(desk, MONDAY + timedelta(days=1, hours=1), timedelta(minutes=30))

    mine, leads = _digests(desk)[-1], _digests(desk, BOB)[-1]
    assert "Held mail" not in "".join(_parts(mine))
    at = f"{oldest.day} March 2026, {oldest.hour:02}:00 (UTC)"
    for said in _parts(leads):
        assert "Held mail, which waits for somebody (2)" in said
        assert f"oldest: {at}" in said


def test_nothing_held_is_not_told(desk: Desk) -> None:
    _asked(desk, _held(desk, Reason(why=Why.AGENT_UNPROVEN)))

    _wakes(desk, MONDAY + timedelta(days=1))
    _rings(desk, MONDAY + timedelta(days=1, hours=1), timedelta(minutes=30))

    assert _digests(desk, BOB) == []


def _held(desk: Desk, *reasons: Reason) -> int:
    """Let a mail be held; return its row."""
    writer = Journal(desk.database, lambda: desk.now)
    envelope = Envelope(mail_from="eve@customer.example", rcpt_to=("support@example.com",))
    written = writer.append(envelope, b"Subject: %d\r\n\r\nx" % desk.count("journal"))
    writer.close()
    row = written.result(0)
    reason = "; ".join(map(str, reasons))
    with desk.database.write() as connection:
        ending = journal.Ending(journal_id=row, outcome=Outcome.HELD, reason=reason)
        journal.end(connection, ending, desk.now)
    return row


def _asked(desk: Desk, row: int) -> None:
    """Let an agent be asked to confirm a held mail."""
    question = Question(
        journal_id=row,
        agent=ALICE,
        shown=Shown(),
        expires_at=desk.now + timedelta(days=7),
    )
    with desk.database.write() as connection:
        questions.add(connection, question, desk.now)


@pytest.mark.parametrize("url", ["sqlite", "postgresql"])
def test_two_nodes_write_each_digest_once(tmp_path: Path, url: str) -> None:
    if url == "sqlite":
        _two_nodes(tmp_path, f"sqlite:///{tmp_path}/maild.db")
        return
    with running() as server:
        _two_nodes(tmp_path, server.database())


def _two_nodes(folder: Path, url: str) -> None:
    agents = [f"agent{n}@example.com" for n in range(20)]
    tables = "".join(f'[[agent]]\naddress = "{agent}"\n' for agent in agents)
    config = f'{CONFIG}{tables}[report]\ndigest = "all"\n'
    folders = folder / "one", folder / "two"
    for one_of in folders:
        one_of.mkdir()
    with desk_in(folders[0], config, url) as one, desk_in(folders[1], config, url) as two:
        for agent in agents:
            one.opens(assignee=agent)
        for desk in (one, two):
            desk.sleep(23.5)
            desk.alarm.ring()

        with ThreadPoolExecutor(2) as threads:
            written = list(threads.map(lambda desk: desk.alarm.digest(), (one, two)))

        assert sum(written) == len(agents) + 1, "of them Bob, who leads a queue"
        assert [len(_digests(one, agent)) for agent in agents] == [1] * len(agents)
        assert one.count("digest") == len(agents) + 2
