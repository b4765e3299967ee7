"""Moments as they are typed after `--since`."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from maild.cli.place import WrongUsage
from maild.settings.units import duration_seconds


def ago(text: str, now: datetime) -> datetime:
    """Read `7d` (so long ago) or a date, `2026-11-01`, in UTC; `WrongUsage` for anything else."""
    with suppress(ValueError):
        return now - timedelta(seconds=duration_seconds(text))
    with suppress(ValueError):
        return datetime.fromisoformat(text).replace(tzinfo=now.tzinfo)
    raise WrongUsage(f"--since: {text!r} is neither a duration (7d) nor a date (2026-11-01)")
