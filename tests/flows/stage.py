"""The stage of every story: a real `maild run` in a folder of its own, and its public faces.

A story sends mails, waits for what must happen (with a deadline, never with a fixed sleep), and
reads tickets as `maild ticket show` prints them and mails as they lie in the relay's Maildir.
"""

from __future__ import annotations

import contextlib
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, TypeVar

from maild import settings
from maild.store import listing, status
from maild.store.database import Database, open_database
from tests import warm
from tests.flows.letter import Letter, read_letter
from tests.needs import ROOT
from tests.ports import free_port

T = TypeVar("T")
Json = dict[str, Any]
SECONDS_MAX = 30.0
START_SECONDS_MAX = 60.0
COMMAND = (str(Path(sys.executable).parent / "maild"),)


def wait_for(
    condition: Callable[[], T], words: str | Callable[[], str], seconds: float = SECONDS_MAX
) -> T:
    """Return the first true value of a function; fail with `words` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, words() if callable(words) else words
        time.sleep(0.02)


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values where `@NAME@` stands; `@NOW@` is the present as a Date field."""
    known = {"NOW": format_datetime(datetime.now(UTC))} | dict(values)
    for name, value in known.items():
        text = text.replace(f"@{name}@", str(value))
    return text


class Stage:
    """One house: its folder, its config, and the daemon that may run in it."""

    def __init__(self, folder: Path, config: str, **values: object) -> None:
        """Write the config; `@SMTP@` and `@ADMIN@` become free ports of this machine."""
        self.folder = folder
        self.smtp_port = free_port()
        self.admin_port = free_port()
        self.values = {"SMTP": self.smtp_port, "ADMIN": self.admin_port, "DIR": folder} | values
        self.config = folder / "config.toml"
        self.log_file = folder / "log"
        self.command: Sequence[str] = COMMAND
        self.environment: dict[str, str] = {}
        self.may_fork = True
        """A forked daemon starts quickly, and shares memory with the one it comes from."""
        self.write_config(config)
        self._process: subprocess.Popen[bytes] | warm.Process | None = None
        self._database: Database | None = None
        self._seen: set[str] = set()

    def write_config(self, text: str) -> None:
        self.config.write_text(fill(text, self.values), encoding="utf-8")

    # The daemon

    def start(self, *more: str, wait: bool = True) -> None:
        """Start the daemon and wait until it says that it is ready."""
        before = self.log().count("daemon.ready")
        with self.log_file.open("ab") as log:
            self._process = self._started(log.fileno(), more)
        if wait:
            wait_for(
                lambda: self.log().count("daemon.ready") > before or self.exit_code is not None,
                "the daemon does not get ready",
                START_SECONDS_MAX,
            )
            assert self.exit_code is None, self.log()

    def _started(self, log: int, more: Sequence[str]) -> subprocess.Popen[bytes] | warm.Process:
        """Fork the daemon, or start it anew where it is to be another one."""
        arguments = ("--config", str(self.config), "run", *more)
        environment = os.environ | self.environment
        if self.may_fork and self.command == COMMAND and not warm.is_cold(environment):
            return warm.start(*arguments, stdout=log, stderr=log, env=environment)
        return subprocess.Popen(
            [*self.command, *arguments],
            stderr=log,
            stdout=log,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
        )

    @property
    def exit_code(self) -> int | None:
        assert self._process
        return self._process.poll()

    @property
    def process_id(self) -> int:
        assert self._process
        return self._process.pid

    def stop(self) -> int:
        """End the daemon as systemd does; return its exit code."""
        self.signal(signal.SIGTERM)
        assert self._process
        return self._process.wait(SECONDS_MAX)

    def kill(self) -> None:
        """End it as the kernel does when memory is gone."""
        self.signal(signal.SIGKILL)
        assert self._process
        self._process.wait(SECONDS_MAX)

    def signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def close(self) -> None:
        """End what still runs."""
        if self._process and self._process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
            if self._process.poll() is None:
                self.kill()
        if self._database is not None:
            self._database.engine.dispose()

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    # Mail in

    def send(
        self,
        mail: str | bytes,
        to: str | list[str] = "support@example.com",
        sender: str | None = None,
    ) -> None:
        """Submit one mail by SMTP; it is durably in the journal when this returns.

        Its return path is the address of From where none is given.
        """
        raw = wire(mail)
        given = message_from_bytes(raw, policy=policy.default)["From"]
        path = parseaddr(given)[1] if sender is None else sender
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=SECONDS_MAX) as client:
            client.sendmail(path, to, raw)

    def maild(
        self, *arguments: str, stdin: bytes = b"", file_bytes_max: int = 0
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one command of the operator's; with a limit it can write no longer file."""
        words = ("--config", str(self.config), *arguments)
        if not file_bytes_max:
            return warm.run(*words, stdin=stdin, env=os.environ | {"NO_COLOR": "1"})
        return subprocess.run(
            ["prlimit", f"--fsize={file_bytes_max}", *COMMAND, *words],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            cwd=ROOT,
            env=os.environ | {"NO_COLOR": "1"},
        )

    # What became of it: the documents of `--json`, without starting a process for each

    def tickets(self) -> list[Json]:
        with self.database.read() as connection:
            return listing.ticket_list(connection, self._known().house)

    def ticket(self, number: int) -> Json:
        with self.database.read() as connection:
            return listing.ticket_story(connection, self._known().house, number)

    def held(self) -> list[Json]:
        with self.database.read() as connection:
            return listing.held_list(connection)

    def outbox(self) -> list[Json]:
        with self.database.read() as connection:
            return listing.outbox_list(connection)

    def standing(self) -> status.Standing:
        with self.database.read() as connection:
            return status.standing(connection, datetime.now(UTC))

    def ticket_of(self, customer: str) -> Json:
        """Wait for the newest ticket of a customer and return it."""

        def found() -> list[Json]:
            return [t for t in self.tickets() if t["customer"]["address"] == customer]

        newest = wait_for(found, f"no ticket of {customer}")[0]
        return self.ticket(newest["number"])

    def settled(self) -> None:
        """Wait until no mail that came in, and none of ours that is due, is under way."""

        def is_idle() -> bool:
            now = self.standing()
            waiting = now.journal["received"] + now.journal["parsing"]
            return waiting + now.outbox["queued"] + now.outbox["sending"] == 0

        wait_for(is_idle, lambda: f"work is left:\n{self.log()[-3000:]}")

    # Mail out

    def letters(self, recipient: str = "") -> list[Letter]:
        """Every mail that lies in a relay's Maildir, oldest first."""
        files = sorted(self.folder.glob("outgoing*/new/*"), key=lambda f: f.stat().st_mtime_ns)
        found = [read_letter(file) for file in files]
        return [letter for letter in found if recipient in ("", letter.recipient)]

    def letter(self, recipient: str, ticket: int = 0) -> Letter:
        """Wait for the next mail to somebody (about a ticket) that no story has read yet."""

        def unread() -> list[Letter]:
            return [
                letter
                for letter in self.letters(recipient)
                if letter.file.name not in self._seen
                and (not ticket or f"#{ticket}]" in letter.subject)
            ]

        found = wait_for(
            unread, lambda: f"no mail to {recipient} about {ticket or 'all'}\n{self.log()[-3000:]}"
        )[0]
        self._seen.add(found.file.name)
        return found

    def unread(self, recipient: str, ticket: int = 0) -> list[Letter]:
        """Once everything is settled: what nobody has read yet."""
        self.settled()
        return [
            letter
            for letter in self.letters(recipient)
            if letter.file.name not in self._seen
            and (not ticket or f"#{ticket}]" in letter.subject)
        ]

    @property
    def database(self) -> Database:
        if self._database is None:
            self._database = open_database(self._known().database_url)
        return self._database

    def _known(self) -> settings.Settings:
        return settings.load(self.config, environ={})


class Script:
    """The mails of one story: files of its folder, with `@NAME@` to fill."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self.folder = folder
        self.stage = stage

    def mail(self, name: str, **values: object) -> str:
        """Return one mail of the story."""
        return fill((self.folder / f"{name}.eml").read_text(encoding="utf-8"), values)

    def send(
        self, name: str, to: str | list[str] = "support@example.com", **values: object
    ) -> None:
        """Submit one mail of the story by SMTP."""
        self.stage.send(self.mail(name, **values), to)


def wire(mail: str | bytes) -> bytes:
    """Return a mail with CRLF, as it goes over a wire."""
    raw = mail.encode() if isinstance(mail, str) else mail
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@contextlib.contextmanager
def running(folder: Path, config: str, *more: str, **values: object) -> Iterator[Stage]:
    """Run a daemon for some stories."""
    stage = Stage(folder, config, **values)
    try:
        stage.start(*more)
        yield stage
    finally:
        stage.close()
