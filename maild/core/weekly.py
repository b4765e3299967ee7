"""What stands in the report by mail: a period beside the four before it; pure.

No customer is named in it: what is told of is theirs, not they.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import sqrt
from zoneinfo import ZoneInfo

from maild.core.kpi import Figures, lines
from maild.core.measure import Line, Share, Unit
from maild.core.scorecard import Group, Report, Span, Step
from maild.core.topics import Topic

BEFORE = 4
"""So many periods before are compared."""
GROUPS_MAX = 8
TOPICS_MAX = 4
"""Of each language."""
REPEAT_WITHIN = timedelta(days=7)
"""Who writes again so soon comes again."""
_DAY = timedelta(days=1)


class Chosen(StrEnum):
    """The figures that a report tells, in its order; the value is the name of the line."""

    VOLUME = "volume"
    SOLVED = "solved"
    BACKLOG = "backlog"
    FIRST_RESPONSE = "first_response.median"
    RESOLUTION = "resolution.median"
    SLA = "sla"
    FIRST_CONTACT = "first_contact_resolution"
    REOPENED = "reopen_rate"
    ESCALATED = "escalation_rate"
    REPEATED = "repeat_contacts"
    CSAT = "csat"
    RESPONSES = "csat.response_rate"
    NPS = "nps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time that is told of, and those before it."""

    step: Step
    zone: str
    span: Span
    before: tuple[Span, ...]
    """In order of time."""
    due_at: datetime
    """When its report is due."""

    @property
    def key(self) -> str:
        """A name that no other period has: `week 2026-11-16`."""
        return f"{self.step} {self.first_day.isoformat()}"

    @property
    def first_day(self) -> date:
        """Its first day, in its zone."""
        return self.span.start.astimezone(ZoneInfo(self.zone)).date()

    @property
    def last_day(self) -> date:
        """Its last day, in its zone."""
        return self.span.end.astimezone(ZoneInfo(self.zone)).date() - _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """What a report tells."""

    period: Period
    report: Report
    """Its spans are the periods before; its groups are organisations."""
    agents: tuple[Group, ...] = ()
    """Empty where figures of single agents are off."""
    repeats: tuple[Share, ...] = ()
    """Repeat contacts of the periods before, then of this one."""
    topics: tuple[Topic, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened, in this period and before: then no report is written."""
        total = self.report.total
        return not any(
            one.volume or one.solved or one.backlog for one in (total.whole, *total.spans)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure: now, before, and whether the difference is more than chance."""

    line: Line
    """Of this period."""
    course: tuple[float | None, ...]
    """The periods before, then this one."""
    before: float | None
    """What those before had in the middle; shares are weighed by their n."""
    is_beyond_chance: bool


def compared(now: Figures, before: Sequence[Figures]) -> dict[str, Compared]:
    """Return every figure by its name, beside the periods before."""
    told = [lines(one) for one in (*before, now)]
    return {course[-1].name: _compared(course) for course in zip(*told, strict=True)}


def repeat_contacts(shares: Sequence[Share]) -> Compared:
    """Return how many tickets came from customers who had opened one shortly before."""
    return _compared(
        [
            Line(
                name=Chosen.REPEATED,
                unit=Unit.SHARE,
                value=one.value,
                n=one.n,
                low=(one.interval or (None, None))[0],
                high=(one.interval or (None, None))[1],
            )
            for one in shares
        ]
    )


def largest(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return the groups that had most tickets, those without a name left out."""
    busy = (one for one in groups if one.name and (one.whole.volume or one.whole.solved))
    return tuple(sorted(busy, key=_size)[:GROUPS_MAX])


def _size(group: Group) -> tuple[int, int, str]:
    return -group.whole.volume, -group.whole.solved, group.name


def _compared(course: Sequence[Line]) -> Compared:
    *before, line = course
    middle = _middle(before)
    return Compared(
        line=line,
        course=tuple(one.value for one in course),
        before=middle,
        is_beyond_chance=_is_beyond_chance(line, middle),
    )


def _middle(before: Sequence[Line]) -> float | None:
    """Counts are averaged; of all others many weigh more than few."""
    known = [(one.value, one.n) for one in before if one.value is not None]
    if not known:
        return None
    if before[0].unit is Unit.COUNT:
        return sum(value for value, _ in known) / len(known)
    whole = sum(n for _, n in known)
    return sum(value * n for value, n in known) / whole if whole else None


def _is_beyond_chance(line: Line, before: float | None) -> bool:
    """A share or a score: its interval leaves out what was before; a count: two deviations."""
    if line.value is None or before is None:
        return False
    if line.low is not None and line.high is not None:
        return not line.low <= before <= line.high
    if line.unit is Unit.COUNT:
        return abs(line.value - before) > 2 * sqrt(max(before, 1))
    return False
