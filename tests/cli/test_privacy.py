"""`maild export`, `maild erase`, `maild retention`: what operators type, and what they get."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

import pytest

from maild import settings
from maild.cli import privacy
from maild.store import nodes, residue
from tests.cli.test_commands import CONFIG, MAIL, House

CARLA = "carla@customer.example"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one ticket of Carla's."""
    (tmp_path / "config.toml").write_text(CONFIG + '\n[relay]\nurl = "maildir:out"\n')
    made = House(folder=tmp_path)
    taken = made.run("deliver", "--to", "support@desk.example", "--from", CARLA, stdin=MAIL)
    assert taken.returncode == 0, taken.stderr
    assert made.run("work").returncode == 0
    return made


def test_a_person_is_exported_then_erased_then_unknown(house: House) -> None:
    exported = house.run("export", CARLA, "--to", "carla.zip")
    refused = house.run("export", CARLA, "--to", "carla.zip")
    unsure = house.run("erase", CARLA, stdin="n\n")
    kept = house.document("ticket", "show", "1")
    erased = house.run("erase", CARLA, "--yes")
    again = house.run("erase", CARLA, "--yes")
    nothing = house.run("export", CARLA, "--to", "other.zip")

    assert exported.returncode == 0, exported.stderr
    assert refused.returncode == 1
    assert "is there already" in refused.stderr
    file = house.folder / "carla.zip"
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        person = json.loads(archive.read("person.json"))
        assert archive.read("mails-received/1.eml").decode() == MAIL.replace("\n", "\r\n")
        assert "mails-sent/" in " ".join(archive.namelist())
    assert person["tickets"][0]["subject"] == "Printer on fire"
    assert unsure.returncode == 1
    assert kept["subject"] == "Printer on fire"
    assert erased.returncode == 0, erased.stderr
    assert "erased as" in erased.stdout
    assert house.document("ticket", "show", "1")["subject"] == ""
    assert (again.returncode, again.stdout) == (0, f"nothing is held about {CARLA}\n")
    assert nothing.returncode == 1
    assert not (house.folder / "other.zip").exists()


def test_beside_a_daemon_a_large_file_is_not_written_anew_and_it_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = house.folder / "config.toml"
    state_dir = settings.load(config, environ={}).state_dir
    monkeypatch.setattr(residue, "REWRITE_BYTES_MAX", -1)

    daemon = nodes.lock(state_dir, ["intake"])
    privacy.erase(config, CARLA, is_sure=True)
    beside = capsys.readouterr().out
    for lock in daemon:
        lock.close()
    privacy.erase(config, CARLA, is_sure=True)
    alone = capsys.readouterr().out

    assert privacy.GAPS in beside
    assert "erased as" in beside
    assert alone == f"nothing is held about {CARLA}\n"


def test_an_export_into_a_folder_is_for_us_alone(house: House) -> None:
    assert house.run("export", CARLA, "--to", "carla").returncode == 0

    files = [path for path in (house.folder / "carla").rglob("*") if path.is_file()]
    assert len(files) == 3
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_the_house_is_not_erased(house: House) -> None:
    done = house.run("erase", "alice@staff.example", "--yes")

    assert done.returncode == 1
    assert "belongs to the house" in done.stderr


def test_what_would_go_is_told_and_then_goes(house: House) -> None:
    config = house.folder / "config.toml"
    config.write_text(config.read_text() + '\n[retention]\noutbox = "1s"\n')
    deadline = time.monotonic() + 30
    while (told := _outbox(house))["would_go"] != told["rows"]:
        assert time.monotonic() < deadline, "what was sent does not get old"

    assert house.run("work").returncode == 0

    assert told["rows"]
    assert told["kept_for"] == "1 second"
    assert _outbox(house)["rows"] == 0


def _outbox(house: House) -> dict[str, object]:
    document = house.document("retention")
    assert document["database_bytes"] > 100_000
    found = {kind["kind"]: kind for kind in document["kinds"]}
    assert set(found) == {"held", "tickets", "raw_mail", "outbox", "comments"}
    return dict(found["outbox"])
