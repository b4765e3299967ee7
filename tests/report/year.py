"""The figures of a simulation that was kept, against a reader that shares no code.

    make simulate OPTIONS="--keep FOLDER"
    .venv/bin/python -m tests.report.year FOLDER

Every figure of every week and month and of the whole, of each queue, agent, tier, segment,
language, tag and organisation; and what was told of each month when it was over, beside what is
told of it now. It ends with 1 where something differs, or where there was nothing to compare.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as hours
from pathlib import Path
from zoneinfo import ZoneInfo

from maild.core import kpi
from maild.core.scorecard import By, Report, Span, Step, Wish, spans
from maild.simulation import kept
from maild.store import report
from maild.store.database import Database, open_database
from tests.report import brute
from tests.report.brute import Period, Place, Tally

EXAMPLES = 5
LEAST = 1000
"""So many values were compared, or there was nothing to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was compared, and what differs."""

    name: str
    groups: int
    values: int
    told: int
    """Values that are neither nothing nor 0."""
    differences: tuple[str, ...]


def figures(database: Database, whole: Span, zone: str) -> Iterator[Compared]:
    """Compare every figure of the whole and its weeks, in each grouping; of its months in one."""
    weeks, months = (spans(whole, step, zone) for step in (Step.WEEK, Step.MONTH))
    periods = [whole, *weeks, *months]
    found = brute.told(database, [Period(one.start, one.end) for one in periods])
    until = 1 + len(weeks)
    wishes = [Wish(whole=whole, spans=weeks, by=By(name)) for name in brute.GROUPED]
    wishes.append(Wish(whole=whole, spans=months, by=By.QUEUE))
    with database.read() as connection:
        *by_week, by_month = report.read_all(connection, wishes)
    for name, told in zip(brute.GROUPED, by_week, strict=True):
        yield compared(told, found[:until], f"week and {name}")
    yield compared(by_month, [found[0], *found[until:]], "month and queue")


def months(database: Database, folder: Path, zone: str) -> Compared:
    """Compare what was told of each month when it was over with what is told of it now."""
    values, differences = 0, []
    files = sorted((folder / kept.TOLD).glob("*.json"))
    for file in files:
        then = json.loads(file.read_text())
        now = json.loads(
            json.dumps(kept.month(database, date.fromisoformat(f"{file.stem}-01"), zone))
        )
        values += file.read_text().count('"value"')
        if then != now:
            differences.append(f"{file.stem}: told differently now")
    return Compared(
        name="months as told then",
        groups=len(files),
        values=values,
        told=values,
        differences=tuple(differences),
    )


def compared(told: Report, found: Sequence[dict[Place, Tally]], name: str) -> Compared:
    """Compare a report with what was found in its whole and in each of its parts."""
    by = told.wish.by or ""
    groups = {brute.TOTAL: told.total} | {(by, group.name): group for group in told.groups}
    periods = (told.wish.whole, *told.wish.spans)
    values, known, differences = 0, 0, []
    for n, period in enumerate(periods):
        expected = {place: tally for place, tally in found[n].items() if place[0] in {"", by}}
        for place in dict.fromkeys((*groups, *expected)):
            group = groups.get(place)
            tally = expected.get(place, Tally()).lines()
            lines = kpi.lines((group.whole, *group.spans)[n]) if group else ()
            got = {line.name: (line.value, line.n) for line in lines}
            for figure in dict.fromkeys((*got, *tally)):
                values += 1
                known += bool(got.get(figure, (0, 0))[1])
                if not _is_same(got.get(figure), tally.get(figure)):
                    words = f"{got.get(figure)}, not {tally.get(figure)}"
                    differences.append(f"{period.start:%Y-%m-%d} {place} {figure}: {words}")
    return Compared(
        name=name,
        groups=len(told.groups),
        values=values,
        told=known,
        differences=tuple(differences),
    )


def _is_same(one: tuple[float | None, int] | None, other: tuple[float | None, int] | None) -> bool:
    if one is None or other is None or one[1] != other[1]:
        return False
    if one[0] is None or other[0] is None:
        return one[0] is other[0]
    return math.isclose(one[0], other[0], rel_tol=1e-9, abs_tol=1e-9)


def main(folder: Path) -> int:
    """Compare all, and print what was compared."""
    said = json.loads((folder / kept.SAID).read_text())
    zone = said["zone"]
    began, ended = (date.fromisoformat(said[name]) for name in ("began", "ended"))
    edges = (datetime.combine(day, hours(), ZoneInfo(zone)) for day in (began, ended))
    start, end = edges
    whole = Span(start=start, end=end + timedelta(days=1))
    database = open_database(f"sqlite:///{folder / kept.FILE}")
    begun = time.process_time()
    all_found: list[Compared] = []
    try:
        for one in (*figures(database, whole, zone), months(database, folder, zone)):
            all_found.append(one)
            print(
                f"{one.name:24}{one.groups:5} groups {one.values:9,} values ({one.told:,} of something), {len(one.differences)} differ"
            )
            for words in one.differences[:EXAMPLES]:
                print(f"    {words}")
    finally:
        database.close()
    values, differ = sum(c.values for c in all_found), sum(len(c.differences) for c in all_found)
    print(
        f"{values:,} values compared, {differ} differ; {time.process_time() - begun:.0f} s of CPU"
    )
    return int(differ > 0 or values < LEAST)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
