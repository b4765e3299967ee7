"""What became of a mail that was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SendResult(StrEnum):
    """The four ends of a hand-over."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    """The relay does not have it; try later."""
    PERMANENT = "permanent"
    """The relay does not have it and never will."""
    UNKNOWN = "unknown"
    """Silence after the final dot: it may have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The result and the relay's own words, in one printable line."""

    result: SendResult
    answer: str
    wait_seconds: int = 0
    """How long the other side asks to be left alone; 0 when it does not say."""
