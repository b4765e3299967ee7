"""When a reply that could not be handed over is tried again, and when we stop.

Strategy: soon at first (greylisting and restarts end within minutes), then hourly for five days
(RFC 5321 §4.5.4.1 asks for at least four or five). Jitter comes from a name, not from chance, so
that thousands of replies do not return in the same second and a test can foretell every time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""Waits after the first, second, ... attempt; the last one is repeated."""

GIVE_UP_AFTER = timedelta(days=5)
"""How long after the first attempt we stop."""

SILENCE_DELAY = timedelta(minutes=10)
"""The wait after silence behind the final dot, or after a crash there."""

SILENCES_MAX = 2
"""So often the same bytes are sent again after silence; then the mail is held."""

STALE_AFTER = timedelta(hours=4)
"""How long after the first attempt the agent is told of the delay."""

_JITTER = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long something is tried, and when somebody is told."""

    delays: tuple[timedelta, ...] = DELAYS
    give_up_after: timedelta = GIVE_UP_AFTER
    stale_after: timedelta = STALE_AFTER


MAIL = Patience()
PAGE = Patience(
    delays=tuple(timedelta(seconds=seconds) for seconds in (10, 30, 60, 120, 300)),
    give_up_after=timedelta(hours=4),
    stale_after=timedelta(minutes=5),
)
"""A page is about now: it is tried often, its lead hears soon that it does not get through, and
after hours it would be news of yesterday."""


def next_try(
    attempts: int,
    first_at: datetime,
    now: datetime,
    *,
    name: str = "",
    patience: Patience = MAIL,
) -> datetime | None:
    """Return when to try again after `attempts` (at least 1) failures, or None to give up.

    `name` (e.g. the outbox id) spreads the waits by up to a tenth; empty means exactly on time.
    The last try falls exactly at the end of the patience, for mail five days after the first.
    """
    end = first_at + patience.give_up_after
    if now >= end:
        return None
    delay = patience.delays[min(max(attempts, 1), len(patience.delays)) - 1]
    return min(now + delay * (1 + _jitter(name, attempts)), end)


def is_stale_notice(
    first_at: datetime, now: datetime, *, told: bool, patience: Patience = MAIL
) -> bool:
    """Tell whether somebody should hear now, and for the first time, that a reply is late."""
    return not told and now - first_at >= patience.stale_after


def _jitter(name: str, attempts: int) -> float:
    """A share between 0 and a tenth, the same for ever for one name and attempt."""
    if not name:
        return 0.0
    digest = hashlib.sha256(f"{name}:{attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * _JITTER
