"""The ledger: which mail of which IMAP folder is in the journal, or was passed over, and why.

A mail is known by (mailbox, folder, UIDVALIDITY, UID) (RFC 9051 §2.3.1.1). `Journal.append`
writes the entry in the transaction that makes the mail durable. The entry is finished once the
server confirmed the flag, the move or the deletion; what a crash left unfinished is done again.
When a server numbers its mails anew, a mail is known again by the SHA-256 of its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from maild.store.database import Database
from maild.store.tables import LedgerRow, MailboxRow, metadata

_LEDGER = metadata.tables[LedgerRow.__tablename__]
_MAILBOX = metadata.tables[MailboxRow.__tablename__]
_ERROR_CHARACTERS_MAX = 500
_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder of a mailbox, in the numbering it has now."""

    mailbox: str
    folder: str
    uidvalidity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The SHA-256 (hex) of the mail with this UID."""

    uid: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxState:
    """What is known of a mailbox between two connections."""

    name: str
    folder: str
    uidvalidity: int
    """0 as long as there was no connection."""
    first_uid: int
    """UIDs below this were there before us and are left alone."""
    last_success: datetime | None
    last_error: str
    behind: int
    """How many mails on the server were seen and not yet taken, at least."""


class Ledger:
    """The entries of all mailboxes; safe for many threads, each method is one transaction."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Keep entries in `database`, with times told by `now` (aware UTC)."""
        self._database = database
        self._now = now

    def state(self, mailbox: str) -> MailboxState | None:
        """Return what is known of a mailbox, or None when it was never tried."""
        with self._database.read() as connection:
            found = connection.execute(select(_MAILBOX).where(_MAILBOX.c.name == mailbox))
            row = found.mappings().one_or_none()
        return MailboxState(**row) if row else None

    def states(self) -> tuple[MailboxState, ...]:
        """Return what is known of every mailbox, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(_MAILBOX).order_by(_MAILBOX.c.name)).mappings().all()
        return tuple(MailboxState(**row) for row in rows)

    def begin(self, place: Place, first_uid: int, left_alone: Sequence[int], reason: str) -> None:
        """Set from which UID on mails are ours, and which later ones are not, in one step."""
        with self._database.write() as connection:
            _keep(
                connection,
                place.mailbox,
                folder=place.folder,
                uidvalidity=place.uidvalidity,
                first_uid=first_uid,
            )
            known = _known(connection, place, left_alone)
            rows = [
                _entry(place, uid, passed_over=reason, at=self._now())
                for uid in left_alone
                if uid not in known
            ]
            if rows:
                connection.execute(insert(_LEDGER), rows)

    def oldest(self, mailbox: str) -> datetime | None:
        """Return when the first mail of a mailbox was entered, or None."""
        with self._database.read() as connection:
            moment: datetime | None = connection.execute(
                select(func.min(_LEDGER.c.at)).where(
                    _LEDGER.c.mailbox == mailbox, _LEDGER.c.journal_id.is_not(None)
                )
            ).scalar_one()
        return moment

    def known(self, place: Place, uids: Sequence[int]) -> frozenset[int]:
        """Return which of these UIDs have an entry."""
        with self._database.read() as connection:
            return _known(connection, place, uids)

    def recognise(self, place: Place, digests: Sequence[Digest]) -> frozenset[int]:
        """Enter the mails whose bytes this mailbox gave us before; return their UIDs.

        No second journal row comes of them: the new entry points to the one that is there.
        """
        with self._database.read() as connection:
            ids = _journalled(connection, place.mailbox, [item.sha256 for item in digests])
        again = [item for item in digests if item.sha256 in ids]
        if not again:
            return frozenset()
        with self._database.write() as connection:
            entered = _known(connection, place, [item.uid for item in again])
            rows = [
                _entry(
                    place,
                    item.uid,
                    journal_id=ids[item.sha256],
                    sha256=item.sha256,
                    at=self._now(),
                )
                for item in again
                if item.uid not in entered
            ]
            if rows:
                connection.execute(insert(_LEDGER), rows)
        return frozenset(item.uid for item in again)

    def pass_over(self, place: Place, uid: int, reason: str) -> None:
        """Enter a mail that is left on the server, with the reason."""
        with self._database.write() as connection:
            if not _known(connection, place, [uid]):
                row = _entry(place, uid, passed_over=reason, at=self._now())
                connection.execute(insert(_LEDGER).values(row))

    def unfinished(self, place: Place, limit: int) -> tuple[int, ...]:
        """Return UIDs that are in the journal, and not yet flagged, moved or deleted."""
        with self._database.read() as connection:
            return tuple(
                connection.execute(
                    select(_LEDGER.c.uid)
                    .where(
                        _here(place),
                        _LEDGER.c.after_done.is_(False),
                        _LEDGER.c.journal_id.is_not(None),
                    )
                    .order_by(_LEDGER.c.uid)
                    .limit(limit)
                ).scalars()
            )

    def confirm(self, place: Place, uids: Sequence[int]) -> None:
        """Note that the server confirmed the flag, the move or the deletion of these."""
        with self._database.write() as connection:
            for part in _parts(uids):
                connection.execute(
                    update(_LEDGER)
                    .where(_here(place), _LEDGER.c.uid.in_(part))
                    .values(after_done=True)
                )

    def note_success(self, mailbox: str, behind: int, complaint: str) -> None:
        """Note that the folder was looked through; `complaint` is what did not work in it."""
        with self._database.write() as connection:
            _keep(
                connection,
                mailbox,
                last_success=self._now(),
                behind=behind,
                last_error=complaint[:_ERROR_CHARACTERS_MAX],
            )

    def note_behind(self, mailbox: str, behind: int) -> None:
        """Note how many mails are still to be taken."""
        with self._database.write() as connection:
            _keep(connection, mailbox, behind=behind)

    def note_error(self, mailbox: str, error: str) -> None:
        """Note why a mailbox cannot be read now."""
        with self._database.write() as connection:
            _keep(connection, mailbox, last_error=error[:_ERROR_CHARACTERS_MAX])


def _keep(connection: Connection, mailbox: str, **values: object) -> None:
    """Change the mailbox's row, or make it."""
    changed = connection.execute(
        update(_MAILBOX).where(_MAILBOX.c.name == mailbox).values(**values)
    )
    if not changed.rowcount:
        empty = {"folder": "", "uidvalidity": 0, "first_uid": 0, "last_error": "", "behind": 0}
        connection.execute(insert(_MAILBOX).values(name=mailbox, **(empty | values)))


