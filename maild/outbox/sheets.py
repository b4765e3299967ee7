"""A report as a file for machines: CSV, or one JSON document."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from maild.core import kpi
from maild.core.measure import Line
from maild.core.scorecard import By, Group, Report, Span, Step

COLUMNS = ("by", "group", "since", "until", "figure", "unit", "value", "low", "high", "n")
Json = dict[str, Any]


def document(found: Report, step: Step, zone: str) -> Json:
    """Return a report as one JSON document, its parts and groups included."""
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


def as_csv(found: Report, step: Step, zone: str) -> str:
    """Return one row for each figure, of each group or of each part of the time."""
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
