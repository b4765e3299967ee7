"""Backup, restore, verify and upgrade as an operator meets them: words and exit codes."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from maild.store import migrate, nodes
from maild.store.database import open_database
from tests.cli.test_commands import CONFIG, MAIL, House

pytestmark = pytest.mark.timeout(400)
DELIVER = ("deliver", "--to", "support@desk.example")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one ticket."""
    (tmp_path / "config.toml").write_text(CONFIG)
    made = House(folder=tmp_path)
    assert made.run(*DELIVER, stdin=MAIL).returncode == 0
    assert made.run("work").returncode == 0
    return made


def database_of(house: House) -> Path:
    return house.folder / "var" / "maild.db"


def test_a_backup_comes_back_and_everybody_says_that_nothing_goes_out(house: House) -> None:
    made = house.run("backup", "copy.maild")
    refused = house.run("restore", "copy.maild")
    aside = house.folder / "aside"
    aside.mkdir()
    for file in database_of(house).parent.glob("maild.db*"):
        shutil.move(file, aside)
    back = house.run("restore", "copy.maild")
    status = house.document("status")
    checked = house.run("check")
    shown = house.document("ticket", "list")
    whole = house.document("verify")
    released = house.run("outbox", "release", "--resend", "--send-new")
    again = house.run("outbox", "release")

    assert made.returncode == 0, made.stderr
    assert "without the secret" in made.stdout
    assert "ticket: 1 row\n" in made.stderr
    assert refused.returncode == 1
    assert "the database is not empty" in refused.stderr
    assert back.returncode == 0, back.stderr
    assert status["outbound"]["held"] is True
    assert "outbound: held (restored from the backup of" in checked.stdout
    assert [ticket["subject"] for ticket in shown] == ["Printer on fire"]
    assert whole["problems"] == 0
    assert (released.returncode, again.returncode) == (0, 1)
    assert released.stdout == "released; queued again: 0 mails of the backup, 0 written since\n"
    assert house.document("status")["outbound"] == {"held": False, "why": ""}


def test_a_file_that_is_no_backup_is_refused(house: House) -> None:
    (house.folder / "junk").write_bytes(b"junk" * 1000)

    done = house.run("restore", "junk")

    assert done.returncode == 1
    assert "junk is no backup of maild" in done.stderr


def test_verify_ends_with_1_and_names_the_row(house: House) -> None:
    with closing(sqlite3.connect(database_of(house))) as connection, connection:
        connection.execute("UPDATE journal SET sha256 = 'x'")

    done, document = house.run("verify"), house.run("verify", "--json")

    assert done.returncode == document.returncode == 1
    assert "problem: raw-mail: journal 1: has other bytes than came in" in done.stdout
    told = json.loads(document.stdout)
    assert told["problems"] == 1
    assert told["findings"][0]["row"] == "journal 1"


def older(house: House) -> None:
    """Take the house back to the tables of an earlier version."""
    place = database_of(house)
    for file in place.parent.glob("maild.db*"):
        file.unlink()
    opened = open_database(f"sqlite:///{place}")
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with opened.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
    opened.close()


def test_commands_leave_older_tables_alone_and_the_daemons_work_copies_them_first(
    house: House,
) -> None:
    older(house)
    (house.folder / "mail.eml").write_text(MAIL)

    for arguments in (("explain", "mail.eml"), ("backup", "copy")):
        done = house.run(*arguments)
        assert done.returncode == 75, arguments
        assert "has schema 0005" in done.stderr
    piped = house.run(*DELIVER, stdin=MAIL)
    checked = house.run("check")
    copies = [len(list(database_of(house).parent.glob("*.before-0005-*")))]
    worked = house.run("work")
    copies.append(len(list(database_of(house).parent.glob("*.before-0005-*"))))

    assert piped.returncode == 75
    assert "database: has schema 0005" in checked.stdout
    assert worked.returncode == 0, worked.stderr
    assert copies == [0, 1]
    assert house.run("status").returncode == 0


def test_a_damaged_file_takes_no_mail_and_restore_is_named(house: House) -> None:
    place = database_of(house)
    damage(place, "post")

    started = house.run("run")
    piped = house.run(*DELIVER, stdin=MAIL.replace("one@", "two@"))

    assert started.returncode == 78
    assert "the database is damaged" in started.stderr
    assert "maild restore FILE" in started.stderr
    assert piped.returncode == 75
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("SELECT count(*) FROM journal").fetchone() == (1,)


@pytest.mark.parametrize(
    ("damaged", "arguments"),
    [
        ("ticket SET state", ("status",)),
        ("ticket SET subject", ("ticket", "show", "1")),
        ("ticket SET subject", ("ticket", "list", "--json")),
        ("journal SET state = 'held', outcome = 'held', reason", ("held", "list")),
    ],
)
def test_a_text_that_is_no_utf_8_ends_a_command_with_a_word_that_helps(
    house: House, damaged: str, arguments: tuple[str, ...]
) -> None:
    with closing(sqlite3.connect(database_of(house))) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute(f"UPDATE {damaged} = CAST(x'50ff41' AS TEXT)")

    done = house.run(*arguments)

    assert done.returncode == 78
    assert f"decode to UTF-8 column '{damaged.rpartition(' ')[2]}'; maild verify" in done.stderr
    assert "P\ufffdA" not in done.stderr
    assert "maild restore FILE" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_that_was_damaged_since_ends_a_command_with_a_word_that_helps(house: House) -> None:
    damage(database_of(house), "ticket")

    done = house.run("ticket", "list")

    assert done.returncode == 78
    assert "the database is damaged" in done.stderr
    assert "maild restore FILE" in done.stderr
    assert "Traceback" not in done.stderr


def damage(place: Path, table: str) -> None:
    """Overwrite the page at which a table begins."""
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
    data = bytearray(place.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    place.write_bytes(data)


def test_a_second_daemon_tries_again_instead_of_being_given_up(house: House) -> None:
    locks = nodes.lock(house.folder / "var", ("work",))
    try:
        second = house.run("run")
        restoring = house.run("restore", "config.toml")
    finally:
        for lock in locks:
            lock.close()

    assert second.returncode == restoring.returncode == 75
    assert "another maild" in second.stderr
