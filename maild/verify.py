"""Is everything that is stored whole? One look at all of it, some rows at a time; read only.

Strategy: each check has one consistent view and gives its findings as it goes, so that neither
memory nor a daemon beside it is held up. What the database itself can tell is asked in
`store/sound_mail.py` and `store/sound_rows.py`; here stand the checks that compute something anew:
the bytes of mails of ours, and deadlines.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from maild.core import agenda
from maild.core.agenda import Changes
from maild.handle import Office
from maild.outbox.compose import assemble, unpack
from maild.store import deadlines, history, journal, sound_mail, sound_rows, tickets
from maild.store.database import Connection
from maild.store.finding import Finding, looked

STORED = (
    ("pages", sound_rows.pages),
    ("references", sound_rows.references),
    ("numbers", sound_rows.numbers),
    ("moves", sound_rows.moves),
    ("raw mail", sound_mail.raw_mail),
    ("blobs", sound_mail.stored_bytes),
    ("outcomes", sound_mail.outcomes),
    ("leases", sound_mail.waiting_for_ever),
    ("ledger", sound_mail.ledger),
    ("outbox", sound_mail.outbox),
    ("message keys", sound_rows.keys),
    ("log", sound_rows.log),
    ("search", sound_rows.words),
)
_NO_BYTES = (KeyError, ValueError, zlib.error)


def everything(office: Office, tell: Callable[[str], None]) -> Iterator[Finding]:
    """Give every finding of every check; `tell` hears which one begins."""
    for name, check in STORED:
        tell(name)
        yield from looked(office.database, name, partial(check, now=office.now()))
    for name, own in (("sent bytes", _sent_bytes), ("deadlines", _deadlines)):
        tell(name)
        yield from looked(office.database, name, partial(own, office=office))


def _sent_bytes(connection: Connection, office: Office) -> Iterator[Finding]:
    """The bytes of every mail of ours, put together again, are those that were fixed (I3)."""
    del office
    for some in sound_mail.sent_mails(connection):
        for row in some:
            try:
                data = assemble(
                    unpack(row.literal, row.pieces),
                    lambda journal_id: journal.raw_mail(connection, journal_id),
                )
            except _NO_BYTES as error:
                words = f"its bytes cannot be put together: {error}"
                yield Finding(check="sent-bytes", row=f"outbox {row.id}", text=words)
                continue
            if len(data) != row.size or hashlib.sha256(data).hexdigest() != row.sha256:
                words = "its bytes are not those that were fixed"
                yield Finding(check="sent-bytes", row=f"outbox {row.id}", text=words)


def _deadlines(connection: Connection, office: Office) -> Iterator[Finding]:
    """The deadlines of every open ticket are those that its log gives."""
    if sound_rows.planned(connection) not in ("", agenda.version(office.plan)):
        words = "policies or rules changed: a daemon has to compute them anew before they compare"
        yield Finding(check="deadline", row="deadlines", text=words, is_note=True)
        return
    now = office.now()
    for some in sound_rows.open_tickets(connection):
        views = tickets.views_by_number(connection, some, office.world.house, now)
        rows = deadlines.of_tickets(connection, some)
        logs = history.of_tickets(connection, some)
        for number, view in views.items():
            due = agenda.due(view.ticket, logs.get(number, ()), office.plan, now)
            changes = agenda.changes(rows.get(number, ()), due, view.ticket.priority)
            if not changes.is_nothing:
                words = f"its log gives other deadlines than are written: {_told(changes)}"
                yield Finding(check="deadline", row=f"ticket {number}", text=words)


def _told(changes: Changes) -> str:
    missing = [f"{item.kind} at {item.due_at:%F %R} is missing" for item in changes.new]
    moved = [
        f"{item.kind} is at {row.item.due_at:%F %R} instead of {item.due_at:%F %R}"
        for row, item in changes.moved
    ]
    wrong = [f"{row.item.kind} should not wait" for row in changes.cancelled]
    return "; ".join((*missing, *moved, *wrong))
