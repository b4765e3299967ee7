"""Columns of plain text: what a table in a mail without HTML is made of."""

from __future__ import annotations

WIDTH_MAX = 100


def column(value: object, width: int) -> str:
    """Return a text in so many places: from the left, or for a negative width from the right.

    What is longer is cut, and says so.
    """
    room = min(abs(width), WIDTH_MAX)
    text = str(value)
    text = text if len(text) <= room else f"{text[: max(room - 1, 0)]}…"
    return text.ljust(room) if width > 0 else text.rjust(room)
