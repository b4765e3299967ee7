"""The secret that signs our tokens: one file, made once, for an empty database only.

A line holds a key's number and 32 bytes in hex; the first line signs, the others still verify. The
fingerprint of the key that signs stands in `meta`, so that no node works with another secret. On
SQLite there is one machine: while no ticket is there, a new secret simply takes its place.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from sqlalchemy import Connection, func, select

from maild.core.token import Keys
from maild.errors import ConfigError, Problem
from maild.log import Event, event
from maild.store.conflict import replacing, unless_there
from maild.store.database import Database
from maild.store.precaution import sync_folder
from maild.store.tables import Meta, TicketRow, metadata

KEY_BYTES = 32
SIGNS = "secret.signs"
"""Row of the table `meta`: the fingerprint of the key that signs."""
LOST = (
    "where it is lost for good, write a new one (`1 HEX`) and forget the old one: "
    "DELETE FROM meta WHERE name = 'secret.signs'"
)
"""The way out; whoever takes it knows that answers to what the old one signed open new tickets."""
WAY_OUT = (
    "copy the secret_file of the node whose key was rotated here (mode 0600), then restart this "
    "node (a reload does not read it): until then answers to what it signed open new tickets"
)
_META = metadata.tables[Meta.__tablename__]
_NOTED = select(_META.c.value).where(_META.c.name == SIGNS)
_TICKET = metadata.tables[TicketRow.__tablename__]


def load_keys(file: Path, database: Database) -> Keys:
    """Read the secret, or make it when there is neither a file nor a ticket, nor another node's.

    Raises `ConfigError` when it is missing although tickets exist (every reply address that
    customers hold would stop working), is readable by others, is malformed, or is not the one
    that signs elsewhere on this database.
    """
    if not file.exists():
        _refuse_to_make(file, database)
        create(file)
    if file.stat().st_mode & 0o077:
        raise _problem(file, 0, f"others may read the secret: chmod 600 {file}")
    keys = parse(file, file.read_text(encoding="ascii", errors="replace"))
    _agree(file, keys, database)
    return keys


class Vigil:
    """Whether a node that works can read what the others sign by now: their key may be new."""

    def __init__(self, keys: Keys) -> None:
        """Take what this node read when it started; it reads no others while it lives."""
        self._known = frozenset(fingerprints(keys).values())
        self._told = ""

    def look(self, connection: Connection) -> None:
        """Tell once of each key that signs elsewhere and is not known here."""
        noted = _noted(connection)
        if noted and noted not in self._known and noted != self._told:
            event(Event.SECRET_CHANGED, todo=WAY_OUT)
        self._told = noted


def parse(file: Path, text: str) -> Keys:
    """Read the lines of a secret file; raises `ConfigError` with file and line."""
    keys: dict[int, bytes] = {}
    current = -1
    for n, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        number, _, value = line.strip().partition(" ")
        try:
            key_id, key = int(number), bytes.fromhex(value)
        except ValueError:
            raise _problem(file, n, "a line is a number from 0 to 255 and 64 hex digits") from None
        if not 0 <= key_id <= 255 or len(key) != KEY_BYTES or key_id in keys:  # noqa: PLR2004
            raise _problem(file, n, "a line is a new number from 0 to 255 and 64 hex digits")
        keys[key_id] = key
        current = key_id if current < 0 else current
    if not keys:
        raise _problem(file, 0, "the secret is empty")
    return Keys(current=current, by_id=keys)


def fingerprints(keys: Keys) -> dict[str, str]:
    """Return what tells keys apart and gives none away, by their numbers."""
    return {
        str(number): hmac.new(key, b"maild: which key is it", hashlib.sha256).hexdigest()[:16]
        for number, key in sorted(keys.by_id.items())
    }


def add_key(file: Path) -> int:
    """Put a new key on top, which signs from now on; the others still verify. Return its number.

    The file is replaced whole, durably. Raises `ConfigError` when no number is left.
    """
    text = file.read_text(encoding="ascii")
    used = parse(file, text).by_id
    free = [number for number in range(1, 256) if number not in used]
    if not free:
        raise _problem(file, 0, "all 255 numbers are taken: take the oldest keys out")
    number = next((one for one in free if one > max(used)), free[0])
    put(file, f"{number} {secrets.token_hex(KEY_BYTES)}\n{text}")
    return number


def put(file: Path, text: str) -> None:
    """Write a secret file whole, in the place of the one that is there, readable by us alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = _drafted(file, text)
    draft.replace(file)
    sync_folder(file.parent)


def create(file: Path) -> None:
    """Write it whole or not at all, readable by us alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = _drafted(file, f"1 {secrets.token_hex(KEY_BYTES)}\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _refuse_to_make(file: Path, database: Database) -> None:
    with database.read() as connection:
        tickets = _tickets(connection)
        noted = _noted(connection)
    if tickets:
        words = (
            f"the secret is missing, but the database holds {tickets} tickets whose reply "
            f"addresses it signed: put the file back from the backup; {LOST}"
        )
        raise _problem(file, 0, words)
    if noted and not database.is_sqlite:
        words = "the secret is missing, but this database has one: copy the file of the first node"
        raise _problem(file, 0, f"{words}; {LOST}")


def _agree(file: Path, keys: Keys, database: Database) -> None:
    """See that we know the key that signs, and note ours where it is a newer one, or the first."""
    known = fingerprints(keys)
    ours = {"name": SIGNS, "value": known[str(keys.current)]}
    with database.read() as connection:
        noted = _noted(connection)
    if not noted:
        with database.write() as connection:
            connection.execute(unless_there(connection, _META), ours)
            noted = _noted(connection)
    if noted not in known.values() and not _is_replaceable(database):
        words = (
            "this is not the secret of this database, whose tokens it could not read: "
            f"copy the file of a node that works on it, or of the backup (mode 0600); {LOST}"
        )
        raise _problem(file, 0, words)
    if noted != ours["value"]:
        with database.write() as connection:
            connection.execute(replacing(connection, _META, "name"), ours)


def _is_replaceable(database: Database) -> bool:
    """Whether nobody works with the old one, and nobody was given what it signed."""
    with database.read() as connection:
        return database.is_sqlite and not _tickets(connection)


def _tickets(connection: Connection) -> int:
    number: int = connection.execute(select(func.count()).select_from(_TICKET)).scalar_one()
    return number


def _noted(connection: Connection) -> str:
    return connection.execute(_NOTED).scalar_one_or_none() or ""


def _drafted(file: Path, text: str) -> Path:
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)  # left by a crash: in a container numbers of processes return
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return draft


def _problem(file: Path, line: int, text: str) -> ConfigError:
    return ConfigError((Problem(file=str(file), line=line, text=text),))
