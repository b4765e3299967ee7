"""A simulation that was kept: its figures compared, its last report sent, seen and read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maild.cli.main import app
from maild.simulation import kept
from tests.needs import needs
from tests.report import sent, year

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "house"
    order = ["simulate", "--built-in", "--tickets", "40", "--days", "35", "--keep", str(folder)]
    result = CliRunner().invoke(app, order)
    assert result.exit_code == 0, result.output
    return folder


def test_all_figures_agree_and_months_are_what_they_were(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert year.main(house) == 0
    assert re.search(r"^[\d,]+ values compared, 0 differ", capsys.readouterr().out, re.MULTILINE)
    assert {file.stem for file in (house / kept.TOLD).iterdir()} >= {"2026-01", "2026-02"}


def test_a_month_that_was_told_otherwise_is_seen(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = house / kept.TOLD / "2026-01.json"
    then = file.read_text()
    told = json.loads(then)
    told["figures"]["backlog"]["value"] += 1
    try:
        file.write_text(json.dumps(told))
        assert year.main(house) == 1
    finally:
        file.write_text(then)

    assert "2026-01: told differently now" in capsys.readouterr().out


def test_nothing_is_kept_where_something_is(house: Path) -> None:
    result = CliRunner().invoke(app, ["simulate", "--built-in", "--keep", str(house)])

    assert result.exit_code == 2
    assert "is not empty" in " ".join(result.output.split())


@pytest.mark.servers
@needs("chromium", "mutt")
def test_the_last_report_is_sent_seen_and_read(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sent.main(house, tmp_path / "out") == 0

    said = capsys.readouterr().out
    assert "Subject: Week 6: " in said
    assert re.search(r"Tickets opened +\d+ ", said)
    assert len(list((tmp_path / "out").glob("weekly-report-*.png"))) == len(sent.WIDTHS)
