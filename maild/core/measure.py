"""The shapes of figures: a share of so many, times, a rating, a score; each with its n.

What each figure is stands in `core/kpi.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maild.core import estimate


class Unit(StrEnum):
    """What the number of a figure is."""

    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"
    """From 0 to 1."""
    RATING = "rating"
    """From 1 to 5."""
    SCORE = "score"
    """From -100 to 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> estimate.Interval | None:
        """Where the share behind it lies, by 95% (`estimate.wilson`)."""
        return estimate.wilson(self.hits, self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long something took, in seconds; None of nothing."""

    n: int
    mean: float | None = None
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What customers said of solved tickets."""

    satisfied: Share
    mean: float | None
    """From 1 to 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A net promoter score."""

    promoters: int
    passives: int
    detractors: int

    @property
    def n(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def value(self) -> float | None:
        """From -100 to 100; None of nothing."""
        return 100 * (self.promoters - self.detractors) / self.n if self.n else None

    @property
    def interval(self) -> estimate.Interval | None:
        """Where the score behind it lies, by 95% (`estimate.net`)."""
        return estimate.net(self.promoters, self.passives, self.detractors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure as it is told: one line of a CSV, one entry of a JSON document."""

    name: str
    """`volume`, `first_response.median`, `sla.resolution`, and so on."""
    unit: Unit
    value: float | None
    """None: nothing happened that would tell."""
    n: int
    """Of how many it is told."""
    low: float | None = None
    """Of the interval of 95%; None where there is none."""
    high: float | None = None
