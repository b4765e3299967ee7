"""Customers and an agent who keep writing while the daemon dies and comes back.

They behave as mail servers do: what was not acknowledged is sent again, unchanged.
"""

from __future__ import annotations

import hashlib
import random
import smtplib
import threading
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.utils import parseaddr
from typing import Any

ALICE = "alice@example.com"
PAUSE_SECONDS = 0.06


@dataclass(kw_only=True)
class Sink:
    """A relay that keeps count of what it was given."""

    hashes: list[str] = field(default_factory=list)
    letters: deque[tuple[str, str, str]] = field(default_factory=deque)
    """Recipient, address to answer to and Message-ID of what nobody has answered yet."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        content = envelope.original_content
        self.hashes.append(hashlib.sha256(content).hexdigest())
        mail = message_from_bytes(content, policy=policy.default)
        reply_to = parseaddr(str(mail["Reply-To"]))[1]
        self.letters.append((envelope.rcpt_tos[0], reply_to, str(mail["Message-ID"])))
        return "250 taken"


class Writer(threading.Thread):
    """One SMTP session after the other, each mail until it is acknowledged."""

    def __init__(self, name: str, port: int, sink: Sink, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._port = port
        self._sink = sink
        self._stop_asked = stop
        self._random = random.Random(name)
        self.acknowledged: dict[str, str] = {}
        """SHA-256 by Message-ID."""
        self.opened: list[str] = []
        self.answered = 0
        self.tries = 0

    def run(self) -> None:
        number = 0
        waiting: tuple[str, str, bytes, str] | None = None
        while not self._stop_asked.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self._port, timeout=10) as client:
                    while not self._stop_asked.is_set():
                        number += waiting is None
                        waiting = waiting or self._next(number)
                        self.tries += 1
                        client.sendmail(waiting[0], [waiting[1]], waiting[2])
                        digest = hashlib.sha256(waiting[2]).hexdigest()
                        self.acknowledged[waiting[3]] = digest
                        waiting = None
                        self._stop_asked.wait(PAUSE_SECONDS)
            except (OSError, smtplib.SMTPException):
                self._stop_asked.wait(PAUSE_SECONDS)

    def _next(self, number: int) -> tuple[str, str, bytes, str]:
        """Sender, recipient, mail and Message-ID of a new question or an answer."""
        identity = f"<{self.name}-{number}@customer.example>"
        if self._sink.letters and self._random.random() < 0.5:
            sender, to, parent = self._sink.letters.pop()
            more = f"In-Reply-To: {parent}\r\n"
            self.answered += 1
        else:
            sender, to, more = f"{self.name}-{number}@customer.example", "support@example.com", ""
            self.opened.append(sender)
        mail = (
            f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: Mail {self.name} {number}\r\n"
            f"Message-ID: {identity}\r\n{more}\r\nWords of {self.name}, number {number}.\r\n"
        )
        return sender, to, mail.encode(), identity
