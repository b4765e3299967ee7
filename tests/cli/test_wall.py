"""`maild wall link`: a link that the daemon's own pages let in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild import settings
from maild.core.wall import may_look
from maild.store.database import open_database
from maild.store.secret import load_keys
from tests.cli.test_commands import CONFIG, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "config.toml").write_text(
        f'{CONFIG}\n[web]\nadmin_listen = "[::1]:8099"\nwall_password_file = "wall.password"\n'
    )
    (tmp_path / "wall.password").write_text("correct horse\n")
    made = House(folder=tmp_path)
    assert made.run("--config", "config.toml", "work").returncode == 0
    return made


def test_a_link_is_printed_that_holds_for_its_days(house: House) -> None:
    done = house.run("--config", "config.toml", "wall", "link", "--days", "7")

    known = settings.load(house.folder / "config.toml", environ={})
    database = open_database(known.database_url)
    keys = load_keys(known.secret_file, database)
    database.close()
    base, _, token = done.stdout.strip().rpartition("/")
    today = datetime.now(UTC).date()
    assert base == "http://[::1]:8099/wall"
    assert may_look(keys, "correct horse", token, today)
    assert not may_look(keys, "correct horse", token, today + timedelta(days=9))
    assert not may_look(keys, "", token, today)


def test_where_it_is_reached_may_be_said(house: House) -> None:
    there = ("--url", "https://desk.example/team/", "--language", "de")
    done = house.run("--config", "config.toml", "wall", "link", *there)

    assert done.stdout.startswith("https://desk.example/team/wall/")
    assert done.stdout.strip().endswith("?language=de")


def test_without_an_admin_address_there_is_no_wall(house: House) -> None:
    config = house.folder / "config.toml"
    config.write_text(config.read_text().replace('"[::1]:8099"', '""'))

    done = house.run("--config", "config.toml", "wall", "link")

    assert done.returncode == 1
    assert "admin_listen is off" in done.stderr + done.stdout
