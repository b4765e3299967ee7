"""A running listener for the tests: real sockets, the real journal on a database of its own."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import text

from maild.core.house import House, Mailbox
from maild.core.mail import Envelope
from maild.intake.smtp import Intake, SmtpServer, serve
from maild.intake.smtp import Journal as AnyJournal
from maild.intake.smtp_limits import SessionLimits
from maild.settings import Listen, RuntimeLimits, SmtpSettings
from maild.store.database import Database
from maild.store.writer import Journal
from tests import schema

PLENTY = 10**12
HOUSE = House(
    name="Example",
    domain="mail.example",
    reply_domain="reply.example",
    mailboxes=(
        Mailbox(name="Support", address="support@mail.example", aliases=("help@mail.example",)),
        Mailbox(name="Sales", address="sales@mail.example"),
    ),
)
QUICK = SessionLimits(watch_seconds=0.05, linger_seconds=1.0)
ANYWHERE = (Listen(host="127.0.0.1", port=0),)

_T = TypeVar("_T")


class Held:
    """A journal that commits only when told to: `release` lets everything through."""

    def __init__(self, journal: AnyJournal) -> None:
        self._journal = journal
        self.came = threading.Event()
        self.release = threading.Event()

    def append(self, envelope: Envelope, raw: bytes, /) -> Future[int]:
        future: Future[int] = Future()
        self.came.set()
        threading.Thread(target=self._later, args=(envelope, raw, future)).start()
        return future

    def _later(self, envelope: Envelope, raw: bytes, future: Future[int]) -> None:
        self.release.wait(20)
        future.set_result(self._journal.append(envelope, raw).result(20))


class Failing:
    """A journal that fails in one way."""

    def __init__(self, error: Exception, *, at_once: bool = False) -> None:
        self._error = error
        self._at_once = at_once

    def append(self, _envelope: Envelope, _raw: bytes, /) -> Future[int]:
        if self._at_once:
            raise self._error
        future: Future[int] = Future()
        future.set_exception(self._error)
        return future


@dataclass(kw_only=True)
class Store:
    """A journal on a database file, and what lies in it."""

    database: Database
    journal: Journal

    def count(self) -> int:
        with self.database.read() as connection:
            return int(connection.execute(text("SELECT count(*) FROM journal")).scalar_one())

    def hashes(self) -> list[str]:
        with self.database.read() as connection:
            found = connection.execute(text("SELECT sha256 FROM journal ORDER BY id"))
            return [str(row[0]) for row in found]

    def envelope(self) -> tuple[str, str]:
        with self.database.read() as connection:
            row = connection.execute(text("SELECT mail_from, rcpt_to FROM journal")).one()
            return str(row[0]), str(row[1])


@contextmanager
def store(folder: Path) -> Iterator[Store]:
    database = schema.opened(f"sqlite:///{folder}/maild.db")
    journal = Journal(database, lambda: datetime.now(UTC))
    try:
        yield Store(database=database, journal=journal)
    finally:
        journal.close()
        database.close()


@dataclass(kw_only=True)
class Setup:
    """How a listener is to be."""

    journal: AnyJournal
    settings: SmtpSettings = field(default_factory=lambda: SmtpSettings(listen=ANYWHERE))
    runtime: RuntimeLimits = field(default_factory=RuntimeLimits)
    limits: SessionLimits = QUICK
    disk_free: Callable[[], int] = lambda: PLENTY
    sockets: Mapping[str, socket.socket] | None = None
    spool_dir: Path | None = None


class Listener:
    """A server in a thread with a loop of its own, as long as the `with` block lasts."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.server: SmtpServer

    def __enter__(self) -> Self:
        self._thread.start()
        self.server = self.run(self._serve())
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop(2)
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def port(self) -> int:
        return self.server.ports[0]

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def stop(self, grace_seconds: float) -> None:
        self.run(self.server.stop(grace_seconds))

    def begin_stop(self, grace_seconds: float) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(self.server.stop(grace_seconds), self._loop)

    async def _serve(self) -> SmtpServer:
        setup = self._setup
        intake = Intake(
            settings=setup.settings,
            runtime=setup.runtime,
            house=HOUSE,
            journal=setup.journal,
            disk_free=setup.disk_free,
            hostname="mx.mail.example",
            limits=setup.limits,
            spool_dir=setup.spool_dir,
        )
        return await serve(intake, setup.sockets or {})


class Client:
    """A client that sends exactly the bytes it is told to."""

    def __init__(self, port: int, greeting: str = "EHLO client.example") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()
        if greeting:
            self.offers = self.say(greeting)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def say(self, command: str) -> str:
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> str:
        """Read one reply, all its lines; the empty text when the server has closed."""
        lines = []
        while True:
            line = self.file.readline().decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def begin(self, recipient: str = "support@mail.example", sender: str = "a@b.example") -> None:
        """Go as far as the 354."""
        for command, code in ((f"MAIL FROM:<{sender}>", "250"), (f"RCPT TO:<{recipient}>", "250")):
            reply = self.say(command)
            assert reply.startswith(code), reply
        assert self.say("DATA").startswith("354")

    def mail(self, data: bytes) -> str:
        """Send a mail with its end; return the reply."""
        self.begin()
        self.send(data)
        return self.reply()


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate for 127.0.0.1."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command.split(), *subject, "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert, key
