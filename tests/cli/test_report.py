"""`maild report`: every format tells the same, and nobody is shown alone unless the house agreed."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from maild.cli.main import app
from maild.core import kpi
from maild.core.decision import EventDraft
from maild.core.kpi import Counted
from maild.store import commit
from maild.store.database import open_database
from maild.store.migrate import migrate

CONFIG = """
[maild]
name = "Desk <&> Sons"
domain = "desk.example"

[[mailbox]]
name = "Desk"
address = "support@desk.example"
queue = "sales"

[[organisation]]
name = "Globex"
domains = ["globex.example"]
segment = "enterprise"

[report]
zone = "Europe/Berlin"
"""
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICKET = text(
    "INSERT INTO ticket (id, version, subject, state, queue, priority, tier, assignee, tags,"
    " language, mailbox, customer_id, created_at, updated_at) VALUES (:n, 1, '', 'open', '',"
    " 'normal', 1, '', '[]', 'en', '', 1, '2026-03-02', '2026-03-02')"
)
CUSTOMER = text(
    "INSERT INTO customer (id, address, name, language, segment, segment_from, organisation,"
    " account_manager, notes, verified, created_at)"
    " VALUES (1, 'a@b.example', '', '', '', '', '', '', '', 0, '2026-03-02')"
)
SPAN = ("--since", "2026-03-02", "--until", "2026-03-16")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tickets in two queues in two weeks; one of them answered, solved and praised."""
    place = tmp_path_factory.mktemp("report")
    (place / "config.toml").write_text(CONFIG)
    (place / "open.toml").write_text(CONFIG + "per_agent = true\n")
    (place / "var").mkdir()
    database = open_database(f"sqlite:///{place}/var/maild.db")
    migrate(database)
    with database.write() as connection:
        connection.execute(CUSTOMER)
        for n, (queue, at) in enumerate((("support", 1), ("=2+3", 2), ("support", 200)), start=1):
            connection.execute(TICKET, {"n": n})
            created = draft("ticket.created", "a@b.example", queue=queue, segment="free")
            commit.add_events(connection, n, [created], 0, MONDAY + at * HOUR)
        told = [
            draft("post.added", "bob@desk.example", kind="agent", n="2"),
            draft("state.changed", "bob@desk.example", to="solved"),
            draft("survey.answered", "customer", survey="1", kind="csat", score="5"),
        ]
        commit.add_events(connection, 1, told, 0, MONDAY + 3 * HOUR)
    database.close()
    return place


def draft(kind: str, actor: str, /, **data: str) -> EventDraft:
    return EventDraft(kind=kind, actor=actor, data=tuple(data.items()))


def run(folder: Path, *arguments: str, config: str = "config.toml") -> Result:
    file = str(folder / config)
    return CliRunner().invoke(app, ["--config", file, "report", *SPAN, *arguments])


def document(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run(folder, *arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_json_tells_every_figure_of_the_whole_and_of_every_week(folder: Path) -> None:
    found = document(folder)

    names = [line.name for line in kpi.lines(kpi.figures(Counted()))]
    assert list(found["figures"]) == names
    assert (found["since"], found["until"]) == ("2026-03-01T23:00:00Z", "2026-03-15T23:00:00Z")
    assert found["figures"]["volume"]["value"] == 3
    assert [week["figures"]["volume"]["value"] for week in found["weeks"]] == [2, 1]
    assert found["figures"]["csat"] == {
        "value": 1.0,
        "unit": "share",
        "n": 1,
        "low": pytest.approx(0.2065, abs=1e-3),
        "high": 1.0,
    }
    assert found["figures"]["nps"]["value"] is None


def test_groups_and_filters_are_told(folder: Path) -> None:
    found = document(folder, "--by", "queue", "--segment", "free")

    volumes = {group["name"]: group["figures"]["volume"]["value"] for group in found["groups"]}
    assert volumes == {"support": 2, "=2+3": 1}
    assert found["only"] == {"segment": "free"}
    assert document(folder, "--queue", "support")["figures"]["volume"]["value"] == 2


@pytest.mark.parametrize(
    ("option", "known"),
    [
        ("--queue", "=2+3, sales, support"),
        ("--segment", "enterprise, free"),
        ("--tag", "detractor, low-mark, no-answer"),
        ("--tier", "1, 2, 3"),
    ],
)
def test_a_name_that_nobody_ever_gave_is_refused(folder: Path, option: str, known: str) -> None:
    done = run(folder, option, "no such")

    assert done.exit_code == 2
    assert f"{option}: 'no such' is none of: {known}" in done.output


def test_a_name_that_is_known_has_zeros_where_nothing_happened(folder: Path) -> None:
    file = str(folder / "config.toml")
    early = ("--since", "2026-01-01", "--until", "2026-01-02", "--queue", "support", "--json")

    done = CliRunner().invoke(app, ["--config", file, "report", *early])

    assert json.loads(done.stdout)["figures"]["volume"]["value"] == 0


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--queue", "sales"),
        ("--segment", "enterprise"),
        ("--organisation", "Globex"),
        ("--language", "de"),
        ("--tier", "2"),
        ("--rule", "acknowledge a new ticket"),
    ],
)
def test_what_the_files_of_the_house_name_is_known_before_anything_happened(
    folder: Path, option: str, name: str
) -> None:
    assert document(folder, option, name)["figures"]["volume"]["value"] == 0


