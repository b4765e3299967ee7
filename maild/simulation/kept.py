"""What stays of a simulation that is kept: its database, and each month as it was told then.

FOLDER/config.toml      the house, where it is the one that is built in
FOLDER/var/maild.db     its database
FOLDER/told/2026-03.json  `maild report` of a month, read on the morning after it
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from maild.core.scorecard import By, Span, Step, Wish, spans
from maild.errors import NotAllowed
from maild.outbox import sheets
from maild.store import report, tally
from maild.store.database import Database

FILE = Path("var", "maild.db")
TOLD = "told"
SAID = "simulation.json"
STEP, BY = Step.WEEK, By.QUEUE
"""What a month is told by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A folder in which a simulation is kept."""

    folder: Path
    database: Database
    zone: str
    """In which months are told."""

    def each_day(self, day: date) -> None:
        """Tell of the month that ended with this day, if one did."""
        if (day + timedelta(days=1)).day == 1:
            place = self.folder / TOLD / f"{day:%Y-%m}.json"
            place.write_text(json.dumps(month(self.database, day, self.zone), indent=1))

    def save(self, document: sheets.Json) -> None:
        """Write the database down, in one file, and what was said of the simulation."""
        (self.folder / SAID).write_text(json.dumps(document, indent=1))
        tally.copy_to(self.database, self.folder / FILE)


def free(folder: Path) -> Path:
    """Return the whole path of a folder; NotAllowed when something is in it."""
    place = folder.resolve()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise NotAllowed(f"{place} is not empty")
    return place


def begin(place: Path) -> Path:
    """Make a free folder ready, once it is known what will be in it; NotAllowed when it cannot be.

    The built-in house is laid into it first, and so it may be ready already.
    """
    try:
        for one in (TOLD, FILE.parent):
            (place / one).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotAllowed(str(error)) from error
    return place


def month(database: Database, day: date, zone: str) -> sheets.Json:
    """Return the report of the month that holds a day, as one document."""
    place, first = ZoneInfo(zone), day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    start, end = (datetime.combine(one, time(), place).astimezone(UTC) for one in (first, after))
    whole = Span(start=start, end=end)
    wish = Wish(whole=whole, spans=spans(whole, STEP, zone), by=BY)
    with database.read() as connection:
        return sheets.document(report.read(connection, wish), STEP, zone)
