"""Backups at random moments under load, kill -9 during backup and restore (T-O03)."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event, text

from maild import settings
from maild.errors import MaildError
from maild.furnish import office_of
from maild.now import utc_now
from maild.store import archive, backup, restore, rows
from maild.store.backup import About
from maild.store.database import open_database
from maild.store.migrate import migrate, newest, revision
from maild.store.restore import Wish
from maild.store.secret import load_keys, parse
from maild.verify import everything
from tests.crash.daemons import sink_of
from tests.crash.test_kill import HERE, SESSIONS, writing
from tests.faults.form import times
from tests.flows.stage import Stage, wait_for
from tests.ports import free_port

BACKUPS = times(3, 50)
KILLS = 8
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240 + BACKUPS * 20)]


def silent(_words: str) -> None:
    """Nobody listens."""


def test_backups_under_load_come_back_whole_and_send_nothing_twice(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    relay = free_port()
    (tmp_path / "live").mkdir()
    stage = Stage(tmp_path / "live", (HERE / "config.toml").read_text(), RELAY=relay)
    chance, pause = random.Random(5), threading.Event()
    files, seconds = [], []
    with sink_of(relay) as sink:
        stage.start()
        try:
            with writing(stage, sink) as writers:
                for n in range(BACKUPS):
                    seen = len(sink.hashes)
                    wait_for(lambda seen=seen: len(sink.hashes) > seen + SESSIONS, "no mail flows")  # type: ignore[misc]
                    pause.wait(chance.uniform(0, 0.5))
                    file = tmp_path / f"backup-{n}"
                    begun = time.monotonic()
                    _save(stage, file)
                    seconds.append(time.monotonic() - begun)
                    files.append(file)
            acknowledged = sum(len(writer.acknowledged) for writer in writers)
        finally:
            stage.close()
        sent = list(sink.hashes)
        unreadable = sum(
            not _is_whole(file, tmp_path / file.name.replace("-", "")) for file in files
        )
        twice = _sent_again(files[-1], tmp_path / "again", relay, sent, sink.hashes)
    figures(
        backups=len(files),
        unreadable=unreadable,
        acknowledged=acknowledged,
        sent=len(sent),
        sent_twice_after_restore=twice,
        backup_seconds=max(seconds),
    )
    assert unreadable == 0
    assert twice == 0
    assert acknowledged > BACKUPS


def _save(stage: Stage, file: Path) -> None:
    """Make a backup beside the daemon, in this process."""
    secret = stage.folder / "state" / "secret"
    text_of_it = secret.read_text()
    about = About(house="Example", keys=parse(secret, text_of_it), secret=text_of_it.encode())
    backup.make(stage.database, file, about, utc_now(), silent)


def _is_whole(file: Path, folder: Path) -> bool:
    """Restore a backup and look at everything in it."""
    folder.mkdir()
    opened = open_database(f"sqlite:///{folder}/maild.db")
    try:
        wish = Wish(secret_file=folder / "secret", work_dir=folder, gap=1000)
        restore.bring_back(file, opened, wish, utc_now(), silent)
        (folder / "config.toml").write_text(
            (HERE / "config.toml").read_text().replace("@SMTP@", "25").replace("@RELAY@", "26")
        )
        known = settings.load(folder / "config.toml", environ={})
        office = office_of(known, opened, load_keys(folder / "secret", opened))
        problems = [one for one in everything(office, silent) if not one.is_note]
    except MaildError as error:
        print(f"{file.name}: {error}")
        return False
    else:
        print("\n".join(f"{file.name}: {one}" for one in problems))
        return not problems
    finally:
        opened.close()


def _sent_again(file: Path, folder: Path, relay: int, sent: list[str], hashes: list[str]) -> int:
    """Start a daemon on a restored house and release it; count what went out a second time."""
    folder.mkdir()
    house = Stage(folder, (HERE / "config.toml").read_text(), RELAY=relay)
    done = house.maild("restore", str(file))
    assert done.returncode == 0, done.stderr
    house.start()
    try:
        assert "outbound.held" in house.log()
        house.send(
            "From: new@customer.example\nTo: support@example.com\nSubject: New\n"
            "Message-ID: <new@customer.example>\n\nHello.\n"
        )
        wait_for(lambda: not _unhandled(house), "the mail is not handled")
        assert hashes == sent, "something went out before the release"
        assert house.maild("outbox", "release").returncode == 0
        house.send(
            "From: later@customer.example\nTo: support@example.com\nSubject: Later\n"
            "Message-ID: <later@customer.example>\n\nHello.\n"
        )
        wait_for(lambda: len(hashes) > len(sent), "nothing goes out after the release")
        wait_for(lambda: not _waits(house), "mail is left")
        return len(set(sent) & set(hashes[len(sent) :]))
    finally:
        house.close()


def _unhandled(house: Stage) -> int:
    standing = house.standing()
    return standing.journal["received"] + standing.journal["parsing"]


def _waits(house: Stage) -> int:
    standing = house.standing()
    return _unhandled(house) + standing.outbox["queued"] + standing.outbox["sending"]


def test_killed_while_it_is_written_a_backup_is_the_old_one_or_the_new(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    url = _filled(tmp_path)
    file = tmp_path / "backup"
    assert _run(_backup, (url, file, 0)) == 0
    before = file.read_bytes()
    killed = 0
    for step in _steps(120):
        code = _run(_backup, (url, file, step))
        manifest, _ = archive.unpack(file, tmp_path / "rows")
        assert manifest.counts["meta"] == 501
        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert file.read_bytes() == before
        killed += 1

    assert _run(_backup, (url, file, 0)) == 0
    left = [one.name for one in tmp_path.iterdir() if one.name.startswith(".")]
    figures(backups_killed=killed, left_behind=len(left))
    assert killed >= KILLS
    assert not left


def test_killed_while_it_comes_back_a_house_is_empty_or_whole(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    url, file = _filled(tmp_path), tmp_path / "backup"
    assert _run(_backup, (url, file, 0)) == 0
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "secret").write_text(f"1 {'ab' * 32}\n")
    (folder / "secret").chmod(0o600)
    killed = 0
    for step in _steps(300):
        code = _run(_restore, (folder, file, step))
        there = _rows_in(f"sqlite:///{folder}/maild.db")
        assert parse(folder / "secret", (folder / "secret").read_text()).by_id[1]
        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert there == 0
        killed += 1

    assert code == 0
    assert there == 500
    figures(restores_killed=killed)
    assert killed >= KILLS
    assert not list(folder.glob("restore-*"))


def _steps(most: int) -> list[int]:
    return [*sorted({max(1, most * n // (KILLS * 2)) for n in range(KILLS * 2)}), 100_000]


def _filled(folder: Path) -> str:
    """Make a database with some rows."""
    url = f"sqlite:///{folder}/maild.db"
    opened = open_database(url)
    migrate(opened)
    with opened.write() as connection:
        connection.execute(
            rows.TABLES[0].metadata.tables["meta"].insert(),
            [{"name": f"n{n}", "value": "x"} for n in range(500)],
        )
    opened.close()
    return url


def _rows_in(url: str) -> int:
    opened = open_database(url)
    try:
        if revision(opened) != newest():
            return 0
        with opened.read() as connection:
            asked = text("SELECT count(*) FROM meta WHERE name LIKE 'n%'")
            return int(connection.execute(asked).scalar_one())
    finally:
        opened.engine.dispose()


def _run(work: object, arguments: tuple[object, ...]) -> int:
    """Run something in a process that may die; return its exit code."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__])
    process = server.Process(target=work, args=arguments)  # type: ignore[arg-type]
    process.start()
    process.join(90)
    assert process.exitcode is not None
    return process.exitcode


def _die_at(step: int) -> None:
    """Be killed before the statement or the commit with this number, of whichever database."""
    from sqlalchemy import Engine

    seen = count(1)

    def die(*_what: object) -> None:
        if next(seen) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit"):
        event.listen(Engine, name, die)


def _backup(url: str, file: Path, step: int) -> None:
    _die_at(step)
    opened = open_database(url)
    keys = parse(Path("secret"), f"1 {'ab' * 32}\n")
    backup.make(opened, file, About(house="x", keys=keys), utc_now(), silent)
    opened.close()


def _restore(folder: Path, file: Path, step: int) -> None:
    _die_at(step)
    opened = open_database(f"sqlite:///{folder}/maild.db")
    wish = Wish(secret_file=folder / "secret", work_dir=folder, gap=10)
    restore.bring_back(file, opened, wish, utc_now(), silent)
    opened.close()
