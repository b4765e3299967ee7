"""Header lines that are longer than RFC 5322 §2.1.1 allows are taken: real mail has them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

from maild import reading
from maild.core.mail import Envelope, ReadOptions
from maild.errors import HostileMail
from tests.intake.listener import Client, Listener, Setup, store

LENGTHS = (999, 1000, 2000, 8190, 16_000, 32_000)
BEYOND = (100_000, 250_000)
FIELDS = ("Subject: {}", "X-Report: {}", "References: <{}@b.example>", "From: {} <a@b.example>")
LETTERS = ("x", "\u00e9")


def mail_of(field: str, letter: str, length: int) -> bytes:
    text = letter * (length // len(letter.encode()))
    more = "" if field.startswith("From") else "From: a@b.example\r\n"
    return f"{more}{field.format(text)}\r\n\r\nHello.\r\n".encode()


def test_a_long_header_line_is_taken_and_read(
    tmp_path: Path, figures: Callable[..., None]
) -> None:
    refused, unread, tried = [], [], 0
    with store(tmp_path) as kept, Listener(Setup(journal=kept.journal)) as running:
        with Client(running.port) as client:
            for case in product(FIELDS, LETTERS, LENGTHS):
                raw = mail_of(*case)
                tried += 1
                if not client.mail(raw + b".\r\n").startswith("250"):
                    refused.append(case)
                if not is_read(raw):
                    unread.append(case)
            monsters = [client.mail(mail_of("X: {}", "x", length) + b".\r\n") for length in BEYOND]
        taken = kept.count()

    figures(
        mails=tried,
        wrongly_refused=len(refused),
        not_read=len(unread),
        longest_line_bytes=max(LENGTHS),
    )
    assert (refused, unread, taken) == ([], [], tried)
    assert [reply[:1] for reply in monsters] == ["5", "5"], "answered, not cut off"


def is_read(raw: bytes) -> bool:
    """Whether a reader understands it; else it is held, with all its bytes."""
    try:
        return reading.read(raw, Envelope(), ReadOptions()).parsed.text.strip() == "Hello."
    except HostileMail:
        return False
