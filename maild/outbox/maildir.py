"""A Maildir as relay: for a first try, for tests, and for machines that fetch mail themselves.

The file's name comes from its content, so that the same mail handed over twice is there once,
also when somebody has read and moved it meanwhile. It is durable when `deliver` returns: file
and folders are synced.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from maild.outbox.result import SendResult, Sent


class Maildir:
    """One folder with tmp, new and cur; made when the first mail comes."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is touched yet."""
        self._folder = folder
        self._made = False
        self._read_at = 0
        self._read: frozenset[str] = frozenset()

    def deliver(self, sender: str, recipient: str, data: bytes) -> Sent:
        """Write a mail with the two lines that a final delivery adds (RFC 5321 §4.4).

        In a file lines end as the machine's own do: mail programs show a CR as a stray sign.
        """
        top = f"Return-Path: <{sender}>\nDelivered-To: {recipient}\n".encode()
        content = top + data.replace(b"\r\n", b"\n")
        name = f"{hashlib.sha256(content).hexdigest()[:40]}.maild"
        try:
            if not self._has(name):
                self._write(name, content)
        except OSError as error:
            return Sent(result=SendResult.TEMPORARY, answer=f"{self._folder}: {error.strerror}")
        return Sent(result=SendResult.ACCEPTED, answer=f"delivered as {name}")

    def _has(self, name: str) -> bool:
        """Tell whether the mail is there, read or not; makes the folders once."""
        if not self._made:
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(parents=True, exist_ok=True)
            self._made = True
        if (self._folder / "new" / name).exists():
            return True
        return name in self._read_names()

    def _read_names(self) -> frozenset[str]:
        """Names in `cur` without their flags, read again only when the folder changed."""
        folder = self._folder / "cur"
        changed_at = folder.stat().st_mtime_ns
        if changed_at != self._read_at:
            self._read = frozenset(path.name.partition(":")[0] for path in folder.iterdir())
            self._read_at = changed_at
        return self._read

    def _write(self, name: str, content: bytes) -> None:
        temporary = self._folder / "tmp" / f"{name}.{os.getpid()}"
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self._folder / "new" / name)
        handle = os.open(self._folder / "new", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
