"""Figures in words that need no language: `83%`, `2h 05m`, `+31`, and a line of small bars."""

from __future__ import annotations

from collections.abc import Sequence

from maild.core.measure import Line, Unit

NOTHING = "\N{EN DASH}"
"""Where nothing happened that would tell."""
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_MINUTE, _HOUR, _DAY = 60, 3600, 24 * 3600
_SPOKEN = {
    "csat": "CSAT (4 or 5 of 5)",
    "csat.mean": "CSAT, mean of 1 to 5",
    "csat.response_rate": "CSAT response rate",
    "nps": "NPS",
    "nps.response_rate": "NPS response rate",
    "sla": "SLA attainment",
    "volume": "ticket volume",
    "first_contact_resolution": "first-contact resolution",
}
_LAST = {"p90": "90% below"}


def value(line: Line) -> str:
    """Return the value of a figure, or a dash."""
    return amount(line.value, line.unit)


def amount(number: float | None, unit: Unit) -> str:
    """Return a number of a unit in a few characters."""
    if number is None:
        return NOTHING
    if unit is Unit.SECONDS:
        return duration(number)
    if unit is Unit.SHARE:
        return f"{100 * number:.0f}%" if number in {0.0, 1.0} else f"{100 * number:.1f}%"
    if unit is Unit.SCORE:
        return f"{number:+.0f}" if round(number) else "0"
    return f"{number:.2f}" if unit is Unit.RATING else f"{number:.0f}"


def interval(line: Line) -> str:
    """Return where the truth lies by 95%; empty where that is not told."""
    if line.low is None or line.high is None:
        return ""
    low, high = amount(line.low, line.unit), amount(line.high, line.unit)
    return f"{low} to {high}"


def duration(seconds: float) -> str:
    """Return a time with two units at most: `45s`, `12m`, `3h 05m`, `2d 04h`."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    minutes = round(seconds / _MINUTE)
    if minutes < _HOUR // _MINUTE:
        return f"{minutes}m"
    if minutes * _MINUTE < _DAY:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    hours = round(seconds / _HOUR)
    return f"{hours // 24}d {hours % 24:02d}h"


def name(figure: str) -> str:
    """Return the name of a figure (`first_response.median`) as people say it."""
    if figure in _SPOKEN:
        return _SPOKEN[figure]
    first, _, last = figure.partition(".")
    if first == "sla":
        return f"SLA: {last.replace('_', ' ')}"
    words = first.replace("_working", ", working hours").replace("_", " ")
    return f"{words}, {_LAST.get(last, last)}" if last else words


def sparkline(values: Sequence[float | None]) -> str:
    """Return one bar for each value, from 0 to the largest; a dot where there is none.

    Values below 0 are shown from the smallest one.
    """
    known = [one for one in values if one is not None]
    bottom = min([0.0, *known])
    room = max([0.0, *known]) - bottom
    return "".join(_GAP if one is None else _bar(one - bottom, room) for one in values)


def is_bars(text: str) -> bool:
    """Tell whether a text is a line of bars."""
    return bool(text) and set(text) <= {*_BARS, _GAP}


def _bar(height: float, room: float) -> str:
    if not room:
        return _BARS[0]
    return _BARS[min(int(height / room * len(_BARS)), len(_BARS) - 1)]
