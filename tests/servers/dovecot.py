"""A real IMAP server for the tests: Dovecot in a private folder, on a free port of this machine.

Any user name logs in with the password `pw`; each test takes a user of its own.
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from maild.settings import ImapSettings
from tests.needs import find, require
from tests.ports import free_port

PASSWORD = "pw"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
default_login_user = dovenull
default_internal_user = dovecot
mail_uid = dovecot
mail_gid = dovecot
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain login
mail_max_userip_connections = 0
default_process_limit = 500
passdb {{
  driver = static
  args = password=pw
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  client_limit = 2000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{more}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Files of a certificate for 127.0.0.1 that signs itself."""

    file: Path
    key: Path


class Dovecot:
    """One Dovecot that can be stopped, started, and made to number its mails anew."""

    def __init__(
        self, folder: Path, certificate: Certificate | None = None, more: str = ""
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.tls_port = free_port() if certificate else 0
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("run", "state", "mail"):
            (folder / name).mkdir()
        shutil.chown(folder / "mail", "dovecot", "dovecot")
        for parent in (folder, *folder.parents):
            if parent.parts[:2] == ("/", "tmp") and len(parent.parts) > 2:
                parent.chmod(0o755)
        ssl = "no"
        if certificate:
            ssl = "yes"
            more += f"\nssl_cert = <{certificate.file}\nssl_key = <{certificate.key}\n"
        self._file = folder / "dovecot.conf"
        self._file.write_text(
            _CONFIG.format(
                folder=folder, port=self.port, tls_port=self.tls_port, ssl=ssl, more=more
            )
        )

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        program = find("dovecot")
        assert program
        self._process = subprocess.Popen(
            [program, "-F", "-c", self._file],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._answers, "Dovecot does not answer")

    def stop(self) -> None:
        assert self._process
        # Its children outlive it when a client idles: the whole group is ended.
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(20)
        self._process = None

    def renumber(self, user: str) -> None:
        """Give a user's INBOX a new UIDVALIDITY, as a restored backup would."""
        self.stop()
        for index in (self.folder / "mail" / user).glob("dovecot*"):
            index.unlink()
        self.start()

    def settings(self, user: str, **more: object) -> ImapSettings:
        """Settings of a mailbox that has the user's name."""
        given = {
            "mailbox": user,
            "host": "127.0.0.1",
            "port": self.port,
            "tls": "none",
            "user": user,
            "password": PASSWORD,
            "since": "all",
        }
        return ImapSettings(**(given | more))  # type: ignore[arg-type]

    @contextlib.contextmanager
    def client(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """A second client, by the standard library alone."""
        connection = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        try:
            connection.login(user, PASSWORD)
            connection.select(folder)
            yield connection
        finally:
            connection.shutdown()

    def add(
        self, user: str, *mails: bytes, folder: str = "INBOX", date: str | None = None
    ) -> None:
        """Put mails into a folder; `date` is their INTERNALDATE, in quotes."""
        with self.client(user) as connection:
            for mail in mails:
                answer = connection.append(folder, None, date, mail)
                assert answer[0] == "OK", answer

    def flags(self, user: str, folder: str = "INBOX") -> list[set[str]]:
        """The flags of each mail, in order; `Recent` is left out."""
        with self.client(user, folder) as connection:
            answer = connection.uid("FETCH", "1:*", "(FLAGS)")[1]
        found = [imaplib.ParseFlags(line) for line in answer if isinstance(line, bytes)]
        return [{flag.decode() for flag in flags} - {"\\Recent"} for flags in found]

    def count(self, user: str, folder: str = "INBOX") -> int:
        """How many mails lie in a folder; 0 when there is none."""
        with self.client(user) as connection:
            kind, data = connection.select(folder)
        return int(data[0] or 0) if kind == "OK" else 0

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                return connection.recv(100).startswith(b"* OK")
        except OSError:
            return False


def running_dovecot(certificate: Certificate | None = None, more: str = "") -> Iterator[Dovecot]:
    """Start a Dovecot, give it, and stop it; skips where there is none."""
    require("root", "dovecot")
    with tempfile.TemporaryDirectory(prefix="dovecot-") as name:
        server = Dovecot(Path(name), certificate, more)
        server.start()
        try:
            yield server
        finally:
            if server.is_running:
                server.stop()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The session's Dovecot; a test that stops it starts it again."""
    yield from running_dovecot()


def wait_until(condition: object, words: str, seconds: float = 20) -> float:
    """Wait until a function gives something true; return how long it took."""
    assert callable(condition)
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, words
        time.sleep(0.02)
    return time.monotonic() - started
