"""A backup comes back, into an empty place only, whole or not at all.

Strategy: the rows are unpacked beside, checked, brought up to this version's schema, and added in
one transaction. Four things are not as they were: what a daemon had in hand is let go; nothing
goes out until it is released, and mail of ours that was on its way is held, since it may have been
sent after the backup; numbers that stand in tokens go on behind a gap, so that a token of a ticket
that was lost opens nobody else's; and a new key signs from now on, so that a Message-ID that a
lost post had is never given to another one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.exc import IntegrityError

from maild.core.ticket import Post, PostKind
from maild.errors import InUse, NotAllowed
from maild.store import archive, hold, numbering, rows, search, secret, tables, whereabouts
from maild.store.archive import Manifest
from maild.store.database import Database, open_database
from maild.store.migrate import OLDEST, migrate, newest, revision
from maild.store.nodes import NodeRow
from maild.store.rows import Tell, Values
from maild.store.silence import unhurried
from maild.store.tables import JournalState, metadata

ALIVE = timedelta(seconds=45)
WORDS_AT_ONCE = 500
_META = metadata.tables[tables.Meta.__tablename__]
_JOURNAL = tables.JournalRow.__tablename__
_FREE = {"claimed_by": "", "claimed_until": None}
_OWN = (OLDEST, whereabouts.LIVES)
"""What `meta` says of the place itself: that of the backup's place does not come along."""
_NOT_OURS = (*_OWN, whereabouts.MOVED, secret.SIGNS, "erasing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a backup is to come back."""

    secret_file: Path
    work_dir: Path
    """Where the rows are unpacked meanwhile."""
    gap: int
    """How many numbers of tickets, mails, customers and surveys are left free."""
    is_secret_lost: bool = False
    """Go on without the keys that the backup was made with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back."""

    manifest: Manifest
    key: int
    """The number of the new key."""
    held: int
    """Mails of ours that were on their way, and are held."""


def bring_back(file: Path, database: Database, wish: Wish, now: datetime, tell: Tell) -> Restored:
    """Restore a backup; raises `NotAllowed` when it may not or cannot be, with a word to act on.

    The caller holds the locks of all roles; `InUse` tells of a node elsewhere that lives.
    """
    with _unpacked(file, wish.work_dir) as (copy, manifest, text_of_secret):
        _refuse_filled(database, now)
        _see_to_keys(manifest, text_of_secret, wish)
        migrate(database)
        tell(f"backup of {manifest.made_at}, maild {manifest.version}: whole")
        with copy.read() as source:
            _check_counts(source, manifest)
            key = secret.add_key(wish.secret_file)
            held = _fill(source, database, (manifest, wish.gap), now, tell)
    return Restored(manifest=manifest, key=key, held=held)


@contextmanager
def _unpacked(file: Path, work_dir: Path) -> Iterator[tuple[Database, Manifest, bytes]]:
    """Give the rows of a backup as a database with the tables of this version, checked."""
    work_dir.mkdir(parents=True, exist_ok=True)
    for left in work_dir.glob("restore-*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="restore-", suffix=".tmp", dir=work_dir) as name:
        place = Path(name) / archive.ROWS
        manifest, text_of_secret = archive.unpack(file, place)
        copy = open_database(f"sqlite:///{place}")
        try:
            migrate(copy, copies=False)
            if revision(copy) != newest():
                raise NotAllowed(f"{file} was made by a newer maild ({manifest.version})")
            yield copy, replace(manifest, schema=newest()), text_of_secret
        finally:
            copy.engine.dispose()


def _refuse_filled(database: Database, now: datetime) -> None:
    """A backup comes into an empty place: what is there is nobody's to overwrite."""
    if not revision(database):
        return
    node = metadata.tables[NodeRow.__tablename__]
    with database.read() as connection:
        live = connection.execute(select(node.c.name).where(node.c.seen_at > now - ALIVE))
        names = ", ".join(live.scalars())
        holds = [] if revision(database) != newest() else rows.filled(connection)
    if names:
        raise InUse(f"a daemon works on this database: {names}")
    if holds or revision(database) != newest():
        what = ", ".join(holds) or "tables of another version"
        raise NotAllowed(
            f"the database is not empty ({what}): a backup comes into an empty place; "
            "name a new one in [database] url, or put the old one aside"
        )


def _see_to_keys(manifest: Manifest, text_of_secret: bytes, wish: Wish) -> None:
    """The keys that signed what customers hold must be there; they may come with the backup."""
    place = wish.secret_file
    if text_of_secret and not place.exists():
        secret.put(place, text_of_secret.decode("ascii"))
    if not place.exists() and wish.is_secret_lost:
        secret.create(place)
    if not place.exists():
        raise NotAllowed(
            f"{place} is missing, and the backup does not hold it: put it there first. Is it lost "
            "for good, --without-secret goes on; answers to older mail open new tickets then"
        )
    found = secret.fingerprints(secret.parse(place, place.read_text(encoding="ascii")))
    absent = [n for n, mark in manifest.keys.items() if found.get(n) != mark]
    if absent and not wish.is_secret_lost:
        raise NotAllowed(
            f"{place} is not the secret of this backup (key {', '.join(absent)} is missing or "
            "another one): put the right one there, or go on with --without-secret"
        )


def _check_counts(source: Connection, manifest: Manifest) -> None:
    """Compare with the manifest what is there, where a migration has not made tables anew."""
    for table in rows.TABLES:
        wanted = manifest.counts.get(table.name)
        if wanted is None or table is _META:
            continue
        found = source.execute(select(func.count()).select_from(table)).scalar_one()
        if found != wanted:
            raise NotAllowed(f"the backup is damaged: {found} rows of {wanted} in {table.name}")


def _fill(
    source: Connection,
    database: Database,
    what: tuple[Manifest, int],
    now: datetime,
    tell: Tell,
) -> int:
    """Add everything in one transaction; return how many mails are held."""
    manifest, gap = what
    try:
        with database.write() as target:
            if rows.filled(target):
                raise NotAllowed("the database was filled meanwhile")
            unhurried(target)
            target.execute(delete(_META).where(_META.c.name.not_in(_OWN)))
            rows.copy(source, _let_go(_inserting(target)), tell)
            _index(source, target, tell)
            numbering.go_on(target, gap)
            held = hold.take_in(target, now)
            hold.hold(target, f"restored from the backup of {manifest.made_at}, {now:%F %R} UTC")
    except IntegrityError as error:
        words = f"the backup holds rows that do not fit together: {error.orig}"
        raise NotAllowed(words) from error
    return held


def _let_go(sink: rows.Sink) -> rows.Sink:
    """Let go what a daemon had in hand."""

    def let_go(table: Table, found: list[Values]) -> None:
        for row in found:
            row.update(_FREE if "claimed_until" in row else {})
            if table.name == _JOURNAL and row["state"] == JournalState.PARSING:
                row["state"] = JournalState.RECEIVED
        sink(table, found)

    return let_go


def _inserting(target: Connection) -> rows.Sink:
    add = rows.inserting(target)

    def kept(table: Table, found: list[Values]) -> None:
        left = [row for row in found if table is not _META or row["name"] not in _NOT_OURS]
        if left:
            add(table, left)

    return kept


def _index(source: Connection, target: Connection, tell: Tell) -> None:
    """Write the words of the search anew."""
    post, ticket = (metadata.tables[name] for name in ("post", "ticket"))
    done = 0
    found = source.execute(
        select(post.c.id, post.c.at, post.c.author, post.c.author_name, post.c.text)
        .add_columns(post.c.reply_text)
        .order_by(post.c.id),
        execution_options={"yield_per": WORDS_AT_ONCE},
    )
    for part in found.partitions():
        search.add(target, [(row.id, _post(row)) for row in part], [])
        done += len(part)
    subjects = source.execute(
        select(ticket.c.id, ticket.c.subject).order_by(ticket.c.id),
        execution_options={"yield_per": WORDS_AT_ONCE},
    )
    for some in subjects.partitions():
        search.add(target, [], [(row.id, row.subject) for row in some])
    tell(f"words of {done} posts written")


def _post(row: object) -> Post:
    return Post(
        n=0,
        kind=PostKind.CUSTOMER,
        author=row.author,  # type: ignore[attr-defined]
        author_name=row.author_name,  # type: ignore[attr-defined]
        at=row.at,  # type: ignore[attr-defined]
        text=row.text,  # type: ignore[attr-defined]
        reply_text=row.reply_text,  # type: ignore[attr-defined]
    )
