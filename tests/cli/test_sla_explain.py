"""`maild sla explain`: the log of a real ticket, read back as what was promised."""

from __future__ import annotations

import json
import os
import subprocess
from email.utils import formatdate
from pathlib import Path

import pytest

from tests import warm

pytestmark = pytest.mark.slow

CONFIG = """
[maild]
name = "Desk"
domain = "desk.example"
[[sla]]
name = "paid"
match = 'customer.segment == "paid"'
resolution = "1h"
[[sla]]
name = "standard"
first_response = { urgent = "30m", normal = "4h" }
resolution = { normal = "24h" }
warn_at = "80%"
"""
MAIL = (
    "From: Carla <carla@customer.example>\nTo: support@desk.example\nSubject: Printer on fire\n"
    f"Message-ID: <one@customer.example>\nDate: {formatdate()}\n\nIt burns.\n"
)


def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    known = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
    return warm.told(*arguments, stdin=stdin, cwd=folder, env=known)


def test_a_paused_and_hurried_ticket_explains_itself(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    assert run(tmp_path, "deliver", "--to", "support@desk.example", stdin=MAIL).returncode == 0
    assert run(tmp_path, "work").returncode == 0

    normal = json.loads(run(tmp_path, "sla", "explain", "1", "--json").stdout)
    changed = run(tmp_path, "ticket", "set", "1", "priority=urgent", "state=pending")
    paused = json.loads(run(tmp_path, "sla", "explain", "1", "--json").stdout)
    shown = run(tmp_path, "sla", "explain", "1").stdout

    assert changed.returncode == 0
    assert (normal["policy"], normal["calendar"]) == ("standard", "around the clock")
    assert [
        (due["kind"], due["state"], due["working_seconds"]) for due in normal["deadlines"]
    ] == [
        ("first_response.warning", "running", 11520),
        ("first_response", "running", 14400),
        ("resolution.warning", "running", 69120),
        ("resolution", "running", 86400),
    ]
    [warning, first] = paused["deadlines"]
    assert (warning["kind"], warning["working_seconds"]) == ("first_response.warning", 1440)
    assert (first["state"], first["due_at"]) == ("paused", None)
    reasons = [(interval["reason"], interval["counted"]) for interval in first["intervals"]]
    assert reasons == [("new", True), ("pending", False)]
    assert "not counted (pending)" in shown
    assert run(tmp_path, "sla", "explain", "9").returncode == 1


def test_check_names_a_policy_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.replace("customer.segment", "mail.subject"))

    told = run(tmp_path, "check")

    assert told.returncode == 78
    assert "mail.subject is not known here" in told.stderr
