"""The table of faults, made of the reports of the tests that the catalogue names.

Figures come from the fixture `figures`, else from what a test printed, else the cases are counted.
Of several tests numbers with one name are added; where they have a fraction the largest is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from tests.faults.catalogue import Row

PROPERTY = "figures"
FIGURE_CHARACTERS_MAX = 160
_HEAD = ("row", "what is done", "expected", "figure", "passed", "tests")


@dataclass(kw_only=True)
class Shown:
    """What the tests of one row came to."""

    cases: int = 0
    failed: int = 0
    skipped: int = 0
    numbers: dict[str, float] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)


def gather(rows: Iterable[Row], reports: Iterable[pytest.TestReport]) -> dict[str, Shown]:
    """Return what was shown of each row, by its id; a test may stand for several rows."""
    found: dict[str, Shown] = {}
    rows = tuple(rows)
    for report in reports:
        for row in rows:
            if any(_is_of(report.nodeid, test) for test in row.tests):
                _add(found.setdefault(row.id, Shown()), report)
    return found


def written(rows: Sequence[Row], found: Mapping[str, Shown]) -> list[str]:
    """Write the table as Markdown; every row stands in it, whatever became of it."""
    lines = [_HEAD, *(_line(row, found.get(row.id)) for row in rows)]
    lines.insert(1, ("---",) * len(_HEAD))
    return ["| " + " | ".join(line) + " |" for line in lines]


def _is_of(nodeid: str, test: str) -> bool:
    return nodeid == test or nodeid.startswith(f"{test}[")


def _add(shown: Shown, report: pytest.TestReport) -> None:
    shown.failed += report.failed
    shown.skipped += report.skipped
    if report.when != "call":
        return
    shown.cases += 1
    given = [value for name, value in report.user_properties if name == PROPERTY]
    for figures in given:
        assert isinstance(figures, dict)
        for name, value in figures.items():
            before = shown.numbers.get(name, 0)
            both = max(before, value) if isinstance(value, float) else before + value
            shown.numbers[name] = both
    if not given:
        shown.printed += [line for line in report.capstdout.splitlines() if line.strip()]


def _line(row: Row, shown: Shown | None) -> tuple[str, ...]:
    files = sorted({test.partition("::")[0].removeprefix("tests/") for test in row.tests})
    told = (row.id, row.fault, row.expected)
    if not row.tests:
        return (*told, row.reason, "not shown", "")
    if shown is None or not (shown.cases or shown.failed):
        why = "skipped" if shown else "not run"
        return (*told, why, "not shown", ", ".join(files))
    passed = "NO" if shown.failed else "in part" if shown.skipped else "yes"
    return (*told, _figure(shown), passed, ", ".join(files))


def _figure(shown: Shown) -> str:
    """Numbers first, since they were chosen; else the words that were printed."""
    if shown.numbers:
        pairs = shown.numbers.items()
        return ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in pairs)
    words = "; ".join(shown.printed).replace("|", "/")
    if not words or len(words) > FIGURE_CHARACTERS_MAX:
        return f"{shown.cases} cases"
    return words


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
