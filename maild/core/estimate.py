"""What a sample tells: middle values, and how far the truth may lie from a share or a score.

Every interval is one of 95%: of a hundred such samples some five have the truth outside of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

Z = 1.959964
"""So many standard errors to either side hold 95% of a normal distribution."""
Interval = tuple[float, float]


def mean(values: Sequence[float]) -> float | None:
    """Return the arithmetic mean; None of nothing."""
    return fmean(values) if values else None


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which a share (0 to 1) of the others lies; None of nothing.

    Between two values it is interpolated (Hyndman and Fan, "Sample Quantiles in Statistical
    Packages", 1996, definition 7): the way of NumPy, of R, and of PERCENTILE.INC in spreadsheets.
    The values must be sorted.
    """
    if not values:
        return None
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def wilson(hits: int, n: int) -> Interval | None:
    """Return the interval of a share, as two shares; None of nothing.

    The score interval of E. B. Wilson ("Probable Inference, the Law of Succession, and
    Statistical Inference", 1927): it stays within 0 and 1, and says something for 0 of 3 too,
    where the usual one pretends to be certain.
    """
    if n <= 0:
        return None
    share, spread = hits / n, Z * Z / n
    middle = share + spread / 2
    margin = Z * sqrt(share * (1 - share) / n + spread / (4 * n))
    low, high = (middle - margin) / (1 + spread), (middle + margin) / (1 + spread)
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def net(promoters: int, passives: int, detractors: int) -> Interval | None:
    """Return the interval of a net promoter score, from -100 to 100; None of nothing.

    The adjusted Wald interval: three quarters of a voter are added to promoters and to
    detractors, one and a half to passives, and the rest is the standard error of a difference of
    two shares of one sample (Rocks, "Interval Estimation for the Net Promoter Score", 2016).
    """
    if promoters + passives + detractors <= 0:
        return None
    up, down = promoters + 0.75, detractors + 0.75
    whole = promoters + passives + detractors + 3
    score = (up - down) / whole
    margin = Z * sqrt(((up + down) / whole - score * score) / whole)
    plain = (promoters - detractors) / (promoters + passives + detractors)
    low, high = min(score - margin, plain), max(score + margin, plain)
    return 100 * max(-1.0, low), 100 * min(1.0, high)
