"""`maild export`, `maild erase`, `maild retention`: what is held about people, for how long."""

from __future__ import annotations

import getpass
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from maild import disclosure, keeping, privacy
from maild.app import Role
from maild.cli import show as out
from maild.disclosure import File
from maild.errors import InUse, MaildError, NotAllowed
from maild.furnish import office_of
from maild.now import utc_now
from maild.store import nodes, residue
from maild.store import retention as kept
from maild.store.database import Database
from maild.store.retention import Kind
from maild.store.secret import load_keys

COLUMNS = ("kind", "rows", "bytes", "oldest", "kept_for", "would_go", "would_go_bytes")
GAPS = (
    "what was deleted is overwritten, but the file is too large to be written anew beside a "
    "daemon: stop it and do this once more, so that nothing stays in gaps either"
)
_DAY = 24 * 3600


def export(config: Path | None, address: str, to: Path | None) -> None:
    """Write everything about a person into a new folder or a new zip file."""
    target = to or Path(f"export-{address.replace('/', '_')}.zip")
    if target.exists():
        raise NotAllowed(f"{target} is there already; say --to with another name")
    with out.opened(config) as (known, database):
        office = office_of(known, database, load_keys(known.secret_file, database))
        files = disclosure.export(office, address)
        written = _zip(target, files) if target.suffix == ".zip" else _folder(target, files)
    if not written:
        raise NotAllowed(f"nothing is held about {address}")
    told = out.counted(written, "file")
    out.line(f"{told} in {target}; look through {disclosure.DOCUMENT} before you send it")


def erase(config: Path | None, address: str, *, is_sure: bool) -> None:
    """Erase a person, after a question unless `is_sure`."""
    with out.opened(config) as (known, database):
        office = office_of(known, database, load_keys(known.secret_file, database))
        found = privacy.look(office, address)
        if not found.is_empty:
            out.line(
                f"{address}: {out.counted(len(found.own), 'ticket')}, "
                f"{out.counted(len(found.mails), 'mail')} in, "
                f"{out.counted(len(found.outbox), 'mail')} out, "
                f"a part in {out.counted(len(found.others), 'ticket')} of others"
            )
            if not is_sure:
                typer.confirm("Erase this for ever?", abort=True)
        with _alone(database, known.state_dir) as is_alone:
            by = f"operator:{getpass.getuser()}"
            done = privacy.erase(office, address, by, is_alone=is_alone)
        with database.read() as connection:
            is_owed = residue.is_owed(connection)
    if is_owed:
        out.line(GAPS)
    if done is None:
        out.line(f"nothing is held about {address}")
        return
    went = done.erased
    out.line(
        f"erased as {done.reference}: {out.counted(went.tickets, 'ticket')}, "
        f"{out.counted(went.posts, 'post')}, "
        f"{out.counted(went.mails_in, 'mail')} in, {out.counted(went.mails_out, 'mail')} out"
    )
    if done.letters_kept:
        letters = out.counted(done.letters_kept, "mail")
        out.line(f"{letters} of others kept, which name them, for the files in them")
    if done.in_hand:
        left = out.counted(done.in_hand, "mail")
        raise Unfinished(f"{left} still being handled or sent: do it once more then")


class Unfinished(MaildError):
    """Something is left that cannot go yet."""


@contextmanager
def _alone(database: Database, state_dir: Path) -> Iterator[bool]:
    """Tell whether no daemon works on an SQLite file; none begins before the end."""
    if not database.is_sqlite:
        yield False
        return
    with ExitStack() as locks:
        try:
            for lock in nodes.lock(state_dir, frozenset(Role)):
                locks.enter_context(lock)
        except InUse:
            yield False
        else:
            yield True


def retention(config: Path | None, *, as_json: bool) -> None:
    """Print how much there is of each kind of data, and how much would go now."""
    with out.opened(config) as (known, database):
        limits = keeping.limits(known.retention, utc_now())
        with database.read() as connection:
            rows = [_row(kept.sizes(connection, kind), kind) for kind in Kind]
            for row, kind in zip(rows, Kind, strict=True):
                before = limits.get(kind)
                going = kept.sizes(connection, kind, before) if before else None
                row["kept_for"] = _period(before)
                row["would_go"] = going.rows if going else 0
                row["would_go_bytes"] = going.size if going else 0
        whole = kept.file_size(database)
    if as_json:
        out.as_document({"kinds": rows, "database_bytes": whole})
        return
    out.as_table(rows, COLUMNS, "nothing is kept")
    out.line(f"database: {whole} bytes")


def _row(size: kept.Size, kind: Kind) -> dict[str, Any]:
    oldest = size.oldest.isoformat(timespec="seconds") if size.oldest else None
    return {"kind": kind.value, "rows": size.rows, "bytes": size.size, "oldest": oldest}


def _period(before: datetime | None) -> str:
    if before is None:
        return "for ever"
    seconds = round((utc_now() - before).total_seconds())
    return (
        out.counted(seconds // _DAY, "day") if seconds >= _DAY else out.counted(seconds, "second")
    )


def _zip(target: Path, files: Iterable[File]) -> int:
    """Write a zip file that only we may read; none where there is nothing."""
    written = 0
    draft = target.with_name(f"{target.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with (
            os.fdopen(descriptor, "wb") as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for file in files:
                archive.writestr(file.path, file.data)
                written += 1
        if written:
            draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return written


def _folder(target: Path, files: Iterable[File]) -> int:
    written = 0
    for file in files:
        place = target / file.path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.touch(mode=0o600)
        place.write_bytes(file.data)
        written += 1
    return written
