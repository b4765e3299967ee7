"""A real PostgreSQL for the tests: a private data folder, socket and port, durable as in earnest."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from tests.needs import find, require
from tests.ports import free_port

START_SECONDS = 30
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
}


class PostgreSQL:
    """One server; every `database()` is a new empty database."""

    def __init__(self, folder: Path) -> None:
        require("postgresql")
        self.folder = folder
        self.port = free_port()
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._make()

    def _make(self) -> None:
        _run("cp", "--archive", str(_cluster()), str(self.folder / "data"))

    def start(self, **changes: str) -> None:
        """Start with some settings changed, and wait until it answers."""
        settings = _SETTINGS | changes | {"unix_socket_directories": str(self.folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [
                _path("postgres"),
                "-D",
                str(self.folder / "data"),
                "-p",
                str(self.port),
                *options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=self._log(),
            start_new_session=True,
            user=_owner(),
            group=_owner(),
        )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, "PostgreSQL does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once, as a crash would; what it acknowledged stays."""
        if self._process is not None:
            self.speak()
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def fall_silent(self) -> None:
        """Stop every process: the kernel takes connections and words, and nobody answers."""
        self._signal_all(signal.SIGSTOP)

    def speak(self) -> None:
        """Go on, as if nothing had been."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        """Signal the first process first, so that no other one begins meanwhile."""
        assert self._process is not None
        self._process.send_signal(number)
        place = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for child in place.read_text(encoding="ascii").split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), number)

    def database(self, like: str = "template1") -> str:
        """Make a new database, empty or like the one with this URL; return its URL."""
        name, model = f"maild_{next(self._numbers)}", like.rpartition("/")[2]
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {model}")
        if model != "template1":
            # A copy has the mark of where its model lives, and would be taken for one that moved.
            with psycopg.connect(self._url(name), autocommit=True) as connection:
                connection.execute("DELETE FROM meta WHERE name = 'store.lives'")
        return self._url(name)

    def restored(self, url: str) -> str:
        """Dump a database and restore it into a new one; return its URL."""
        new, dump = self.database(), self.folder / "dump"
        _run(_path("pg_dump"), "--format=custom", f"--file={dump}", url.replace("+psycopg", ""))
        _run(_path("pg_restore"), "--exit-on-error", f"--dbname={new}", str(dump))
        return new

    def _url(self, name: str) -> str:
        return f"postgresql://maild@127.0.0.1:{self.port}/{name}"

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
            return True
        return False

    def _log(self) -> int:
        return os.open(self.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)


class Standby(PostgreSQL):
    """What a server has now; it takes that one's port, as if its address moved here."""

    def __init__(self, folder: Path, primary: PostgreSQL) -> None:
        self._primary = primary
        super().__init__(folder)
        self.port = primary.port

    def promote(self) -> None:
        """Let it take writes from now on; it has what it had."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")

    def _make(self) -> None:
        where = ("-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "maild")
        how = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        _run(_path("pg_basebackup"), *where, "-D", str(self.folder / "data"), *how)


@contextlib.contextmanager
def standing_by(primary: PostgreSQL) -> Iterator[Standby]:
    """Give a copy of a server that is not started yet, and take it away with its folder."""
    with tempfile.TemporaryDirectory(prefix="maild-pg-", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres", "postgres")
        standby = Standby(Path(name), primary)
        try:
            yield standby
        finally:
            standby.stop()


@contextlib.contextmanager
def running() -> Iterator[PostgreSQL]:
    """Give a running server, and take it away with its folder."""
    require("postgresql")
    with tempfile.TemporaryDirectory(prefix="maild-pg-", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres", "postgres")
        server = PostgreSQL(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@cache
def _cluster() -> Path:
    """Make a cluster once, for all servers of this process to begin with."""
    folder = tempfile.mkdtemp(prefix="maild-pg-new-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = Path(folder, "data")
    _run(_path("initdb"), "-D", str(data), "-A", "trust", "-U", "maild", "-E", "UTF8")
    return data


def _run(*command: str) -> None:
    owner = _owner()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=owner, group=owner)


def _path(program: str) -> str:
    path = find(program)
    assert path is not None
    return str(path)


def _owner() -> str | None:
    """PostgreSQL refuses to be run by root."""
    return "postgres" if os.geteuid() == 0 else None
