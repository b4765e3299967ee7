"""What a template may print of a report by mail, and the sample that tries it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigure:
    """One figure of this period, beside those before."""

    code: str = ""
    """As `maild report` calls it: `volume`, `sla`."""
    name: str = ""
    value: str = ""
    """A dash where nothing happened that would tell."""
    before: str = ""
    change: str = ""
    """`+9 %`; empty where nothing can be said."""
    tone: str = ""
    """`good` or `bad` where the change is more than chance; else empty."""
    bars: str = ""
    """The periods before and this one, as small bars."""
    n: int = 0
    """How many cases it rests on; 0 for a count, which says so itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportChart:
    """A figure as a picture."""

    name: str
    value: str
    picture: str
    """Content-ID of the picture."""
    told: str
    """The same in words, for whoever sees no pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTopic:
    """A term that rose."""

    language: str
    term: str
    now: int
    """Tickets that have it."""
    before: str
    """The same in the periods before, in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportGroup:
    """An organisation, or an agent."""

    name: str
    volume: int
    before: str
    solved: int
    response: str
    sla: str
    csat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportShown:
    """A report."""

    step: str = "week"
    """`day`, `week` or `month`."""
    number: int = 0
    """Of the week, by ISO 8601; of the month in the year; of the day in it."""
    month: str = ""
    first_day: str = ""
    """As people write it."""
    last_day: str = ""
    zone: str = "UTC"
    volume: ReportFigure = ReportFigure()
    figures: tuple[ReportFigure, ...] = ()
    charts: tuple[ReportChart, ...] = ()
    """Empty where none can be drawn."""
    topics: tuple[ReportTopic, ...] = ()
    organisations: tuple[ReportGroup, ...] = ()
    agents: tuple[ReportGroup, ...] = ()
    """Empty where figures of single agents are off."""
    file: str = ""
    """Name of the file that holds all figures; empty for none."""


_VOLUME = ReportFigure(
    code="volume",
    name="Tickets opened",
    value="124",
    before="114",
    change="+9%",
    tone="bad",
    bars="▃▅▄▆█",
)
_GROUP = ReportGroup(
    name="Analytical <b>Engines",
    volume=12,
    before="9.5",
    solved=11,
    response="2h 05m",
    sla="93.4%",
    csat="–",
)
REPORT = ReportShown(
    number=18,
    month="April",
    first_day="27 April 2026",
    last_day="3 May 2026",
    zone="Europe/Berlin",
    volume=_VOLUME,
    figures=(
        _VOLUME,
        ReportFigure(code="csat", name="Satisfied", value="–", before="–", bars="·····"),
        ReportFigure(
            code="sla",
            name="SLA",
            value="93.4%",
            before="90%",
            change="+3.4",
            tone="good",
            bars="▃▅▄▆█",
            n=60,
        ),
    ),
    charts=(
        ReportChart(
            name="Tickets opened", value="124", picture="a@example.com", told="27 Apr: 124"
        ),
    ),
    topics=(ReportTopic(language="en", term="<b>login", now=9, before="2.3"),),
    organisations=(_GROUP,),
    agents=(_GROUP,),
    file="report.csv",
)