def test_months_and_days_are_parts_as_well(folder: Path) -> None:
    assert len(document(folder, "--by", "day")["days"]) == 14
    assert len(document(folder, "--by", "month")["months"]) == 1


def test_csv_has_a_row_for_every_figure_and_group_and_computes_nothing(folder: Path) -> None:
    done = run(folder, "--by", "queue", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    figures = len(kpi.lines(kpi.figures(Counted())))
    assert len(rows) == 2 * figures
    assert {row["group"] for row in rows} == {"'=2+3", "support"}
    [volume] = [r for r in rows if r["figure"] == "volume" and r["group"] == "support"]
    assert (volume["value"], volume["unit"], volume["n"]) == ("2", "count", "2")
    assert [row["value"] for row in rows if row["figure"] == "nps"] == ["", ""]


def test_csv_without_groups_has_the_whole_and_its_weeks(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(folder, "--format", "csv").stdout)))

    volumes = [(r["by"], r["group"], r["value"]) for r in rows if r["figure"] == "volume"]
    assert volumes == [("", "", "3"), ("week", "2026-03-02", "2"), ("week", "2026-03-09", "1")]


def test_the_table_is_plain_where_nobody_looks(folder: Path) -> None:
    lines = run(folder).stdout.splitlines()

    assert lines[0] == "2026-03-02 to 2026-03-16, Europe/Berlin"
    assert lines[1].split("\t") == ["figure", "value", "95% interval", "n", "by week"]
    assert lines[2].split("\t") == ["ticket volume", "3", "", "3", "█▅"]


def test_a_table_of_groups_ends_with_all_of_them(folder: Path) -> None:
    lines = run(folder, "--by", "queue").stdout.splitlines()

    cells = [line.split("\t")[:3] for line in lines[2:]]
    assert cells == [["=2+3", "█▁", "1"], ["support", "██", "2"], ["all", "█▅", "3"]]


def test_a_table_of_months_shows_the_figures_below(folder: Path) -> None:
    found = run(folder, "--by", "month").stdout

    assert "\n2026-03-02\t3\t" in found
    assert "\nticket volume\t3\t" in found


def test_the_page_needs_nothing_else_and_runs_nothing(folder: Path) -> None:
    page = run(folder, "--by", "queue", "--format", "html").stdout

    assert page.startswith("<!doctype html>")
    assert "Desk &lt;&amp;&gt; Sons" in page
    assert "Sons</h1>" in page
    for word in ("<script", "src=", "href=", "@import", "url("):
        assert word not in page
    assert "prefers-color-scheme: dark" in page
    assert "Net promoter score (NPS)" in page
    assert page.count("<table>") == page.count("</table>") == 3


def test_single_agents_are_told_of_only_where_the_house_says_so(folder: Path) -> None:
    for arguments in (("--by", "agent"), ("--agent", "bob@desk.example")):
        refused = run(folder, *arguments)
        assert refused.exit_code == 1
        assert "per_agent" in str(refused.exception)
        assert run(folder, *arguments, config="open.toml").exit_code == 0

    told = run(folder, "--by", "agent", config="open.toml").stdout
    assert "\nbob@desk.example\t" in told


def test_without_a_time_it_is_this_week_and_the_four_before(folder: Path) -> None:
    file = str(folder / "config.toml")
    done = CliRunner().invoke(app, ["--config", file, "report", "--json"])

    assert len(json.loads(done.stdout)["weeks"]) == 5


def test_every_definition_is_explained_without_a_database(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["--config", str(tmp_path / "none.toml"), "report", "--explain"]
    )

    assert done.exit_code == 0
    assert done.stdout.count("Formula: ") == len(kpi.DEFINED)
