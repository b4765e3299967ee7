"""`maild survey`: operators see what was asked and answered, and who wants no such mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maild import survey
from maild.cli.main import app
from tests.ontime.office import Desk, desk_in
from tests.surveys.house import PUBLIC, RULES, days, mails, solved, token_of


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house with one answered survey."""
    (tmp_path / "var").mkdir()
    with desk_in(tmp_path, PUBLIC, f"sqlite:///{tmp_path}/var/maild.db") as desk:
        desk.use(PUBLIC, RULES)
        _answered(desk)
    return tmp_path / "config.toml"


def _answered(desk: Desk) -> None:
    solved(desk)
    days(desk, 2)
    token = token_of(mails(desk)[0])
    survey.vote(desk.office, token, 3, "", "")
    survey.vote(desk.office, token, 4, "better than before", "")


def said(config: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--config", str(config), "survey", *words])
    return result.exit_code, result.output


def test_surveys_are_listed_with_the_vote_in_force(config: Path) -> None:
    code, output = said(config, "list", "--answered", "--json")

    [row] = json.loads(output)
    assert code == 0
    assert (row["kind"], row["score"], row["comment"]) == ("csat", 4, "better than before")
    assert "csat" in said(config, "list")[1]


def test_one_survey_is_shown_with_every_vote(config: Path) -> None:
    code, output = said(config, "show", "1", "--json")

    assert code == 0
    assert [vote["score"] for vote in json.loads(output)["votes"]] == [3, 4]
    assert said(config, "show", "99")[0] == 1


def test_an_operator_unsubscribes_and_takes_it_back(config: Path) -> None:
    address = "customer0@customer.example"

    assert said(config, "unsubscribe", address)[0] == 0
    assert address in said(config, "unsubscribed", "--json")[1]
    assert said(config, "subscribe", address)[0] == 0
    assert said(config, "subscribe", address)[0] == 1
    assert json.loads(said(config, "unsubscribed", "--json")[1]) == []
