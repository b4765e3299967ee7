"""`maild simulate`: a made-up year of a house, to try rules, promises and people before Monday.

Real are: rules, templates, promises, calendars, absences, the decision about every mail, the mails
that are written, the deadlines and what follows from them. Simulated are: the clock, the people,
and what they write; no bytes of mail are read, every mail is proven, agents make no mistakes in
commands, and customers never send attachments. No mail leaves: no relay is dialled, no webhook
called; what is written is counted. The database is in memory and gone afterwards, unless it is
kept.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer

from maild import log, settings
from maild.cli import show as out
from maild.cli import simulate_house
from maild.cli.place import typed
from maild.core.token import Keys
from maild.errors import NotAllowed
from maild.furnish import office_of
from maild.handle import Office
from maild.settings import Settings
from maild.simulation import against, breakdown, checks, kept, report
from maild.simulation.checks import Check
from maild.simulation.kept import Kept
from maild.simulation.year import Course, Wish, Year
from maild.store.database import open_database
from maild.store.migrate import migrate

START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday; every simulation begins there, so that two can be compared."""
SIMULATED = (
    "The line, its rules and its deadlines are real; clock, people and words are made up. No mail "
    "was read or sent."
)
_KEYS = Keys(current=0, by_id={0: bytes(32)})
_GARBAGE_THRESHOLD = 200_000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is simulated."""

    tickets: int
    days: int
    seed: int


def simulate(
    config: Path | None, size: Size, keep: Path | None, before: Path | None, *, as_json: bool
) -> None:
    """Run a simulation, show its table, and end with 1 where something does not add up.

    `keep` is a new folder for what is left (`simulation/kept.py`); `before` is what an earlier
    one said in JSON, with which this one is compared.
    """
    with typed():
        earlier = against.read(before, asdict(size)) if before else None
        folder = kept.free(keep) if keep else None
    log.configure(environment=os.environ, level=log.Level.ERROR)
    wish = Wish(start=START, days=size.days, tickets=size.tickets, seed=size.seed)
    with _house(config, folder) as known, _office(known) as opened:
        place = _kept(opened, kept.begin(folder) if folder else None)
        started = time.perf_counter()
        course, office = _run(opened, wish, place)
        seconds = round(time.perf_counter() - started, 1)
        document = _document(office, course, wish) | {"seconds": seconds}
        found = checks.all_checks(office, course)
        document["checks"] = [_told(check) for check in found]
        if earlier is not None:
            document["changes"] = against.changes(earlier, document)
        if place is not None:
            place.save(document)
    if as_json:
        out.as_document(document)
    else:
        _print(document)
    if not all(check.holds for check in found):
        raise typer.Exit(1)


@contextmanager
def _house(config: Path | None, folder: Path | None) -> Iterator[Settings]:
    """The operator's own house, or the one that is built in, which a folder keeps."""
    if config is not None:
        known = settings.load(config, environ=os.environ)
        if not known.house.agents:
            raise NotAllowed(f"{config} has no [[agent]]: nobody would answer")
        yield known
        return
    with tempfile.TemporaryDirectory(prefix="maild-simulate-") as spare:
        yield simulate_house.built_in(kept.begin(folder) if folder else Path(spare))


@contextmanager
def _office(known: Settings) -> Iterator[Office]:
    database = open_database("sqlite://")
    try:
        migrate(database)
        yield office_of(known, database, _KEYS)
    finally:
        database.close()


def _kept(office: Office, folder: Path | None) -> Kept | None:
    if folder is None:
        return None
    return Kept(folder=folder, database=office.database, zone=office.world.house.zone)


def _run(office: Office, wish: Wish, place: Kept | None) -> tuple[Course, Office]:
    """Run it; most of what it makes stays, so garbage is looked for less often."""
    before = gc.get_threshold()
    gc.set_threshold(_GARBAGE_THRESHOLD)
    year = Year(office, wish)
    try:
        return year.run(_progress(wish, place)), year.place.office
    finally:
        year.place.close()
        gc.set_threshold(*before)


def _progress(wish: Wish, place: Kept | None) -> Any:
    """On a terminal a line on stderr tells which day it is."""

    def tell(day: date) -> None:
        if place is not None:
            place.each_day(day)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{day} of {wish.days} days from {wish.start.date()} ")

    return tell


def _document(office: Office, course: Course, wish: Wish) -> Json:
    months = report.months(office.database, course)
    return {
        "began": wish.start.date().isoformat(),
        "zone": office.world.house.zone,
        "tickets": wish.tickets,
        "days": wish.days,
        "seed": wish.seed,
        "agents": len(office.world.house.agents),
        "rules": len(office.world.rules),
        "promises": len(office.world.promises),
        "ended": course.end.date().isoformat(),
        "months": [report.row(name, month) for name, month in months.items()],
        "total": report.row("total", report.whole(months.values())),
        "rules_fired": breakdown.rules(office, wish.start),
        "promises_kept": breakdown.promises(office),
        "agents_did": breakdown.agents(office),
        "deadlines": breakdown.deadlines(office),
        "settled": course.is_settled,
        "mails_in": dict(sorted(course.outcomes.items())),
        "held": dict(sorted(course.held.items())),
        "mails_out": course.mails,
        "simulated": SIMULATED,
    }


def _told(check: Check) -> Json:
    return {
        "name": check.name,
        "holds": check.holds,
        "looked_at": check.looked_at,
        "faults": len(check.faults),
        "examples": list(check.faults[: checks.EXAMPLES]),
    }


def _print(document: Json) -> None:
    columns = report.COLUMNS
    rows = [*document["months"], document["total"]]
    cells = [[name.replace("response_", "").replace("_", " ") for name in columns]]
    cells += [[out.plain(one[name]) for name in columns] for one in rows]
    widths = [max(len(line[n]) for line in cells) for n in range(len(columns))]
    for line in cells:
        out.line("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    out.line()
    out.line(
        f"{out.counted(document['agents'], 'agent')}, {out.counted(document['rules'], 'rule')}, "
        f"{out.counted(document['promises'], 'promise')}, seed {document['seed']}; "
        f"mails in: {out.plain(document['mails_in'])}; "
        f"mails written: {document['mails_out']}; deadlines: {out.plain(document['deadlines'])}; "
        f"{'settled on' if document['settled'] else 'NOT settled by'} {document['ended']}"
    )
    _print_lists(document)
    if document["held"]:
        out.line(f"held: {out.plain(document['held'])}")
    for check in document["checks"]:
        mark = "ok  " if check["holds"] else "FAIL"
        out.line(f"{mark} {check['name']}: {check['looked_at']} looked at, {check['faults']} not")
        for example in check["examples"]:
            out.line(f"       {example}")
    out.line(f"{document['simulated']} {document['seconds']} seconds.")


def _print_lists(document: Json) -> None:
    """What rules, promises and agents did, and what differs from an earlier simulation."""
    for name in ("rules_fired", "promises_kept", "agents_did", "changes"):
        rows = document.get(name)
        if rows:
            out.line()
            out.as_table(rows, tuple(rows[0]), "")
        elif rows is not None and name == "changes":
            out.line("nothing differs from the earlier simulation")
    out.line()
