"""Mails that tell when nobody has them any more."""

from __future__ import annotations

import threading


class Watched(bytes):
    """Raw bytes that are watched; plain ones cannot be."""

    gone: threading.Event

    def __del__(self) -> None:
        self.gone.set()


def watched(raw: bytes) -> tuple[Watched, threading.Event]:
    """Return the bytes, and the event that they are gone."""
    mail = Watched(raw)
    mail.gone = threading.Event()
    return mail, mail.gone
