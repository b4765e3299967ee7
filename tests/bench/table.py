"""The table of figures: printed row by row as they come, and drawn as an SVG at the end.

Each target is drawn as a bar: how often it is met, 1 being just so. No library is needed for it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

NAME_WIDTH = 58
BAR_MAX = 3.0
"""A target that is met more than three times over is drawn as three times."""
_LINE, _LEFT, _UNIT, _TOP = 26, 420, 110, 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure; `met` is how often its target is met, None where there is none or it was not shown."""

    what: str
    figure: str
    beside: str = ""
    """The same as a ratio, or what the machine itself allows."""
    target: str = ""
    met: float | None = None


@dataclass(kw_only=True)
class Table:
    """What was measured so far."""

    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Keep a row, and print it."""
        self.rows.append(row)
        say(_line(row))

    def verdict(self) -> str:
        """Say how many targets were met, and which were not."""
        shown = [row for row in self.rows if row.met is not None]
        missed = [row.what for row in shown if row.met is not None and row.met < 1]
        words = f"targets met: {len(shown) - len(missed)} of {len(shown)}"
        return f"{words}; missed: {', '.join(missed)}" if missed else words

    def draw(self, file: Path) -> None:
        """Write the targets as an SVG."""
        rows = [row for row in self.rows if row.target]
        height = _TOP + _LINE * len(rows) + 30
        width = int(_LEFT + BAR_MAX * _UNIT + 250)
        bottom, one = _TOP + _LINE * len(rows), _LEFT + _UNIT
        parts = [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                'font-family="sans-serif" font-size="13">'
            ),
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            f'<text x="{one}" y="20" text-anchor="middle" fill="#333333">target</text>',
            *(_bar(row, _TOP + _LINE * n) for n, row in enumerate(rows)),
            f'<line x1="{one}" y1="26" x2="{one}" y2="{bottom}" stroke="#333333"/>',
            (
                f'<text x="{_LEFT}" y="{bottom + 20}" fill="#333333">how often each target is met'
                f" (at most {BAR_MAX:.0f} times is drawn)</text>"
            ),
            "</svg>",
        ]
        file.write_text("\n".join(parts) + "\n", encoding="utf-8")


def say(words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _line(row: Row) -> str:
    target = f"target {row.target}" if row.target else ""
    if row.met is not None:
        target += f" ({'met' if row.met >= 1 else 'MISSED'})"
    return f"{row.what:<{NAME_WIDTH}} {row.figure:>12}  {row.beside:<34} {target}".rstrip()


def _bar(row: Row, y: int) -> str:
    name = f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end" fill="#222222">{escape(row.what.strip())}</text>'
    length = int(min(row.met or 0, BAR_MAX) * _UNIT)
    colour = "#2f7d4f" if (row.met or 0) >= 1 else "#b3541e"
    bar = f'<rect x="{_LEFT}" y="{y + 4}" width="{length}" height="{_LINE - 8}" fill="{colour}"/>'
    told = f"{row.figure} {row.beside} ({row.target})" if row.met is not None else "not shown"
    words = f'<text x="{_LEFT + max(length, _UNIT) + 8}" y="{y + 17}" fill="#222222">{escape(told)}</text>'
    return name + bar + words
