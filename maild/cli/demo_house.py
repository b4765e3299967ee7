"""The house in which the demo plays: config, daemon, and the people's own mail folders.

Only the product's public faces are used: it is started as a command, mail goes in by sockets and
comes out in the relay's Maildir, and everything else is asked by commands.
"""

from __future__ import annotations

import json
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Any

from maild.cli.demo_imap import PASSWORD, USER, free_port
from maild.errors import NotAllowed

WAIT_SECONDS = 15
_MAILD = (sys.executable, "-c", "from maild.cli.main import main; main()")
_CONFIG = """\
# The house of "maild demo". Mail clients of customer.example and example.com submit directly from
# this machine, so their domains count as proven; on a real server that is what
# Authentication-Results of your mail server are for.
[maild]
name = "Support"
domain = "example.com"
state_dir = "state"

[smtp]
listen = ["127.0.0.1:{smtp}"]
trusted_clients = ["127.0.0.0/8"]
trusted_domains = ["customer.example", "example.com"]

[web]
listen = ""
admin_listen = ""

[relay]
url = "maildir:outgoing"

[[mailbox]]
name = "Support"
address = "support@example.com"

[[agent]]
address = "tom@example.com"
name = "Tom Reed"
"""
_IMAP = """
[[mailbox]]
name = "Orders"
address = "orders@example.com"

[mailbox.imap]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
password_file = "imap.password"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a mail client; what they send and get lies in a Maildir of theirs."""

    name: str
    address: str
    maildir: Path

    def keep(self, mail: bytes, name: str) -> None:
        """Put a mail into their own folder."""
        for part in ("tmp", "new", "cur"):
            (self.maildir / part).mkdir(parents=True, exist_ok=True)
        (self.maildir / "new" / name).write_bytes(mail)

    def write(
        self, to: str, subject: str, text: str, answers: EmailMessage | None
    ) -> EmailMessage:
        """Write a mail as a mail client does, with the quoted mail below an answer."""
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = f"{self.name} <{self.address}>"
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = formatdate(localtime=True)
        mail["Message-ID"] = make_msgid(domain=self.address.rpartition("@")[2])
        if answers is None:
            mail.set_content(f"{text}\n")
            return mail
        parent = str(answers["Message-ID"])
        mail["In-Reply-To"] = parent
        mail["References"] = f"{answers['References'] or ''} {parent}".strip()
        who = parseaddr(str(answers["From"]))[0]
        quoted = "\n".join(f"> {line}".rstrip() for line in text_of(answers).splitlines())
        mail.set_content(f"{text}\n\nOn {answers['Date']}, {who} wrote:\n{quoted}\n")
        return mail


class House:
    """A folder with a config, and the daemon that runs in it."""

    def __init__(self, folder: Path, imap_port: int) -> None:
        """Write the config; without a port there is no mailbox by IMAP."""
        self.folder = folder
        self.smtp_port = free_port()
        self.config = folder / "config.toml"
        text = _CONFIG.format(smtp=self.smtp_port)
        if imap_port:
            text += _IMAP.format(port=imap_port, user=USER)
            secret = folder / "imap.password"
            secret.touch(mode=0o600)
            secret.write_text(PASSWORD, encoding="utf-8")
        self.config.write_text(text, encoding="utf-8")
        self.log = folder / "log"
        self._seen: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon and wait until it says that it is ready."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [*_MAILD, "--config", str(self.config), "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait(lambda: "daemon.ready" in self.log.read_text(encoding="utf-8"), "it is ready")

    def stop(self) -> int:
        """End the daemon as systemd does; return its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def submit(self, mail: EmailMessage) -> None:
        """Hand a mail to the daemon by SMTP."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=WAIT_SECONDS) as client:
            client.send_message(mail)

    def post_to(self, person: Person) -> EmailMessage:
        """Wait for the next mail to somebody, and put it into their own folder."""
        found: list[tuple[str, bytes, EmailMessage]] = []

        def is_there() -> bool:
            found[:] = [
                item for item in self._unread() if item[2]["Delivered-To"] == person.address
            ]
            return bool(found)

        self._wait(is_there, f"there is a mail to {person.address}")
        name, raw, mail = found[0]
        self._seen.add(name)
        person.keep(raw, name)
        return mail

    def command(self, *arguments: str) -> str:
        """Run a command of the operator's and return what it prints."""
        done = subprocess.run(  # noqa: S603 - ourselves
            [*_MAILD, "--config", str(self.config), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise NotAllowed(f"maild {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout

    def ticket(self, number: int) -> Any:
        """Return the document of `maild ticket show --json`."""
        return json.loads(self.command("ticket", "show", str(number), "--json"))

    def _unread(self) -> list[tuple[str, bytes, EmailMessage]]:
        files = sorted(
            (self.folder / "outgoing" / "new").glob("*"), key=lambda f: f.stat().st_mtime
        )
        raws = [(file.name, file.read_bytes()) for file in files if file.name not in self._seen]
        return [(name, raw, message_from_bytes(raw, policy=policy.default)) for name, raw in raws]

    def _wait(self, condition: Any, words: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            gone = self._process is not None and self._process.poll() is not None
            if gone or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-10:])
                state = "the daemon ended" if gone else f"{WAIT_SECONDS} seconds went by"
                raise NotAllowed(f"{state} before {words}; its log ({self.log}) ends:\n{tail}")
            time.sleep(0.02)


def text_of(mail: EmailMessage) -> str:
    """Return the text part of a mail."""
    body = mail.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    return text.replace("\r\n", "\n").strip()


def has_mutt() -> bool:
    """Tell whether mutt is here to read the folders with."""
    return shutil.which("mutt") is not None
