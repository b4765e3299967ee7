"""A backup brings everything back, on either database, and nothing goes out by mistake."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from maild.core.token import Keys
from maild.errors import InUse, NotAllowed, NotReady
from maild.store import archive, backup, hold, migrate, outbox, restore, rows, whereabouts
from maild.store.archive import Manifest
from maild.store.database import Database, open_database
from maild.store.restore import Restored, Wish
from maild.store.secret import add_key, load_keys, parse
from maild.store.tables import OutboxState
from tests.upkeep.house import House, contents, house_in

KEYS = Keys(current=1, by_id={1: bytes(range(100, 132))})
BOTH = ("sqlite", "postgresql")
CHANGED = {"claimed_by", "claimed_until"}
Place = Callable[[str], str]


def silent(_words: str) -> None:
    """Nobody listens."""


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """Give addresses of new, empty databases of a kind."""

    def make(kind: str) -> str:
        if kind == "postgresql":
            return str(request.getfixturevalue("postgresql").database())
        return f"sqlite:///{tmp_path}/{len(list(tmp_path.glob('*.db')))}.db"

    return make


def saved(house: House, file: Path, secret: bytes = b"") -> Manifest:
    about = backup.About(house="Example", keys=KEYS, secret=secret)
    return backup.make(house.database, file, about, house.now, silent)


def wish(folder: Path, **more: object) -> Wish:
    place = folder / "secret"
    if not place.exists():
        put_secret(place)
    made = Wish(secret_file=place, work_dir=folder / "work", gap=1000)
    return replace(made, **more)  # type: ignore[arg-type]


def put_secret(place: Path) -> None:
    place.write_text(f"1 {KEYS.by_id[1].hex()}\n")
    place.chmod(0o600)


def back(file: Path, url: str, house: House, ask: Wish) -> tuple[Database, Restored]:
    opened = open_database(url)
    try:
        return opened, restore.bring_back(file, opened, ask, house.now, silent)
    except BaseException:
        opened.close()
        raise


@pytest.mark.parametrize("source", BOTH)
@pytest.mark.parametrize("target", BOTH)
def test_everything_comes_back_on_either_database(
    source: str, target: str, place: Place, tmp_path: Path
) -> None:
    with house_in(tmp_path / "house", place(source)) as house:
        house.fills()
        house.journals(90)
        before = contents(house.database)
        made = saved(house, tmp_path / "backup")

        opened, done = back(tmp_path / "backup", place(target), house, wish(tmp_path))
        after = contents(opened)
        with house_in(tmp_path / "there", str(opened.engine.url.render_as_string(False))) as new:
            new.now = house.now
            new.office = replace(house.office, database=new.database)
            problems = [one for one in new.findings() if not one.is_note]
        opened.close()

    assert sum(made.counts.values()) == sum(len(found) for found in before.values()) > 50
    assert done.held == 0
    meta = {row["name"]: row["value"] for row in after.pop("meta")}
    assert meta.pop("outbound.held").startswith("restored from the backup of")
    known = {row["name"]: row["value"] for row in before.pop("meta")}
    for one in (meta, known):
        one.pop(whereabouts.LIVES, None)
    assert meta == known
    assert after == before
    assert problems == []


def test_no_table_is_left_out_of_a_backup(url: str) -> None:
    opened = open_database(url)
    migrate.migrate(opened)

    there = set(inspect(opened.engine).get_table_names())
    opened.close()

    known = {table.name for table in rows.TABLES} | rows.OF_A_LIFE
    words = {name for name in there if name.startswith("search_words")}
    assert there - words - {"alembic_version", "sqlite_sequence"} == known


def test_a_ticket_that_links_to_a_later_one_comes_back(place: Place, tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills()
        with house.database.write() as connection:
            connection.execute(text("UPDATE ticket SET linked_id = 4 WHERE id = 2"))
        saved(house, tmp_path / "backup")
        opened, _ = back(tmp_path / "backup", place("postgresql"), house, wish(tmp_path))

    with opened.read() as connection:
        found = connection.execute(text("SELECT linked_id FROM ticket WHERE id = 2")).scalar_one()
    opened.close()
    assert found == 4


def test_only_an_empty_place_is_filled(tmp_path: Path, url: str) -> None:
    with house_in(tmp_path / "house") as house, house_in(tmp_path / "other", url) as other:
        house.fills(1)
        saved(house, tmp_path / "backup")
        other.journals(1)
        before = contents(other.database)

        with pytest.raises(NotAllowed, match=r"not empty \(blob, blob_chunk, journal\)"):
            restore.bring_back(
                tmp_path / "backup", other.database, wish(tmp_path), house.now, silent
            )
        assert contents(other.database) == before


def test_a_place_where_a_daemon_works_is_not_filled(tmp_path: Path, url: str) -> None:
    with house_in(tmp_path / "house") as house, house_in(tmp_path / "other", url) as other:
        house.fills(1)
        saved(house, tmp_path / "backup")
        node = "INSERT INTO node VALUES ('elsewhere', :now, :now, '0.1.0')"
        when = house.now.replace(tzinfo=None) if other.database.is_sqlite else house.now
        with other.database.write() as connection:
            connection.execute(text(node), {"now": str(when)})

        with pytest.raises(InUse, match="elsewhere"):
            restore.bring_back(
                tmp_path / "backup", other.database, wish(tmp_path), house.now, silent
            )


def test_a_changed_byte_anywhere_is_refused(tmp_path: Path) -> None:
    chance, refused, runs = random.Random(3), 0, 40
    with house_in(tmp_path / "house") as house:
        house.fills(1)
        saved(house, tmp_path / "backup", b"1 ab\n")
        good = (tmp_path / "backup").read_bytes()
        with tarfile.open(tmp_path / "backup") as tar:
            ends = max(member.offset_data + member.size for member in tar.getmembers())
        for _ in range(runs):
            at = chance.randrange(ends)
            bad = tmp_path / "bad"
            bad.write_bytes(
                good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1 :]
            )
            try:
                _, secret = archive.unpack(bad, tmp_path / "rows")
                assert secret == b"1 ab\n", "a header that says nothing of the bytes"
            except NotAllowed:
                refused += 1
        (tmp_path / "bad").write_bytes(good[: len(good) // 2])
        with pytest.raises(NotAllowed, match=r"no backup|damaged"):
            archive.unpack(tmp_path / "bad", tmp_path / "rows")

    print(f"\nflipped bits: {runs}, refused: {refused}, the others changed nothing that counts")
    assert refused > runs // 2


def test_a_backup_is_for_its_owner_and_holds_no_secret_unless_asked(tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills(1)
        saved(house, tmp_path / "without")
        saved(house, tmp_path / "with", f"1 {KEYS.by_id[1].hex()}\n".encode())

    assert (tmp_path / "without").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "with").stat().st_mode & 0o777 == 0o600
    for form in (KEYS.by_id[1], KEYS.by_id[1].hex().encode()):
        assert form not in (tmp_path / "without").read_bytes()
    assert KEYS.by_id[1].hex().encode() in (tmp_path / "with").read_bytes()
    assert {one.name for one in tmp_path.iterdir()} == {"house", "with", "without"}


def test_a_secret_in_the_backup_comes_back_with_it(place: Place, tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills(1)
        saved(house, tmp_path / "backup", f"1 {KEYS.by_id[1].hex()}\n".encode())
        ask = replace(wish(tmp_path), secret_file=tmp_path / "new" / "secret")
        opened, done = back(tmp_path / "backup", place("sqlite"), house, ask)
        keys = load_keys(ask.secret_file, opened)
        opened.close()

    assert keys.by_id[1] == KEYS.by_id[1]
    assert done.key == keys.current == 2


def test_a_new_key_signs_and_the_old_one_still_verifies(place: Place, tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills(1)
        saved(house, tmp_path / "backup")
        opened, done = back(tmp_path / "backup", place("sqlite"), house, wish(tmp_path))
        opened.close()

    keys = parse(tmp_path / "secret", (tmp_path / "secret").read_text())
    assert (keys.current, set(keys.by_id)) == (done.key, {1, 2})
    assert keys.by_id[1] == KEYS.by_id[1]
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_what_a_crash_left_of_a_secret_does_not_stop_the_next_try(tmp_path: Path) -> None:
    left = tmp_path / f"secret.{os.getpid()}.new"
    left.write_text("half a k")

    number = add_key(wish(tmp_path).secret_file)

    assert number == 2
    assert not left.exists()


@pytest.mark.parametrize("has_other", [True, False])
def test_without_its_secret_a_backup_does_not_come_back(
    place: Place, tmp_path: Path, has_other: bool
) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills(1)
        saved(house, tmp_path / "backup")
        ask = replace(wish(tmp_path), secret_file=tmp_path / "other")
        if has_other:
            ask.secret_file.write_text(f"1 {'ab' * 32}\n")

        with pytest.raises(NotAllowed, match=r"not the secret of this|does not hold it"):
            back(tmp_path / "backup", place("sqlite"), house, ask)
        opened, _ = back(
            tmp_path / "backup", place("sqlite"), house, replace(ask, is_secret_lost=True)
        )
        opened.close()


def test_numbers_of_lost_tickets_are_never_given_again(tmp_path: Path, url: str) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills()
        saved(house, tmp_path / "backup")
        opened, _ = back(tmp_path / "backup", url, house, wish(tmp_path))
        opened.close()
        with house_in(tmp_path / "there", url) as new:
            journal_id = new.receives(77)
            newest = max(row["id"] for row in contents(new.database)["ticket"])

    assert newest == 5 + 1000 + 1
    assert journal_id == 5 + 1000 + 1


def under_way(house: House) -> None:
    """Let mail be on its way in every state when the backup is made."""
    house.fills()
    for n in (11, 12, 13):
        house.receives(n)
    house.journals(14)
    with house.database.write() as connection:
        ids = connection.execute(
            text("SELECT id FROM outbox WHERE state = 'queued' ORDER BY id")
        ).scalars()
        first, second, third, *_ = ids.all()
        later = house.now + timedelta(days=1)
        outbox_table = rows._METADATA.tables["outbox"]
        for number, values in (
            (first, {"state": "sending", "claimed_by": "dead", "attempts": 1, "dialled": True}),
            (second, {"state": "scheduled", "not_before": later, "next_try_at": later}),
            (third, {"state": "queued"}),
        ):
            statement = outbox_table.update().where(outbox_table.c.id == number)
            connection.execute(statement.values(**values))
        connection.execute(
            text("UPDATE journal SET state = 'parsing', claimed_by = 'dead' WHERE outcome = ''")
        )


def test_nothing_goes_out_until_it_is_released(tmp_path: Path, url: str) -> None:
    with house_in(tmp_path / "house") as house:
        under_way(house)
        waiting = [row for row in house.mails() if row["state"] in hold.UNDER_WAY]
        saved(house, tmp_path / "backup")
        opened, done = back(tmp_path / "backup", url, house, wish(tmp_path))
        opened.close()

    with house_in(tmp_path / "there", url) as new:
        assert [row["state"] for row in contents(new.database)["journal"]].count("received") == 1
        new.receives(70)
        written = [row["id"] for row in new.mails() if row["state"] == OutboxState.QUEUED]
        assert new.sends() == 0
        with new.database.write() as connection:
            assert hold.held(connection)
            aside = hold.set_aside(connection, new.now)
            assert hold.release(connection)
            assert not hold.release(connection)
        assert new.sends() == 0, "what may have been sent already stays held"
        states = [row["state"] for row in new.mails()]
        new.receives(71)
        fresh = new.sends()
        with new.database.write() as connection:
            again = hold.resend(connection, hold.RESTORED, new.now)
        sent_again = new.sends()

    assert done.held == len(waiting) - 1 == again == sent_again
    assert aside == len(written) > 0
    assert states.count(OutboxState.SCHEDULED) == 1, "what is for tomorrow keeps its time"
    assert not {OutboxState.QUEUED, OutboxState.SENDING} & set(states)
    assert fresh > 0, "what is written after the release flows"


def test_an_older_backup_is_brought_up(tmp_path: Path, url: str) -> None:
    file = tmp_path / "old"
    made_before(file, "0005")
    with house_in(tmp_path / "house") as house:
        opened, done = back(file, url, house, wish(tmp_path))

    found = contents(opened)
    assert migrate.revision(opened) == migrate.newest()
    opened.close()
    assert done.manifest.version == "0.0.9"
    assert [row["address"] for row in found["customer"]] == ["carla@customer.example"]
    assert [row["subject"] for row in found["ticket"]] == ["An old one"]


def test_a_backup_of_a_later_version_is_refused(place: Place, tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills(1)
        file = tmp_path / "backup"
        manifest = saved(house, file)
        with archive.drafting(file) as drafts:
            archive.unpack(file, drafts.rows)
            with closing(sqlite3.connect(drafts.rows)) as connection, connection:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
            sha256, size = archive.digest(drafts.rows)
            newer = replace(manifest, version="9.9", sha256=sha256, size=size)
            archive.write(drafts, file, newer, b"")

        with pytest.raises(NotAllowed, match=r"newer maild \(9.9\)"):
            back(file, place("sqlite"), house, wish(tmp_path))


def made_before(file: Path, revision: str) -> None:
    """Write a backup as an older maild did, with the tables of then."""
    with archive.drafting(file) as drafts:
        opened = open_database(f"sqlite:///{drafts.rows}")
        config = Config()
        folder = Path(migrate.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        with opened.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            at = "2026-03-02 09:00:00"
            connection.execute(
                text(
                    "INSERT INTO customer VALUES (1, 'carla@customer.example', '', '', '', '',"
                    f" '', '', '', 0, '{at}')"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO ticket (id, version, subject, state, queue, priority, tier,"
                    " assignee, tags, language, mailbox, customer_id, created_at, updated_at)"
                    " VALUES (1, 1, 'An old one', 'closed', 'support', 'normal', 1, '', '[]',"
                    f" 'en', 'Support', 1, '{at}', '{at}')"
                )
            )
        opened.close()
        sha256, size = archive.digest(drafts.rows)
        manifest = Manifest(
            version="0.0.9", schema=revision, made_at=at, house="x", sha256=sha256, size=size
        )
        archive.write(drafts, file, manifest, b"")


def test_a_backup_is_made_by_the_version_whose_tables_they_are(tmp_path: Path, url: str) -> None:
    with house_in(tmp_path / "house", url) as house:
        with house.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        with pytest.raises(NotReady, match="another version"):
            saved(house, tmp_path / "backup")


def test_two_backups_to_one_file_do_not_mix(tmp_path: Path) -> None:
    file = tmp_path / "backup"

    with archive.drafting(file), pytest.raises(InUse), archive.drafting(file):
        pass


def test_the_manifest_tells_what_is_in_it(tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        house.fills(1)
        made = saved(house, tmp_path / "backup")
    with tarfile.open(tmp_path / "backup") as tar:
        stream = tar.extractfile("manifest.json")
        assert stream
        told = json.loads(stream.read())

    assert told["counts"]["ticket"] == made.counts["ticket"] == 3
    assert (told["format"], told["house"]) == (1, "Example")
    assert told["schema"] == migrate.newest()
    assert set(told["keys"]) == {"1"}
    assert len(told["sha256"]) == 64


def test_a_claim_waits_while_everything_is_held(tmp_path: Path, url: str) -> None:
    with house_in(tmp_path / "house", url) as house:
        house.receives(1)
        with house.database.write() as connection:
            hold.hold(connection, "a test")

        assert outbox.claim(house.database, "node", house.now, 10) == ()
        with house.database.write() as connection:
            hold.release(connection)
        assert outbox.claim(house.database, "node", house.now, 10)
