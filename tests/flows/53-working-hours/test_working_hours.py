"""A weekend, a day on which the house is closed, and a promise that knows neither."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows.sleeper import Sleeper
from tests.flows.stage import Json, wait_for
from tests.needs import ROOT

CONFIG = (Path(__file__).parent / "config.toml").read_text(encoding="utf-8")
WORKS, CUSTOMER, LEAD = "wim@works.example", "gerda@customer.example", "lea@example.com"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def next_friday() -> datetime:
    """Return four o'clock on the first Friday that is not over."""
    now = datetime.now(UTC)
    friday = now.replace(hour=16, minute=0, second=0, microsecond=0)
    friday += (4 - friday.weekday()) % 7 * DAY
    return friday if friday > now else friday + 7 * DAY


@pytest.fixture
def friday(tmp_path: Path) -> Iterator[tuple[Sleeper, datetime]]:
    """Let a house fall asleep until a Friday, before a Monday on which it is closed."""
    (tmp_path / "rules").mkdir()
    shutil.copy(ROOT / "rules" / "50-deadlines.toml", tmp_path / "rules")
    at = next_friday()
    stage = Sleeper(tmp_path, CONFIG, CLOSED=f'"{(at + 3 * DAY).date()}"')
    until(stage, at)
    try:
        stage.start()
        yield stage, at
    finally:
        stage.close()


def until(stage: Sleeper, at: datetime) -> None:
    """Let the machine sleep until an instant; what it was awake meanwhile comes on top."""
    stage.sleeps((at - datetime.now(UTC)) / DAY - stage.days)


def due(ticket: Json) -> datetime:
    (found,) = [d["due_at"] for d in ticket["deadlines"] if d["kind"] == "first_response"]
    return datetime.fromisoformat(found)


def moved(stage: Sleeper, number: int) -> list[Json]:
    events = stage.ticket(number)["events"]
    return [one["data"] for one in events if one["kind"] == "deadline.moved"]


def test_each_is_answered_for_as_it_was_promised(friday: tuple[Sleeper, datetime]) -> None:
    stage, at = friday
    for sender in (WORKS, CUSTOMER):
        stage.send(f"From: {sender}\nTo: support@example.com\nSubject: Help\n\nIt broke.\n")
    works, customer = stage.ticket_of(WORKS), stage.ticket_of(CUSTOMER)
    promised = due(works), due(customer)

    until(stage, at + 3 * HOUR)
    first = stage.letter(LEAD, works["number"])
    stage.settled()
    quiet = stage.unread(LEAD)
    stage.values = {**stage.values, "CLOSED": ""}
    stage.write_config(CONFIG)
    stage.signal(signal.SIGHUP)
    (said,) = wait_for(lambda: moved(stage, customer["number"]), "nothing moved")
    until(stage, at + 3 * DAY - HOUR)
    second = stage.letter(LEAD, customer["number"])

    assert timedelta() < promised[0] - at - HOUR < HOUR
    assert timedelta() < promised[1] - (at + 4 * DAY - 4 * HOUR) < HOUR, "Tuesday at noon"
    assert quiet == []
    assert said["why"] == "policy"
    assert datetime.fromisoformat(said["to"]).date() == (at + 3 * DAY).date()
    for letter in (first, second):
        assert "A deadline was missed" in letter.text
    assert stage.unread(LEAD) == []
