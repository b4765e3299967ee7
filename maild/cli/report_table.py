"""A report in the terminal: a figure or a group a line, each with its weeks as bars."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from maild.cli import show as out
from maild.core import kpi, readout
from maild.core.measure import Line
from maild.core.scorecard import Group, Report, Step

CHOSEN = {
    "volume": "tickets",
    "backlog": "backlog",
    "first_response.median": "response",
    "resolution.median": "resolution",
    "sla": "SLA",
    "first_contact_resolution": "FCR",
    "reopen_rate": "reopened",
    "escalation_rate": "escalated",
    "csat": "CSAT",
    "nps": "NPS",
}
"""What stands in a line for a group or a part of the time; the rest is told of the whole."""


def show(found: Report, step: Step, zone: str) -> None:
    """Print a report."""
    wish = found.wish
    out.heading(f"{_day(wish.whole.start, zone)} to {_day(wish.whole.end, zone)}, {zone}")
    if wish.by is not None:
        _groups(found, step)
        return
    if step is not Step.WEEK or len(wish.spans) == 1:
        _parts(found, step, zone)
        out.line()
    _figures(found, step)


def _figures(found: Report, step: Step) -> None:
    """One figure a line, with its interval, its n and its bars."""
    parts = [kpi.lines(part) for part in found.total.spans]
    rows = [
        (
            readout.name(line.name),
            readout.value(line),
            readout.interval(line),
            str(line.n),
            readout.sparkline([part[n].value for part in parts]),
        )
        for n, line in enumerate(kpi.lines(found.total.whole))
    ]
    titles = ("figure", "value", "95% interval", "n", f"by {step}")
    out.as_figures(titles, rows, left=(0, 4))


def _groups(found: Report, step: Step) -> None:
    """One group a line, and all of them below."""
    by = found.wish.by
    assert by is not None, "only called where groups were wished"
    rows = [_group(group, group.name or "(none)") for group in found.groups]
    rows.append(_group(found.total, "all"))
    titles = (by.value, f"by {step}", *CHOSEN.values(), "n of SLA", "n of CSAT")
    out.as_figures(titles, rows, left=(0, 1))


def _parts(found: Report, step: Step, zone: str) -> None:
    """One day, week or month a line."""
    rows = [
        (_day(span.start, zone), *_cells(kpi.lines(part)))
        for span, part in zip(found.wish.spans, found.total.spans, strict=True)
    ]
    out.as_figures((step.value, *CHOSEN.values(), "n of SLA", "n of CSAT"), rows, left=(0,))


def _group(group: Group, name: str) -> tuple[str, ...]:
    bars = readout.sparkline([part.volume for part in group.spans])
    return (name, bars, *_cells(kpi.lines(group.whole)))


def _cells(lines: tuple[Line, ...]) -> tuple[str, ...]:
    known = {line.name: line for line in lines}
    shown = (readout.value(known[name]) for name in CHOSEN)
    return (*shown, str(known["sla"].n), str(known["csat"].n))


def _day(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    is_midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    return f"{local:%Y-%m-%d}" if is_midnight else f"{local:%Y-%m-%d %H:%M}"
