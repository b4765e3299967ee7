"""A copy of an SQLite file beside it, made before its tables change; a few of them are kept.

PostgreSQL is copied by its operator (`maild backup`). The caller holds the write lock, so that the
copy is what the migration finds.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from maild.errors import DiskFull
from maild.store.database import Database

KEPT = 3


def copy(database: Database, revision: str, now: datetime) -> Path | None:
    """Write `FILE.before-REVISION-TIME` (mode 0600), durably; None where there is no file.

    `revision` is that of the tables in it, `now` aware UTC. Raises `DiskFull` or another
    `TemporaryError` when it cannot be written; then nothing is to be changed.
    """
    place = database.file
    if place is None:
        return None
    name = f"{place.name}.before-{revision}-{now:%Y%m%dT%H%M%S%fZ}"
    target, draft = place.with_name(name), place.with_name(f"{name}.new")
    try:
        _write(place, draft)
        draft.replace(target)
        sync_folder(place.parent)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise DiskFull(f"no copy of {place} could be made before the upgrade: {error}") from error
    for old in sorted(place.parent.glob(f"{place.name}.before-*Z"), key=_time_of)[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(place: Path, draft: Path) -> None:
    draft.touch(mode=0o600)
    with (
        closing(sqlite3.connect(place)) as source,
        closing(sqlite3.connect(draft)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())


def _time_of(copy_of_it: Path) -> str:
    return copy_of_it.name.rpartition("-")[2]
