"""A seeded help-desk workload: the same bytes for the same count and seed.

Six in ten mails are new requests, four answer earlier ones. Seven in ten are plain text of 2 to
4 KB, two are text and HTML of about 16 KB, one carries a file of 80 KB. Four languages in five
charsets. Where the generator beside the project is present, its mails are taken instead.
"""

from __future__ import annotations

import base64
import random
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from pathlib import Path

from tests.needs import ROOT

GENERATOR = ROOT.parent / "shared" / "tools" / "generate_mail.py"
SEED = 20261121
TO = "support@bench.example"
_WORDS = {
    "en": "invoice account password screen delivery contract since morning please colleague twice",
    "de": "Rechnung Konto Passwort Lieferung Vertrag seit heute bitte möglich größer Kündigung",
    "fr": "facture compte écran livraison contrat depuis aujourd’hui possible équipe problème déjà",
    "ru": "счёт договор пароль экран доставка сегодня пожалуйста ошибка система коллега",
}
_CHARSETS = {"en": "us-ascii", "de": "iso-8859-1", "fr": "utf-8", "ru": "koi8-r"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail and its envelope sender; lines end in CRLF."""

    sender: str
    raw: bytes


def letters(count: int, folder: Path) -> list[Letter]:
    """Return the first `count` mails of the workload; `folder` is for the generator's files."""
    if GENERATOR.exists():
        subprocess.run(
            [sys.executable, str(GENERATOR), "--n", str(count), "--out", str(folder), "--to", TO],
            check=True,
            capture_output=True,
        )
        files = sorted((folder / "msgs").glob("*.eml"))
        return [Letter(sender=f"c{n}@load.example", raw=_crlf(f)) for n, f in enumerate(files)]
    chance = random.Random(SEED)
    made: list[Letter] = []
    for n in range(count):
        made.append(_letter(chance, n, len(made)))
    return made


def _crlf(file: Path) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _letter(chance: random.Random, n: int, earlier: int) -> Letter:
    language = chance.choice(list(_WORDS))
    charset = _CHARSETS[language] if chance.random() < 0.67 else "utf-8"
    answers = chance.randrange(earlier) if earlier and chance.random() < 0.4 else None
    sender = f"c{answers if answers is not None else n}@load.example"
    subject = " ".join(chance.choices(_WORDS[language].split(), k=5))
    head = [
        f"From: Customer {n} <{sender}>",
        f"To: {TO}",
        f"Subject: {Header(subject, charset if charset != 'us-ascii' else None).encode()}",
        f"Message-ID: <m{n}@load.example>",
        f"Date: {format_datetime(datetime.now(UTC))}",
        "MIME-Version: 1.0",
    ]
    if answers is not None:
        head += [
            f"In-Reply-To: <m{answers}@load.example>",
            f"References: <m{answers}@load.example>",
        ]
    body = _body(chance, _text(chance, language, chance.randint(2000, 4000)), charset)
    raw = "\r\n".join(head).encode() + b"\r\n" + body
    return Letter(sender=sender, raw=raw)


def _text(chance: random.Random, language: str, size: int) -> str:
    words = _WORDS[language].split()
    lines: list[str] = []
    while sum(len(line) for line in lines) < size:
        lines.append(" ".join(chance.choices(words, k=9)) + ".")
    return "\n".join(lines)


def _body(chance: random.Random, text: str, charset: str) -> bytes:
    plain = _part("text/plain", text, charset)
    kind = chance.random()
    if kind < 0.7:
        return plain
    markup = "".join(f"<p>{line}</p>\n" for line in text.splitlines()) * 4
    html = _part("text/html", f"<html><body>{markup}</body></html>", charset)
    if kind < 0.9:
        return _multipart("alternative", [plain, html])
    data = base64.encodebytes(chance.randbytes(80_000)).replace(b"\n", b"\r\n")
    file = (
        b'Content-Type: application/pdf; name="scan.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="scan.pdf"\r\n\r\n' + data
    )
    return _multipart("mixed", [plain, file])


def _part(media: str, text: str, charset: str) -> bytes:
    data = base64.encodebytes(text.encode(charset, "replace")).replace(b"\n", b"\r\n")
    head = f"Content-Type: {media}; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + data


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    bound = b"=_part"
    inner = b"".join(b"--" + bound + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="=_part"\r\n\r\n'.encode()
    return head + inner + b"--" + bound + b"--\r\n"
