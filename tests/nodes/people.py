"""People who write to a house of several nodes, as mail servers do: to the next one if one is away."""

from __future__ import annotations

import hashlib
import smtplib
import threading
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.utils import parseaddr
from itertools import count, cycle
from typing import Any

SUPPORT = "support@example.com"
ANSWERS = 3
WORD_SECONDS_MAX = 4.0
"""So long somebody waits for our answer before they write about something else."""


@dataclass(kw_only=True)
class Post:
    """A relay that keeps what it was given."""

    hashes: Counter[str] = field(default_factory=Counter)
    reply_to: dict[str, str] = field(default_factory=dict)
    """Where to answer, by recipient."""
    came: threading.Condition = field(default_factory=threading.Condition)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        content = envelope.original_content
        mail = message_from_bytes(content, policy=policy.default)
        with self.came:
            self.hashes[hashlib.sha256(content).hexdigest()] += 1
            self.reply_to[envelope.rcpt_tos[0]] = parseaddr(str(mail["Reply-To"]))[1]
            self.came.notify_all()
        return "250 taken"

    def answer_to(self, recipient: str, seconds: float) -> str:
        """Wait for a mail to somebody; return where to answer, empty when none came."""
        with self.came:
            self.came.wait_for(lambda: recipient in self.reply_to, seconds)
            return self.reply_to.get(recipient, "")


class Customer(threading.Thread):
    """Opens tickets and answers what we say, each mail until some node has acknowledged it."""

    def __init__(self, name: str, ports: list[int], post: Post, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._ports = cycle(ports)
        self._post = post
        self._stop_asked = stop
        self.acknowledged: set[str] = set()
        """SHA-256."""
        self.opened: set[str] = set()
        self.answers = 0

    def run(self) -> None:
        for number in count(1):
            if self._stop_asked.is_set():
                return
            address = f"{self.name}-{number}@customer.example"
            self.opened.add(address)
            self._send(address, SUPPORT, 0)
            reply_to = self._post.answer_to(address, WORD_SECONDS_MAX)
            for n in range(1, ANSWERS + 1 if reply_to else 0):
                self._send(address, reply_to, n)
                self.answers += 1

    def _send(self, address: str, to: str, n: int) -> None:
        name = address.partition("@")[0]
        raw = (
            f"From: <{address}>\r\nTo: <{to}>\r\nSubject: Mail {name}\r\n"
            f"Message-ID: <{name}-{n}@customer.example>\r\n\r\nWord {n} of {name}.\r\n"
        ).encode()
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", next(self._ports), timeout=15) as client:
                    client.sendmail(address, [to], raw)
            except (OSError, smtplib.SMTPException):
                if self._stop_asked.wait(0.05):
                    return
            else:
                self.acknowledged.add(hashlib.sha256(raw).hexdigest())
                return
