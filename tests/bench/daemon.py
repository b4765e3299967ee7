"""A daemon to measure: the real command, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.ports import free_port

PACKAGE = Path(__file__).parents[2] / "maild"
CONFIG = """
[maild]
name = "Bench"
domain = "bench.example"

[smtp]
listen = ["127.0.0.1:{port}"]

[web]
listen = "{pages}"
admin_listen = ""

[[mailbox]]
name = "Bench"
address = "support@bench.example"

[[agent]]
address = "agent@staff.example"
name = "Alex Agent"

[relay]
url = "{relay}"

[limits]
connections_per_address = 100
automatic_per_domain_hour = 1000000
automatic_per_ten_minutes = 1000000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A running daemon."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    start_seconds: float
    """From the start of the process to its first answer on SMTP."""

    def rows(self, question: str) -> int:
        """Ask the database for one number, from outside."""
        uri = f"file:{self.folder}/var/maild.db?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=30)
        try:
            return int(connection.execute(question).fetchone()[0])
        finally:
            connection.close()

    def wait_done(self, mails: int, seconds: float = 600) -> None:
        """Wait until so many mails have ended."""
        end = time.monotonic() + seconds
        while self.rows("SELECT count(*) FROM journal WHERE outcome <> ''") < mails:
            if time.monotonic() > end:
                raise SystemExit("the line did not end in time")
            time.sleep(0.05)

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until every role works."""
        end = time.monotonic() + seconds
        while b"daemon.ready" not in (self.folder / "log").read_bytes():
            if time.monotonic() > end:
                raise SystemExit("the daemon did not get ready")
            time.sleep(0.05)

    def memory_mib(self, what: str = "VmRSS") -> float:
        """Resident memory of the daemon's own process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(rf"{what}:\s+(\d+) kB", status)
        assert found is not None
        return int(found.group(1)) / 1024

    def processor_seconds(self) -> float:
        """Processor time of the daemon's own process since its start."""
        status = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = status.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


SLOW_DISK = (
    *("strace", "-D", "-f", "-q", "--seccomp-bpf", "-o", "/dev/null"),
    *("-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_exit=2000"),
)
"""Before the command: each sync takes 2 ms longer."""


def database_of(url: str) -> str:
    """Return the part of a config that names a database."""
    return f'[database]\nurl = "{url}"\n'


@contextmanager
def running(
    folder: Path,
    *,
    only: str = "",
    relay: str = "maildir:var/out",
    more: str = "",
    pages: str = "",
    under: Sequence[str] = (),
) -> Iterator[Measured]:
    """Start `maild run` in a folder, which may have been used before, and stop it in order.

    `more` is added to its config, `pages` is where it shows pages; `under` stands before the command.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = CONFIG.format(port=port, relay=relay, pages=pages) + more
    (folder / "config.toml").write_text(config, encoding="utf-8")
    maild = str(Path(sys.executable).with_name("maild"))
    command = [*under, maild, "--config", "config.toml", "run"]
    environment = _as_installed()
    start = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *(["--only", only] if only else [])],
            cwd=folder,
            stderr=log,
            env=environment,
        )
    try:
        if not only or "intake" in only:
            _wait_open(port, process)
        seconds = time.perf_counter() - start
        yield Measured(port=port, folder=folder, process=process, start_seconds=seconds)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@cache
def _as_installed() -> dict[str, str]:
    """Return the environment of a daemon whose bytecode is there, as pip compiles it."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(PACKAGE)], check=True)
    return {**os.environ, "NO_COLOR": "1"}


def _wait_open(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"the daemon ended with {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                if probe.recv(3) == b"220":
                    return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("the daemon did not answer")
