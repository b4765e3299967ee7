"""Does it grow? A line through what was measured, and how sure one can be of its slope.

Looks that follow each other are alike (a cache that is full now is full in two seconds), so that
many of them are little evidence. What is judged is one mean a minute, which holds load, trouble and
rest; what these still have in common with the one before makes fewer of them count. The slope then
has a range in which it lies with 95 %, and the verdict is about the range: all of it within what
counts as flat, all of it outside, or neither, which more time would tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import NormalDist, fmean, linear_regression

FLAT_SHARE = 0.02
"""What counts as flat: growth in an hour by less than this share of the mean."""
SECONDS_MIN = 1800.0
"""Nothing is said about less: memory grows in steps, and minutes without one prove nothing."""
WINDOW_SECONDS = 60.0
_FREEDOM_MIN = 3.0
_SURE = NormalDist().inv_cdf(0.975)


class Verdict(StrEnum):
    """What can be said of it."""

    FLAT = "flat"
    NOT_FLAT = "NOT FLAT"
    TOO_SHORT = "too short to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A line through values over time."""

    seconds: float
    mean: float
    per_hour: float
    error: float
    """The slope is known to so much an hour, up or down, with 95 %; infinite where it is not known."""

    @property
    def verdict(self) -> Verdict:
        """Whether it is flat, as far as that is known."""
        allowed = FLAT_SHARE * self.mean
        if self.seconds < SECONDS_MIN:
            return Verdict.TOO_SHORT
        if abs(self.per_hour) + self.error < allowed:
            return Verdict.FLAT
        return Verdict.NOT_FLAT if abs(self.per_hour) - self.error > allowed else Verdict.TOO_SHORT


def trend(points: Sequence[tuple[float, float]]) -> Trend | None:
    """Lay a line through values over seconds, by least squares; None for less than three minutes."""
    windows = _windows(points)
    if len(windows) < 3:
        return None
    hours, values = [time / 3600 for time, _ in windows], [value for _, value in windows]
    slope, start = linear_regression(hours, values)
    rest = [value - start - slope * hour for hour, value in zip(hours, values, strict=True)]
    middle = fmean(hours)
    spread = sum((hour - middle) ** 2 for hour in hours)
    return Trend(
        seconds=points[-1][0] - points[0][0],
        mean=fmean(values),
        per_hour=slope,
        error=_error(rest, spread),
    )


def _windows(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the mean time and the mean value of each minute."""
    found: dict[int, list[tuple[float, float]]] = {}
    for time, value in points:
        found.setdefault(int((time - points[0][0]) // WINDOW_SECONDS), []).append((time, value))
    return [(fmean(t for t, _ in looks), fmean(v for _, v in looks)) for looks in found.values()]


def _error(rest: Sequence[float], spread: float) -> float:
    """Return half the width of the range of a slope, from what the line leaves of the values.

    Values that resemble the one before count as fewer: n (1 - r) / (1 + r) of them, r being their
    correlation with it (Santer et al. 2000, Journal of Geophysical Research 105, §3).
    """
    squares = sum(value**2 for value in rest)
    alike = sum(a * b for a, b in pairwise(rest)) / squares if squares else 0.0
    alike = max(0.0, alike)
    freedom = len(rest) * (1 - alike) / (1 + alike) - 2
    if freedom < _FREEDOM_MIN:
        return math.inf
    return _quantile(freedom) * math.sqrt(squares / freedom / spread)


def _quantile(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's t, by its series around the normal distribution."""
    once = (_SURE**3 + _SURE) / 4
    twice = (5 * _SURE**5 + 16 * _SURE**3 + 3 * _SURE) / 96
    return _SURE + once / freedom + twice / freedom**2
