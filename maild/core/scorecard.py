"""A report as values: what is asked for, and the figures of each group and each week.

`store/report.py` reads one; the command line, the weekly mail, the status wall and the metrics
show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from maild.core.kpi import Figures


class By(StrEnum):
    """What tickets are grouped by."""

    QUEUE = "queue"
    AGENT = "agent"
    TIER = "tier"
    SEGMENT = "segment"
    LANGUAGE = "language"
    TAG = "tag"
    ORGANISATION = "organisation"
    RULE = "rule"


class Step(StrEnum):
    """How a period is cut."""

    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A period: from its start (aware) to before its end."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """Which tickets are meant; empty leaves none out."""

    queue: str = ""
    agent: str = ""
    tier: str = ""
    segment: str = ""
    language: str = ""
    tag: str = ""
    organisation: str = ""
    rule: str = ""


EVERYTHING = Only()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to know."""

    whole: Span
    spans: tuple[Span, ...] = ()
    """Other periods whose figures are wanted beside it, in order and apart from each other: mostly
    its parts (`spans`)."""
    by: By | None = None
    only: Only = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of one group of tickets."""

    name: str
    """Of the queue, the agent, and so on; empty for the tickets that have none."""
    whole: Figures
    spans: tuple[Figures, ...] = ()
    """One for each of the wish's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was wished, and the answer."""

    wish: Wish
    total: Group
    """All tickets that are meant; its name is empty."""
    groups: tuple[Group, ...] = ()
    """In order of their names; empty where `by` is None."""


def spans(whole: Span, step: Step, zone: str = "UTC") -> tuple[Span, ...]:
    """Cut a period into days, weeks or months of a zone; the first and the last may be shorter."""
    place = ZoneInfo(zone)
    found: list[Span] = []
    start = whole.start
    while start < whole.end:
        end = min(_midnight(_next(start.astimezone(place).date(), step), place), whole.end)
        found.append(Span(start=start, end=end))
        start = end
    return tuple(found)


def week_of(at: datetime, zone: str = "UTC") -> Span:
    """Return the week (Monday to Sunday of a zone) that holds an instant (aware)."""
    place = ZoneInfo(zone)
    day = at.astimezone(place).date()
    monday = day - timedelta(days=day.weekday())
    return Span(start=_midnight(monday, place), end=_midnight(monday + timedelta(days=7), place))


def _next(day: date, step: Step) -> date:
    """Return the first day of the next day, week or month."""
    if step is Step.DAY:
        return day + timedelta(days=1)
    if step is Step.WEEK:
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _midnight(day: date, place: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=place).astimezone(UTC)
