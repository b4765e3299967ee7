"""A report as one page that needs nothing else: no script, no picture, no other file."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from maild.cli.report_table import CHOSEN
from maild.core import kpi, readout
from maild.core.kpi import Figures
from maild.core.measure import Line
from maild.core.scorecard import Report, Step

_MANY = 30
"""So many bars fit beside the figures."""
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5a6675; --line: #d9dfe6;
  --paper: #fff; --band: #f5f7f9; --bar: #2f6f9f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #a3afbd; --line: #333d49;
  --paper: #14191f; --band: #1b222a; --bar: #7db8e0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 62rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
p { margin: .25rem 0; color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .5rem; text-align: right; font-size: .95rem; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; font-size: .85rem; white-space: normal;
  vertical-align: bottom; }
tbody tr:nth-child(even) { background: var(--band); }
tbody th { font-weight: 500; }
.bars { color: var(--bar); text-align: left; letter-spacing: .05em; min-width: 9rem;
  white-space: normal; overflow-wrap: anywhere; line-height: 1.2; }
.many { font-size: .6rem; letter-spacing: 0; }
dt { font-weight: 600; margin-top: 1rem; }
dd { margin: .2rem 0 0; color: var(--soft); max-width: 46rem; }
"""


def page(found: Report, step: Step, name: str, zone: str) -> str:
    """Return a report as HTML; every word of it is escaped."""
    whole = found.wish.whole
    time = f"{_day(whole.start, zone)} to {_day(whole.end, zone)}, {zone}"
    body = [f"<h1>{escape(name)}</h1>", f"<p>{escape(time)}</p>", *_filter(found)]
    body += ["<h2>All figures</h2>", *_table(_TITLES, _figures(found))]
    if found.wish.by is not None:
        of = found.wish.by.value
        rows = [(group.name or "(none)", *_cells(group.whole)) for group in found.groups]
        rows.append(("all", *_cells(found.total.whole)))
        body += [f"<h2>By {escape(of)}</h2>", *_table((of, *_CHOSEN_TITLES), rows)]
    spans = zip(found.wish.spans, found.total.spans, strict=True)
    parts = [(_day(span.start, zone), *_cells(part)) for span, part in spans]
    body += [f"<h2>By {step}</h2>", *_table((step.value, *_CHOSEN_TITLES), parts)]
    body += ["<h2>What they mean</h2>", "<dl>", *_definitions(), "</dl>"]
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(name)}: {escape(time)}</title><style>{_STYLE}</style></head><body>",
            "<main>",
            *body,
            "</main></body></html>\n",
        )
    )


def _filter(found: Report) -> Iterator[str]:
    only = found.wish.only
    chosen = {field: getattr(only, field) for field in only.__slots__}
    words = ", ".join(f"{field} {value}" for field, value in chosen.items() if value)
    if words:
        yield f"<p>Only {escape(words)}</p>"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give a table; what is drawn of bars is left out where it is read aloud."""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    yield f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>'
    for first, *others in rows:
        cells = "".join(_cell(other) for other in others)
        yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _cell(text: str) -> str:
    if readout.is_bars(text):
        size = "bars many" if len(text) > _MANY else "bars"
        return f'<td class="{size}" aria-hidden="true">{escape(text)}</td>'
    return f"<td>{escape(text)}</td>"


def _figures(found: Report) -> Iterator[tuple[str, ...]]:
    parts = [kpi.lines(part) for part in found.total.spans]
    for n, line in enumerate(kpi.lines(found.total.whole)):
        bars = readout.sparkline([part[n].value for part in parts])
        yield (readout.name(line.name), *_told(line), str(line.n), bars)


def _told(line: Line) -> tuple[str, str]:
    return readout.value(line), readout.interval(line)


def _cells(found: Figures) -> tuple[str, ...]:
    known = {line.name: line for line in kpi.lines(found)}
    shown = (readout.value(known[name]) for name in CHOSEN)
    return (*shown, str(known["sla"].n), str(known["csat"].n))


def _definitions() -> Iterator[str]:
    for define in kpi.DEFINED:
        title, _, rest = inspect.cleandoc(define.__doc__ or "").partition("\n")
        yield f"<dt>{escape(title)}</dt><dd>{escape(' '.join(rest.split()))}</dd>"


def _day(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}".removesuffix(" 00:00")


_TITLES = ("figure", "value", "95% interval", "n", "over time")
_CHOSEN_TITLES = (*CHOSEN.values(), "n of SLA", "n of CSAT")
