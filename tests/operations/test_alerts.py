"""The alert rules beside the units: read by promtool, and they fire when they should."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from maild.metrics import Metric
from tests.needs import ROOT, find, require

RULES = ROOT / "systemd" / "maild.rules.yml"
STORIES = ROOT / "tests" / "systemd" / "maild.rules.test.yml"


def test_promtool_reads_the_rules() -> None:
    checked = _promtool("check", "rules", str(RULES), folder=RULES.parent)

    assert checked.returncode == 0, checked.stdout
    assert "rules found" in checked.stdout


def test_they_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    checked = _tried(tmp_path, RULES.read_text("utf-8"))

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("maild_breaker_open == 1", "maild_breaker_open == 0"),
        ("maild_journal_oldest_seconds > 300", "maild_journal_oldest_seconds > 300000"),
        ("offset 1w", "offset 2w"),
        ("maild_oauth_refused == 1", "maild_oauth_refused > 1"),
        ("14 * 86400", "140 * 86400"),
    ],
)
def test_a_rule_that_is_wrong_is_noticed(tmp_path: Path, found: str, instead: str) -> None:
    rules = RULES.read_text("utf-8")

    assert found in rules
    assert _tried(tmp_path, rules.replace(found, instead)).returncode == 1


def test_they_ask_for_what_there_is() -> None:
    asked = set(re.findall(r"\bmaild_[a-z_]+", RULES.read_text("utf-8")))

    assert asked <= set(map(str, Metric))


def test_each_alert_has_a_story() -> None:
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text("utf-8"))
    stories = STORIES.read_text("utf-8")

    assert [one for one in alerts if one not in stories] == []


def _tried(folder: Path, rules: str) -> subprocess.CompletedProcess[str]:
    (folder / RULES.name).write_text(rules, "utf-8")
    shutil.copy(STORIES, folder)
    return _promtool("test", "rules", STORIES.name, folder=folder)


def _promtool(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    require("promtool")
    return subprocess.run(
        [str(find("promtool")), *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
