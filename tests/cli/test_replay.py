"""`maild replay`: today's rules asked about mail that came in before."""

from __future__ import annotations

import shutil
from email.utils import formatdate
from typing import Any

import pytest

from tests.cli.test_commands import ABSENCE, CONFIG, MAIL, House
from tests.needs import ROOT

RULE = """
[[rule]]
name = "fire"
on = "ticket.created"
when = 'mail.subject.matches("(?i)fire")'
do = [ { tag = "fire" }, { priority = "urgent" } ]
"""
CHANGED = """
[[rule]]
name = "fire"
on = "ticket.created"
when = 'mail.subject.matches("(?i)fire")'
do = [ { tag = "fire" }, { priority = "high" }, { notify = "brigade@fire.example" } ]

[[rule]]
name = "no questions"
on = "mail.received"
when = 'mail.subject.contains("question")'
do = [ { hold = "not today" } ]
"""
FOLLOWING = (
    "From: Dan <dan@customer.example>\nTo: support@desk.example\nSubject: A question\n"
    f"Message-ID: <three@customer.example>\nDate: {formatdate()}\n\nWhy?\n"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Three mails that came in under a rule."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "config.toml").write_text(CONFIG)
    shutil.copytree(ROOT / "rules", folder / "rules")
    (folder / "rules" / "21-own.toml").write_text(RULE)
    made = House(folder=folder)
    for mail in (MAIL, ABSENCE, FOLLOWING):
        done = made.run("deliver", "--to", "support@desk.example", stdin=mail)
        assert done.returncode == 0, done.stderr
    assert made.run("work").returncode == 0
    return made


def _replayed(house: House, rules: str) -> dict[str, Any]:
    (house.folder / "rules" / "21-own.toml").write_text(rules)
    found: dict[str, Any] = house.document("replay")
    return found


def test_the_same_rules_make_no_difference(house: House) -> None:
    assert _replayed(house, RULE) == {"replayed": 3, "different": []}


def test_what_would_come_out_differently_is_told_mail_by_mail(house: House) -> None:
    before = house.document("ticket", "list")

    found = _replayed(house, CHANGED)

    fire, question = found["different"]
    assert (fire["from"], fire["ticket"]) == ("carla@customer.example", 1)
    assert fire["differences"] == [
        {"was": "priority.changed urgent (rule fire)", "now": ""},
        {"was": "", "now": "priority.changed high (rule fire)"},
        {"was": "", "now": "mail: notification to brigade@fire.example"},
    ]
    outcome = question["differences"][0]
    assert outcome["was"].startswith("posted: ")
    assert outcome["now"].startswith("held: ")
    assert "no questions: not today" in outcome["now"]
    assert {"was": "", "now": "rule no questions"} in question["differences"]
    assert house.document("ticket", "list") == before


def test_a_person_reads_it_line_by_line(house: House) -> None:
    (house.folder / "rules" / "21-own.toml").write_text(CHANGED)

    lines = house.run("replay", "--since", "2026-01-01").stdout.splitlines()

    assert "  + priority.changed high (rule fire)" in lines
    assert lines[-1] == "3 mails replayed, 2 would come out differently"


def test_rules_are_listed_with_how_often_they_fired(house: House) -> None:
    (house.folder / "rules" / "21-own.toml").write_text(RULE)

    listed = {rule["name"]: rule for rule in house.document("rules", "list")}

    assert (listed["fire"]["day"], listed["fire"]["week"]) == (1, 1)
    assert listed["fire"]["source"] == "21-own.toml:2"
    assert listed["acknowledge a new ticket"]["week"] == 2
    assert (
        listed["warn before a deadline"]["week"],
        listed["warn before a deadline"]["last"],
    ) == (0, None)