def _entry(  # noqa: PLR0913 - one parameter a column, by name
    place: Place,
    uid: int,
    *,
    at: datetime,
    journal_id: int | None = None,
    sha256: str = "",
    passed_over: str = "",
) -> dict[str, object]:
    return {
        "mailbox": place.mailbox,
        "folder": place.folder,
        "uidvalidity": place.uidvalidity,
        "uid": uid,
        "journal_id": journal_id,
        "sha256": sha256,
        "after_done": False,
        "passed_over": passed_over,
        "at": at,
    }


def _here(place: Place) -> ColumnElement[bool]:
    return and_(
        _LEDGER.c.mailbox == place.mailbox,
        _LEDGER.c.folder == place.folder,
        _LEDGER.c.uidvalidity == place.uidvalidity,
    )


def _known(connection: Connection, place: Place, uids: Sequence[int]) -> frozenset[int]:
    found: set[int] = set()
    for part in _parts(uids):
        found.update(
            connection.execute(
                select(_LEDGER.c.uid).where(_here(place), _LEDGER.c.uid.in_(part))
            ).scalars()
        )
    return frozenset(found)


def _journalled(connection: Connection, mailbox: str, digests: Sequence[str]) -> dict[str, int]:
    """The first journal row that each SHA-256 has in this mailbox."""
    ids: dict[str, int] = {}
    for start in range(0, len(digests), _IDS_AT_ONCE):
        rows = connection.execute(
            select(_LEDGER.c.sha256, func.min(_LEDGER.c.journal_id))
            .where(
                _LEDGER.c.mailbox == mailbox,
                _LEDGER.c.sha256.in_(digests[start : start + _IDS_AT_ONCE]),
                _LEDGER.c.journal_id.is_not(None),
            )
            .group_by(_LEDGER.c.sha256)
        )
        ids.update((digest, journal_id) for digest, journal_id in rows.all())
    return ids


def _parts(uids: Sequence[int]) -> list[Sequence[int]]:
    return [uids[start : start + _IDS_AT_ONCE] for start in range(0, len(uids), _IDS_AT_ONCE)]
