"""The operators' commands: the JSON that programs rely on, and the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from maild.cli.show import printable
from tests import warm

CONFIG = """
[maild]
name = "Desk"
domain = "desk.example"

[[mailbox]]
name = "Desk"
address = "support@desk.example"

[[agent]]
address = "alice@staff.example"
name = "Alice Martin"
"""
MAIL = (
    "From: Carla <carla@customer.example>\nTo: support@desk.example\nSubject: Printer on fire\n"
    f"Message-ID: <one@customer.example>\nDate: {formatdate()}\n\nIt burns.\n"
)
ABSENCE = (
    "From: Bob <bob@customer.example>\nTo: support@desk.example\nSubject: Out of office\n"
    "Auto-Submitted: auto-replied\nMessage-ID: <two@customer.example>\n\nI am away.\n"
)


@dataclass(frozen=True, kw_only=True)
class House:
    """A folder with a config, and the command that works in it."""

    folder: Path

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        known = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
        return warm.told(*arguments, stdin=stdin, cwd=self.folder, env=known)

    def document(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """One ticket, one held mail."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "config.toml").write_text(CONFIG)
    made = House(folder=folder)
    for mail in (MAIL, ABSENCE):
        done = made.run("deliver", "--to", "support@desk.example", stdin=mail)
        assert done.returncode == 0, done.stderr
    assert made.run("work").returncode == 0
    return made


def test_a_ticket_is_listed_with_what_programs_need(house: House) -> None:
    tickets = house.document("ticket", "list")

    assert [ticket["number"] for ticket in tickets] == [1]
    assert set(tickets[0]) >= {
        *("number", "subject", "state", "queue", "priority", "assignee", "created_at")
    }
    assert tickets[0]["created_at"].endswith("Z")


def test_a_ticket_is_shown_with_its_whole_story(house: House) -> None:
    story = house.document("ticket", "show", "1")

    assert story["customer"] == {
        "address": "carla@customer.example",
        "name": "Carla",
        "segment": "free",
        "organisation": "",
    }
    assert [post["kind"] for post in story["posts"]] == ["customer"]
    assert set(story["posts"][0]) >= {
        *("n", "author", "at", "text", "reply_text", "html", "message_id", "trust", "attachments")
    }
    assert {"deadlines", "events", "participants", "first_response_at", "solved_at"} <= set(story)
    assert story["events"][0]["kind"] == "ticket.created"


def test_an_operator_changes_a_ticket_and_the_log_says_so(house: House) -> None:
    done = house.run(
        "ticket", "set", "1", "priority=high", "tag=fire", "assignee=alice@staff.example"
    )

    story = house.document("ticket", "show", "1")
    kinds = [(event["kind"], event["actor"]) for event in house.document("ticket", "history", "1")]

    assert done.returncode == 0, done.stderr
    assert (story["priority"], story["tags"]) == ("high", ["fire"])
    assert story["assignee"] == "alice@staff.example"
    assert ("priority.changed", "operator") in kinds


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ticket", "set", "99", "tier=2"), 1, "no ticket 99"),
        (("ticket", "show", "99"), 1, "no ticket 99"),
        (("held", "show", "1"), 1, "not held"),
        (("held", "release", "1"), 1, "not held"),
        (("outbox", "retry", "999"), 1, "unknown"),
        (("nonsense",), 2, "nonsense"),
        (("--config", "missing.toml", "check"), 78, "missing.toml"),
        (("--config", "missing.toml", "deliver", "--to", "a@b.example"), 75, "missing.toml"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    house: House, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = house.run(*arguments)

    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_held_mail_is_listed_shown_released_and_held_again(house: House) -> None:
    (held,) = house.document("held", "list")
    number = str(held["journal"])

    shown = house.document("held", "show", number)
    released = house.run("held", "release", number)
    between = house.document("held", "list")
    house.run("work")

    assert "automatic" in held["reason"]
    assert held["waits"] == ""
    assert "I am away." in shown["raw"]
    assert released.returncode == 0
    assert between == []
    assert [row["journal"] for row in house.document("held", "list")] == [held["journal"]]


def test_a_dropped_mail_leaves_a_tombstone(house: House) -> None:
    mail = ABSENCE.replace("two@", "three@")
    house.run("deliver", "--to", "support@desk.example", stdin=mail)
    house.run("work")
    newest = house.document("held", "list")[-1]

    done = house.run("held", "drop", str(newest["journal"]), "--why", "spam")

    assert done.returncode == 0
    assert newest["journal"] not in [row["journal"] for row in house.document("held", "list")]
    assert house.document("status")["journal"]["done"] >= 2


def test_sent_mail_stays_sent_and_the_outbox_is_listed(house: House) -> None:
    rows = house.document("outbox", "list")

    refused = house.run("outbox", "retry", str(rows[0]["id"]))

    assert {row["state"] for row in rows} == {"sent"}
    assert set(rows[0]) >= {
        "id",
        "kind",
        "ticket",
        "recipient",
        "message_id",
        "sha256",
        "attempts",
    }
    assert refused.returncode == 1
    assert "is sent" in refused.stderr


def test_status_counts_everything(house: House) -> None:
    status = house.document("status")

    assert set(status) >= {
        *("version", "schema", "journal", "outbox", "tickets", "deadlines", "mailboxes")
    }
    assert set(status["journal"]) == {"received", "parsing", "done", "held"}
    assert status["journal"]["received"] == 0
    assert status["tickets"] == {"new": 1}
    assert set(status["deadlines"]) == {"waiting", "late"}


def test_explain_tells_what_would_be_done_and_writes_nothing(house: House) -> None:
    (house.folder / "new.eml").write_text(MAIL.replace("one@", "new@"))
    before = _standing(house)

    (told,) = house.document("explain", "new.eml")
    (fresh,) = house.document("explain", "--fresh", "new.eml")

    assert told["outcome"] == fresh["outcome"] == "posted"
    assert fresh["thread"] == {"ticket": 1, "by": ""}
    assert [reply["template"] for reply in fresh["replies"]] == [
        "acknowledgement",
        "notification",
    ]
    assert any("within a day" in reason for reason in told["reasons"])
    assert _standing(house) == before


def _standing(house: House) -> dict[str, Any]:
    """All that `status` tells of the house, without the disk that others write to as well."""
    return {key: value for key, value in house.document("status").items() if key != "disk"}


def test_what_a_terminal_would_obey_is_never_printed() -> None:
    hostile = "\x1b[31mred\x07\u202e"

    shown = printable(hostile)

    assert "red" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_rules_are_tried_with_the_examples_beside_them(house: House) -> None:
    done = house.run("rules", "test")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "examples are right" in done.stdout


def test_check_tells_the_problems_of_all_files_at_once(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.toml").write_text("[[rule]]\nname = 5\n")
    (tmp_path / "config.toml").write_text(
        '[maild]\nname = "Acme"\ndomain = "acme.example"\nrules_dir = "rules"\nfoo = 1\n'
    )

    done = House(folder=tmp_path).run("check")

    assert done.returncode == 78
    assert "[maild] foo" in done.stderr
    assert "rules/a.toml:2" in done.stderr
