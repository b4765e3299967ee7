"""A made-up history through the real line: it adds up, it can be repeated, and faults are seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from maild import handle, timetable
from maild.cli import simulate_house
from maild.cli.main import app
from maild.core import agenda
from maild.core.agenda import Changes, Item, Row
from maild.core.countable import Standing
from maild.core.counting import Count
from maild.core.ticket import Ticket
from maild.core.token import Keys
from maild.furnish import office_of
from maild.handle import Office
from maild.simulation import checks, report
from maild.simulation import year as course_of_time
from maild.simulation.model import Model
from maild.simulation.report import Flows
from maild.simulation.year import Course, Wish, Year
from maild.store.database import Connection, open_database
from maild.store.migrate import migrate
from maild.store.tally import Flow
from maild.timetable import Round

START = datetime(2026, 1, 5, tzinfo=UTC)
CONFIG = """
[maild]
name = "Desk"
domain = "desk.example"

[relay]
url = "maildir:out"

[[mailbox]]
name = "Support"
address = "support@desk.example"

[[queue]]
name = "support"

[[sla]]
name = "standard"
first_response = "4h"
"""
AGENT = """
[[agent]]
address = "agent{n}@desk.example"
name = "Agent {n}"
"""


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[tuple[Office, Course]]:
    """A simulation of two days that ended, its rows still there."""
    with simulated(tmp_path) as found:
        yield found


@contextmanager
def simulated(
    folder: Path, *, days: int = 2, tickets: int = 12
) -> Iterator[tuple[Office, Course]]:
    database = open_database("sqlite://")
    migrate(database)
    keys = Keys(current=0, by_id={0: bytes(32)})
    office = office_of(simulate_house.built_in(folder), database, keys)
    year = Year(office, Wish(start=START, days=days, tickets=tickets, seed=1))
    try:
        yield year.place.office, year.run()
    finally:
        year.place.close()
        database.close()


def simulate(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments[:-1], *arguments[-1].split()])


def document(*arguments: str) -> dict[str, Any]:
    """What the command says in JSON, but for how long it took."""
    result = simulate(*arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    found.pop("seconds")
    return found


def house(folder: Path, agents: int) -> Path:
    file = folder / f"{agents}.toml"
    file.write_text(CONFIG + "".join(AGENT.format(n=n) for n in range(agents)))
    return file


def failing(office: Office, course: Course) -> list[str]:
    return [check.name for check in checks.all_checks(office, course) if not check.holds]


def write(office: Office, statement: str) -> None:
    with office.database.write() as connection:
        assert connection.execute(text(statement)).rowcount > 0


def test_a_month_of_history_adds_up() -> None:
    found = document("simulate --built-in --json --tickets 200 --days 30")

    total = found["total"]
    assert total["opened"] >= 200
    assert total["solved"] > 200
    assert total["backlog"] == 0
    assert total["reopened"] > 0
    assert total["mails"] == found["mails_out"] > total["opened"]
    assert total["reminders"] > 0
    assert found["mails_in"].keys() == {"posted", "ignored"}, "votes without a word are no posts"
    assert (found["settled"], found["deadlines"]["waiting"]) == (True, 0)
    fired = {one["rule"]: one["fired"] for one in found["rules_fired"]}
    assert fired["acknowledge a new ticket"] >= 200
    assert sum(one["answers"] for one in found["agents_did"]) >= 200
    kept = sum(one["kept"] for one in found["promises_kept"])
    missed = sum(one["missed"] for one in found["promises_kept"])
    assert total["sla_percent"] == round(100 * kept / (kept + missed), 1)
    assert [check["holds"] for check in found["checks"]] == [True] * 5
    assert all(check["looked_at"] for check in found["checks"])


def test_one_seed_is_one_history_and_another_seed_is_another() -> None:
    size = "--built-in --json --tickets 10 --days 2"

    first = document(f"simulate --seed 7 {size}")
    again = document(f"simulate --seed 7 {size}")
    other = document(f"simulate --seed 8 {size}")

    assert first == again
    assert first["months"] != other["months"]


def test_more_agents_answer_sooner_and_nothing_is_written(tmp_path: Path) -> None:
    size = "simulate --json --tickets 40 --days 1"
    few, many = house(tmp_path, 1), house(tmp_path, 6)

    alone = document("--config", str(few), size)
    before = tmp_path / "before.json"
    before.write_text(json.dumps(alone))
    together = document("--config", str(many), f"{size} --against {before}")
    changed = {one["what"]: (one["before"], one["after"]) for one in together["changes"]}

    assert (alone["agents"], together["agents"]) == (1, 6)
    assert alone["total"]["response_p90_hours"] > together["total"]["response_p90_hours"]
    assert alone["total"]["sla_percent"] < together["total"]["sla_percent"]
    shares = (alone["total"]["sla_percent"], together["total"]["sla_percent"])
    assert changed["sla_percent"] == shares
    assert changed["agent agent5@desk.example: answers"][0] is None
    assert all(one["before"] != one["after"] for one in together["changes"])
    assert sorted(tmp_path.iterdir()) == sorted([few, many, before])


SAID = {"total": {}, "tickets": 1, "days": 1, "seed": 1}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (SAID | {"seed": 2}, "was made with --seed 2"),
        ([], "was not written by"),
        (SAID | {"rules_fired": 3}, "was not written by"),
        (SAID | {"rules_fired": [3]}, "was not written by"),
        (SAID | {"agents_did": [{"answers": 3}]}, "was not written by"),
        (SAID | {"promises_kept": [{"promise": "x", "kept": []}]}, "was not written by"),
        (SAID | {"total": {"mails": []}}, "was not written by"),
        (None, "before.json"),
    ],
)
def test_only_simulations_of_one_size_are_compared(
    tmp_path: Path, said: object, words: str
) -> None:
    before = tmp_path / "before.json"
    if said is not None:
        before.write_text(json.dumps(said))

    result = simulate(
        f"simulate --built-in --tickets 1 --days 1 --keep {tmp_path / 'kept'} --against {before}"
    )

    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())
    assert not (tmp_path / "kept").exists()


def test_a_simulation_is_kept_in_a_new_folder_that_a_mistake_does_not_make(tmp_path: Path) -> None:
    place = tmp_path / "kept"
    command = f"simulate --tickets 1 --days 1 --keep {place}"
    broken = tmp_path / "broken.toml"
    broken.write_text("[maild")

    bad = simulate("--config", str(broken), command)
    was_made = place.exists()
    good = simulate("--config", str(house(tmp_path, 1)), command)
    again = simulate("--config", str(house(tmp_path, 1)), command)

    assert (bad.exit_code, was_made, good.exit_code, again.exit_code) == (1, False, 0, 2)
    assert (place / "var" / "maild.db").exists()
    assert "is not empty" in again.output


def test_people_read_a_table_and_what_was_only_simulated() -> None:
    shown = simulate("simulate --built-in --tickets 3 --days 1").stdout

    assert "median hours" in shown
    assert "rule\tfired" in shown
    assert "settled on" in shown
    assert shown.count("ok   ") == 5
    assert "No mail was read or sent" in shown


def test_a_house_without_agents_is_refused(tmp_path: Path) -> None:
    result = simulate("--config", str(house(tmp_path, 0)), "simulate --tickets 1 --days 1")

    assert "nobody would answer" in str(result.exception)


def test_all_holds_of_a_simulation_that_ended(ended: tuple[Office, Course]) -> None:
    office, course = ended

    assert failing(office, course) == []
    assert course.rings > 0
    assert set(course.outcomes) == {"posted"}


def test_agents_are_away_now_and_then_and_all_holds(tmp_path: Path) -> None:
    with simulated(tmp_path, days=100, tickets=3) as (office, course):
        failed = failing(office, course)
        with office.database.read() as connection:
            away = connection.execute(text("SELECT count(*) FROM absence")).scalar_one()

    assert failed == []
    assert away > 0
    assert len(course.backlog) >= 100


def test_a_line_of_the_log_too_many_is_seen(ended: tuple[Office, Course]) -> None:
    office, course = ended
    at = "2026-01-06 12:00:00.000000"

    write(
        office,
        "INSERT INTO event (ticket_id, at, kind, actor, data) VALUES "
        f"""(1, '{at}', 'state.changed', 'x', '{{"from": "solved", "to": "open"}}')""",
    )

    assert any("change of the backlog" in name for name in failing(office, course))


def test_a_deadline_that_was_never_told_of_is_seen(ended: tuple[Office, Course]) -> None:
    office, course = ended

    write(
        office, "UPDATE deadline SET state = 'waiting' WHERE id = (SELECT min(id) FROM deadline)"
    )

    assert failing(office, course) == [
        "every deadline has fired or is cancelled",
        "no deadline waits for a time that has passed",
        "computed anew from the log, every ticket's deadlines are those that are written",
    ]


def test_a_report_that_forgets_tickets_is_seen(
    ended: tuple[Office, Course], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, course = ended

    def forgotten(_count: Count, _standings: Iterable[Standing]) -> None:
        return

    monkeypatch.setattr(Count, "_count_backlog", forgotten)

    assert failing(office, course) == [
        "each day's backlog is in a report what was counted at its end"
    ]


def test_deadlines_that_are_not_cancelled_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = agenda.changes

    def forgetful(rows: Iterable[Row], items: Iterable[Item], priority: str) -> Changes:
        return replace(whole(rows, items, priority), cancelled=())

    def brought(connection: Connection, look: Round, some: Iterable[Ticket]) -> None:
        monkeypatch.setattr(agenda, "changes", forgetful)
        right(connection, look, some)
        monkeypatch.setattr(agenda, "changes", whole)

    right = timetable.bring
    monkeypatch.setattr(timetable, "bring", brought)

    with simulated(tmp_path) as (office, course):
        failed = failing(office, course)

    assert failed == [
        "computed anew from the log, every ticket's deadlines are those that are written"
    ]


def test_a_line_that_cannot_fire_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_office: Office, _number: int) -> int:
        raise ValueError

    monkeypatch.setattr(handle, "deadlines", broken)
    monkeypatch.setattr(course_of_time, "SETTLING", timedelta(days=5))

    with simulated(tmp_path) as (office, course):
        failed = failing(office, course)

    assert failed == ["no deadline waits for a time that has passed"]


def test_a_check_that_fails_ends_the_command_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = checks.Check(name="it adds up", looked_at=1, faults=("it does not",))
    monkeypatch.setattr(checks, "all_checks", lambda _office, _course: (bad,))

    result = simulate("simulate --built-in --tickets 1 --days 1")

    assert result.exit_code == 1
    assert "FAIL it adds up" in result.stdout
    assert "it does not" in result.stdout


@pytest.mark.parametrize(
    ("source", "target", "change"),
    [
        ("", "new", 1),
        ("", "solved", 0),
        ("new", "pending", 0),
        ("open", "solved", -1),
        ("open", "spam", -1),
        ("pending", "closed", -1),
        ("solved", "closed", 0),
        ("solved", "open", 1),
        ("spam", "open", 1),
    ],
)
def test_a_move_changes_the_backlog_by(source: str, target: str, change: int) -> None:
    flows = Flows()

    flows.count(Flow(at=START, source=source, target=target))

    assert flows.change == change


def test_mail_comes_in_working_hours_and_exactly_so_much() -> None:
    drawn = Model(3, 1000).arrivals(START, 14, 1000)

    assert len(drawn) == 1000
    assert drawn == sorted(drawn)
    assert START <= drawn[0] <= drawn[-1] < START + timedelta(days=14)
    busy = [at for at in drawn if at.weekday() < 5 and 7 <= at.hour < 18]
    assert len(busy) > 700


def test_tenths_of_nothing_and_of_one() -> None:
    month = report.Month()

    assert report.row("2026-01", month)["response_p90_hours"] is None
    month.responses.append(2.0)
    assert report.row("2026-01", month)["response_p90_hours"] == 2.0
