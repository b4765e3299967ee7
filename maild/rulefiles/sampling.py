"""What may stand beside `survey` in a rule -> `core.survey.Sampling`, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maild.core.survey import Sampling
from maild.settings.problems import nearest
from maild.settings.units import duration_seconds

KEYS = ("share", "every")
_SHARE_MAX = 100
_SECONDS_MAX = 10 * 366 * 86_400


def sampling(options: Mapping[str, Any]) -> Sampling:
    """Return the terms of options in which nothing is `wrong`."""
    usual = Sampling()
    every = options.get("every")
    return Sampling(
        share=options.get("share", usual.share),
        every_seconds=usual.every_seconds if every is None else duration_seconds(every),
    )


def wrong(options: Mapping[str, object]) -> str:
    """Say what is wrong with what stands beside `survey`; empty for nothing."""
    for name, given in options.items():
        if name not in KEYS:
            return f"there is no {name!r} beside it{nearest(name, KEYS)}"
        problem = _wrong_share(given) if name == "share" else _wrong_every(given)
        if problem:
            return problem
    return ""


def _wrong_share(given: object) -> str:
    """Require so many of a hundred."""
    fits = isinstance(given, int) and not isinstance(given, bool) and 0 < given <= _SHARE_MAX
    return "" if fits else f"'share' must be a whole number from 1 to {_SHARE_MAX}"


def _wrong_every(given: object) -> str:
    """Require a time."""
    try:
        seconds = duration_seconds(given if isinstance(given, str) else "")
    except ValueError:
        seconds = 0
    fits = 0 < seconds <= _SECONDS_MAX
    return "" if fits else "'every' must be a time such as \"30d\""
