"""A relay that takes our mail by SMTP and puts it where a story looks for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Relay:
    """Takes every mail, and writes a file for each of its readers."""

    def __init__(self, folder: Path) -> None:
        """Write into the folder as a Maildir has it."""
        self._new = folder / "new"
        self._new.mkdir(parents=True)
        self._numbers = count(1)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        for reader in envelope.rcpt_tos:
            path = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {reader}\r\n"
            unseen = self._new.parent / f"{next(self._numbers):06}"
            unseen.write_bytes(path.encode() + envelope.original_content)
            unseen.rename(self._new / unseen.name)
        return "250 taken"


@contextlib.contextmanager
def relaying(folder: Path, port: int) -> Iterator[None]:
    """Listen while stories are played; what comes in lies in a Maildir."""
    controller = Controller(Relay(folder), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop(no_assert=True)
