"""`maild backup` and `maild restore`: the whole house in one file, and back again."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from maild import settings
from maild.app import Role
from maild.cli import show as out
from maild.now import utc_now
from maild.store import backup as making
from maild.store import nodes, restore
from maild.store.database import open_database
from maild.store.secret import load_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a backup is to come back, as the operator said it."""

    gap: int
    is_secret_lost: bool


def backup(config: Path | None, file: Path, *, with_secret: bool) -> None:
    """Write a backup of this moment, while the daemon works."""
    begun = time.monotonic()
    with out.opened(config) as (known, database):
        keys = load_keys(known.secret_file, database)
        about = making.About(
            house=known.house.name,
            keys=keys,
            secret=known.secret_file.read_bytes() if with_secret else b"",
        )
        made = making.make(database, file, about, utc_now(), _tell)
    words = "with the secret" if with_secret else f"without the secret ({known.secret_file})"
    out.line(
        f"{file}: {out.counted(sum(made.counts.values()), 'row')}, "
        f"{file.stat().st_size} bytes, {words}, "
        f"in {time.monotonic() - begun:.1f} s"
    )


def restore_from(config: Path | None, file: Path, wish: Wish) -> None:
    """Bring a backup back into an empty place; nothing goes out until it is released."""
    begun = time.monotonic()
    known = settings.load(config, environ=out.environment())
    locks = nodes.lock(known.state_dir, frozenset(Role))
    database = open_database(known.database_url)
    try:
        done = restore.bring_back(
            file,
            database,
            restore.Wish(
                secret_file=known.secret_file,
                work_dir=known.state_dir,
                gap=wish.gap,
                is_secret_lost=wish.is_secret_lost,
            ),
            utc_now(),
            _tell,
        )
    finally:
        database.close()
        for lock in locks:
            lock.close()
    rows = out.counted(sum(done.manifest.counts.values()), "row")
    out.line(f"{rows} of {done.manifest.made_at} in {time.monotonic() - begun:.1f} s")
    out.line(f"{known.secret_file} has a new key (number {done.key}): take it into your backups")
    held = out.counted(done.held, "mail")
    out.line(f"{held} on the way then, now held; nothing else goes out")
    out.line("next: maild verify; start the daemon; look at maild outbox list; then")
    out.line("      maild outbox release [--resend] [--send-new]")


def _tell(words: str) -> None:
    sys.stderr.write(f"maild: {words}\n")
    sys.stderr.flush()
