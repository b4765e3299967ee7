"""`maild sla preview`: what would be due when, from the config alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from maild.cli.main import app
from tests import warm

CONFIG = """
[maild]
name = "Desk"
domain = "desk.example"
[database]
url = "postgresql://nobody@127.0.0.1:1/nowhere"

[[calendar]]
name = "office"
zone = "Europe/Berlin"
hours = { mon = "09:00-17:00", tue = "09:00-17:00", wed = "09:00-17:00", thu = "09:00-17:00", fri = "09:00-15:00" }
holidays = "DE-BE"

[[calendar]]
name = "nights"
zone = "America/New_York"
hours = { sat = "22:00-06:00" }

[[sla]]
name = "standard"
match = 'customer.segment == "paid"'
calendar = "office"
first_response = { urgent = "30m", normal = "4h" }
resolution = "16h"

[[sla]]
name = "warned"
match = 'customer.segment == "warned"'
next_response = "100m"
warn_at = ["80%", "30m", "20m", "2h"]

[[sla]]
name = "nights"
match = 'customer.segment == "nights"'
calendar = "nights"
first_response = "7h"

[[sla]]
name = "urgent only"
resolution = { urgent = "1h" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    return file


def preview(config: Path, policy: str, priority: str, at: str, *more: str) -> Result:
    arguments = ["--config", str(config), "sla", "preview", "--policy", policy]
    arguments += ["--priority", priority, "--at", at, *more]
    return CliRunner().invoke(app, arguments)


def dues(config: Path, policy: str, priority: str, at: str) -> list[tuple[str, str]]:
    result = preview(config, policy, priority, at, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert all(set(due) == {"kind", "due_at"} for due in document)
    return [(due["kind"], due["due_at"]) for due in document]


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-27T13:00:00Z",
        "2026-03-27t13:00:00z",
        "2026-03-27T14:00:00+01:00",
        "2026-03-27T18:30+05:30",
        "2026-03-27T14:00",
        "2026-03-27 14:00:00",
    ],
)
def test_a_target_goes_on_after_the_weekend_in_which_the_clock_jumps(
    config: Path, at: str
) -> None:
    assert dues(config, "standard", "normal", at) == [
        ("first_response", "2026-03-30T10:00:00Z"),
        ("resolution", "2026-03-31T14:00:00Z"),
    ]


def test_exactly_at_closing_is_closing(config: Path) -> None:
    [first, _] = dues(config, "standard", "normal", "2026-03-27T11:00")

    assert first == ("first_response", "2026-03-27T14:00:00Z")


def test_a_holiday_is_not_worked(config: Path) -> None:
    [first, _] = dues(config, "standard", "urgent", "2026-04-02T16:45")

    assert first == ("first_response", "2026-04-07T07:15:00Z")


def test_a_priority_without_target_promises_nothing_for_it(config: Path) -> None:
    assert [kind for kind, _ in dues(config, "standard", "low", "2026-04-02")] == ["resolution"]


def test_warnings_come_before_their_deadline_and_those_that_cannot_are_left_out(
    config: Path,
) -> None:
    assert dues(config, "warned", "low", "2026-04-02T00:00Z") == [
        ("next_response.warning", "2026-04-02T01:10:00Z"),
        ("next_response.warning", "2026-04-02T01:20:00Z"),
        ("next_response", "2026-04-02T01:40:00Z"),
    ]


def test_a_night_in_which_an_hour_is_skipped_is_shorter(config: Path) -> None:
    [due] = dues(config, "nights", "low", "2026-03-07T22:00")
    [usual] = dues(config, "nights", "low", "2026-03-14T22:00")

    assert due == ("first_response", "2026-03-08T10:00:00Z")
    assert usual == ("first_response", "2026-03-15T09:00:00Z")


def test_an_hour_that_comes_twice_is_the_first(config: Path) -> None:
    [twice] = dues(config, "nights", "low", "2026-11-01T01:30")

    assert twice == ("first_response", "2026-11-08T04:30:00Z")
    assert dues(config, "nights", "low", "2026-11-01T01:30-05:00") == [
        ("first_response", "2026-11-08T05:30:00Z")
    ]


def test_people_read_the_local_time_too(config: Path) -> None:
    shown = preview(config, "standard", "urgent", "2026-04-02T16:45").stdout

    assert "Tue 2026-04-07 09:15:00 CEST" in shown


def test_nothing_promised_is_said_in_words_and_is_an_empty_document(config: Path) -> None:
    shown = preview(config, "urgent only", "low", "2026-04-02").stdout

    assert "urgent only promises nothing for priority low" in shown
    assert dues(config, "urgent only", "low", "2026-04-02") == []


@pytest.mark.parametrize(
    ("policy", "priority", "at", "words"),
    [
        (
            "standart",
            "low",
            "2026-03-27",
            "there is no [[sla]] 'standart'; did you mean 'standard'?",
        ),
        ("gold", "low", "2026-03-27", "known are nights, standard, urgent only, warned"),
        ("standard", "urgend", "2026-03-27", "did you mean 'urgent'?"),
        ("standard", "low", "tomorrow", "'tomorrow' is no time"),
        ("standard", "low", "2026-02-30T00:00", "is no time"),
        ("standard", "low", "0001-01-01T00:00", "is no time"),
        ("standard", "low", "2026-03-29T02:30", "the clocks of Europe/Berlin leave"),
    ],
)
def test_what_is_not_known_is_a_fault_of_usage(
    config: Path, policy: str, priority: str, at: str, words: str
) -> None:
    result = preview(config, policy, priority, at)

    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


def test_a_bad_config_is_told_and_nothing_is_opened(config: Path) -> None:
    config.write_text(f'{CONFIG}\n[[calendar]]\nname = "never"\n')
    arguments = ["--policy", "standard", "--priority", "low", "--at", "2026-03-27"]

    told = warm.told("--config", str(config), "sla", "preview", *arguments)

    assert told.returncode == 78
    assert "[[calendar]] hours: no day has any" in told.stderr
    assert [file.name for file in config.parent.iterdir()] == ["config.toml"]
