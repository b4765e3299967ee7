"""`maild report`: the figures of a stretch of time, as a table, JSON, CSV or a page."""

from __future__ import annotations

import csv
import inspect
import io
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from maild.app import utc_now
from maild.cli import report_page, report_table
from maild.cli import show as out
from maild.core import kpi, scorecard
from maild.core.measure import Line
from maild.core.scorecard import By, Group, Only, Report, Span, Step, Wish
from maild.errors import NotAllowed
from maild.settings import Settings
from maild.settings.units import duration_seconds
from maild.store import report as figures

FORMATS = ("table", "json", "csv", "html")
CHOICES = (*(step.value for step in Step), *(by.value for by in By))
WEEKS = 4
"""Before this one, which are told of when nobody says since when."""
COLUMNS = ("by", "group", "since", "until", "figure", "unit", "value", "low", "high", "n")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for, as typed."""

    since: str = ""
    until: str = ""
    by: str = ""
    form: str = "table"


def report(config: Path | None, order: Order, only: Only) -> None:
    """Print the figures of a stretch of time."""
    if order.form not in FORMATS:
        raise NotAllowed(f"--format is one of {', '.join(FORMATS)}, not {order.form!r}")
    with out.opened(config) as (known, database):
        wish, step = _wish(order, only, known, utc_now())
        with database.read() as connection:
            found = figures.read(connection, wish)
    if order.form == "json":
        out.as_document(_document(found, step, known.report.zone))
    elif order.form == "csv":
        typer.echo(_csv(found, step, known.report.zone), nl=False)
    elif order.form == "html":
        name, zone = known.house.name, known.report.zone
        typer.echo(report_page.page(found, step, name, zone), nl=False)
    else:
        report_table.show(found, step, known.report.zone)


def explain() -> None:
    """Print the definition of every figure."""
    for define in kpi.DEFINED:
        title, _, rest = inspect.cleandoc(define.__doc__ or "").partition("\n")
        out.heading(title)
        out.line(f"{rest.strip()}\n")


def _wish(order: Order, only: Only, known: Settings, now: datetime) -> tuple[Wish, Step]:
    """Return what is wished, and into what the time is cut."""
    if order.by and order.by not in CHOICES:
        raise NotAllowed(f"--by is one of {', '.join(CHOICES)}, not {order.by!r}")
    if By.AGENT in (order.by, "agent" if only.agent else "") and not known.report.per_agent:
        raise NotAllowed("figures of single agents are off: see [report] per_agent in config.toml")
    zone = known.report.zone
    until = _moment(order.until, now, zone) if order.until else now
    usual = scorecard.week_of(until, zone).start - timedelta(weeks=WEEKS)
    since = _moment(order.since, now, zone) if order.since else usual
    if since >= until:
        raise NotAllowed("--since must be before --until")
    whole = Span(start=since, end=until)
    step = Step(order.by) if order.by in tuple(Step) else Step.WEEK
    by = By(order.by) if order.by in tuple(By) else None
    return Wish(whole=whole, spans=scorecard.spans(whole, step, zone), by=by, only=only), step


def _moment(text: str, now: datetime, zone: str) -> datetime:
    """Read `30d` (so long ago), or a date, which begins at midnight of the zone."""
    with suppress(ValueError):
        return now - timedelta(seconds=duration_seconds(text))
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    raise NotAllowed(f"{text!r} is neither a duration (30d) nor a date (2026-11-01)")


def _document(found: Report, step: Step, zone: str) -> Json:
    wish = found.wish
    only = {by.value: name for by in By if (name := getattr(wish.only, by))}
    return {
        **_span(wish.whole),
        "zone": zone,
        "by": wish.by.value if wish.by else None,
        "only": only,
        "figures": _figures(kpi.lines(found.total.whole)),
        "groups": [
            {"name": group.name, "figures": _figures(kpi.lines(group.whole))}
            for group in found.groups
        ],
        f"{step}s": [
            _span(span)
            | {"figures": _figures(kpi.lines(part))}
            | {
                "groups": [
                    {"name": g.name, "figures": _figures(kpi.lines(g.spans[n]))}
                    for g in found.groups
                ]
            }
            for n, (span, part) in enumerate(zip(wish.spans, found.total.spans, strict=True))
        ],
    }


def _span(span: Span) -> Json:
    return {"since": _time(span.start), "until": _time(span.end)}


def _figures(lines: tuple[Line, ...]) -> Json:
    return {
        line.name: {
            "value": line.value,
            "unit": line.unit.value,
            "n": line.n,
            "low": line.low,
            "high": line.high,
        }
        for line in lines
    }


def _csv(found: Report, step: Step, zone: str) -> str:
    """One row for each figure of each group; of each part of the time where that was asked for."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(COLUMNS)
    by = found.wish.by
    groups = found.groups if by else (found.total,)
    for group in groups:
        _rows(writer, by.value if by else "", group, found.wish.whole)
    if by is None:
        for span, part in zip(found.wish.spans, found.total.spans, strict=True):
            day = span.start.astimezone(ZoneInfo(zone)).date().isoformat()
            _rows(writer, step.value, Group(name=day, whole=part), span)
    return sheet.getvalue()


def _rows(writer: Any, by: str, group: Group, span: Span) -> None:
    for line in kpi.lines(group.whole):
        told = (line.unit.value, line.value, line.low, line.high, line.n)
        name = group.name if not group.name.startswith(_FORMULAS) else f"'{group.name}"
        writer.writerow((by, name, _time(span.start), _time(span.end), line.name, *told))


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would compute, if a group's name began with it."""
