"""Customers and an agent who go on writing, and the relay that takes what maild sends.

Every mail holds a word of confidence: the customer's own in what a customer writes and in what the
agent answers, a note's in what the agent tells colleagues. They behave as mail servers do: what was
not acknowledged is sent again, unchanged.
"""

from __future__ import annotations

import asyncio
import hashlib
import imaplib
import random
import re
import smtplib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.utils import parseaddr
from enum import Enum
from typing import Any

from tests.soak.checks import NOTE, Sent, confidence_of

ALICE = "alice@example.com"
SUPPORT = "support@example.com"
CONFIDENCES = re.compile(r"confided-[a-z0-9-]+[a-z0-9]")
LETTERS_MAX = 500
HANG_SECONDS_MAX = 20
TURN_SECONDS_MAX = 180


class Mood(Enum):
    """What a relay does with what it is given."""

    TAKES = 1
    REFUSES = 2
    HANGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail of ours that somebody may answer."""

    recipient: str
    reply_to: str
    message_id: str
    confidence: str


@dataclass(kw_only=True)
class Relay:
    """Takes mail, keeps account of it, and may be in a bad mood."""

    mood: Mood = Mood.TAKES
    sent: list[Sent] = field(default_factory=list)
    letters: deque[Letter] = field(default_factory=lambda: deque(maxlen=LETTERS_MAX))
    customers: dict[str, str] = field(default_factory=dict)
    """Address by word of confidence."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        if self.mood is Mood.HANGS:
            for _ in range(HANG_SECONDS_MAX * 10):
                await asyncio.sleep(0.1)
                if self.mood is not Mood.HANGS:
                    break
            return "451 that took long"
        if self.mood is Mood.REFUSES:
            return "451 not now"
        self._keep(envelope.original_content, envelope.rcpt_tos[0])
        return "250 taken"

    def _keep(self, raw: bytes, recipient: str) -> None:
        mail = message_from_bytes(raw, policy=policy.default)
        parts = [
            part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"
        ]
        words = frozenset(CONFIDENCES.findall("\n".join((str(mail["Subject"]), *parts))))
        reply_to, identity = (
            parseaddr(str(mail["Reply-To"]))[1],
            str(mail["Message-ID"]).strip("<> "),
        )
        digest = hashlib.sha256(raw).hexdigest()
        self.sent.append(
            Sent(
                sha256=digest,
                message_id=identity,
                recipient=recipient,
                confidences=words,
                reply_to=reply_to,
            )
        )
        own = sorted(word for word in words if word in self.customers)
        if own:
            self.letters.append(
                Letter(
                    recipient=recipient, reply_to=reply_to, message_id=identity, confidence=own[0]
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail on its way to us."""

    sender: str
    to: str
    raw: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


class Writers(threading.Thread):
    """Everybody who writes, one mail after the other, at a rate; may be asked to pause."""

    def __init__(
        self,
        relay: Relay,
        port: int,
        rate: float,
        seed: int,
        by_imap: Callable[[bytes], None] | None,
    ) -> None:
        super().__init__(daemon=True)
        self._relay, self._port, self._rate, self._by_imap = relay, port, rate, by_imap
        self._chance = random.Random(seed)
        self._number = 0
        self._may_write = threading.Event()
        self._turn = threading.Lock()
        self._ended = False
        self.acknowledged: set[str] = set()
        self.refused = 0
        self.failure: BaseException | None = None

    def go_on(self) -> None:
        self._may_write.set()

    def pause(self) -> None:
        """Return once no mail is on its way: the last one was acknowledged."""
        self._may_write.clear()
        assert self._turn.acquire(timeout=TURN_SECONDS_MAX), "the last mail is not taken"
        self._turn.release()

    def end(self) -> None:
        self._ended = True
        self._may_write.set()

    def run(self) -> None:
        try:
            while True:
                self._may_write.wait()
                with self._turn:
                    if self._ended:
                        return
                    begun = time.monotonic()
                    if self._may_write.is_set():
                        self._deliver(self._next())
                pause = self._chance.expovariate(self._rate) - (time.monotonic() - begun)
                time.sleep(max(0.0, pause))
        except BaseException as error:  # noqa: BLE001 - told by the soak at its end
            self.failure = error

    def _deliver(self, mail: Mail) -> None:
        if self._by_imap and mail.to == SUPPORT and self._chance.random() < 0.3:
            try:
                self._by_imap(mail.raw)
            except (OSError, imaplib.IMAP4.error):
                self.refused += 1
            else:
                self.acknowledged.add(mail.sha256)
                return
        while not self._ended:
            try:
                with smtplib.SMTP("127.0.0.1", self._port, timeout=90) as client:
                    client.sendmail(mail.sender, [mail.to], mail.raw)
            except (OSError, smtplib.SMTPException):
                self.refused += 1
                time.sleep(0.3)
            else:
                self.acknowledged.add(mail.sha256)
                return

    def _next(self) -> Mail:
        self._number += 1
        letters = self._relay.letters
        if letters and self._chance.random() < 0.65:
            return self._answer(letters.pop())
        name = f"c{self._number}"
        customer = f"{name}@customer.example"
        word = confidence_of(customer)
        self._relay.customers[word] = customer
        return self._mail(customer, SUPPORT, f"Question {self._number}", f"Listen: {word}.", "")

    def _answer(self, letter: Letter) -> Mail:
        words = f"About {letter.confidence}, number {self._number}."
        if letter.recipient == ALICE and self._chance.random() < 0.3:
            words = f"#note\r\n{NOTE}{self._number}-end"
        more = f"In-Reply-To: <{letter.message_id}>\r\n"
        return self._mail(letter.recipient, letter.reply_to, "Re: Question", words, more)

    def _mail(self, sender: str, to: str, subject: str, words: str, more: str) -> Mail:
        raw = (
            f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n"
            f"Message-ID: <soak-{self._number}@{sender.partition('@')[2]}>\r\n{more}\r\n{words}\r\n"
        )
        return Mail(sender=sender, to=to, raw=raw.encode())
