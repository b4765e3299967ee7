"""Mail that came too early: for a mailbox that another daemon knows and this one does not yet.

Daemons are reloaded one by one. Mail that one of them took for a new mailbox would be taken for
the first mailbox's by another, and be answered in the wrong name. It goes back into the line for a
moment, until a daemon gets it that knows the mailbox, or this one was reloaded. When that does not
come about it is held, so that somebody hears of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from maild.core import address
from maild.core.decision import Outcome
from maild.core.house import House
from maild.core.mail import Envelope
from maild.core.reason import Reason, Why
from maild.errors import HalfTaken, TemporaryError
from maild.log import Event, event
from maild.metrics import Metric, count
from maild.store import journal, nodes
from maild.store.database import Database
from maild.store.journal import Claimed, Ending

WAIT = timedelta(seconds=10)
PATIENCE = timedelta(hours=1)
"""Mail that came longer ago waits no more: the daemons' settings differ, it seems, for good."""
_REASON = Reason(why=Why.WAITING, detail="only another node knows its mailbox: reload this one")


def put_off(
    database: Database, house: House, node: str, taken: Sequence[Claimed], now: datetime
) -> tuple[Claimed, ...]:
    """Put back what came too early for this house, or hold it after an hour; return the others.

    Raises `HalfTaken` when the database fails meanwhile: then all of it is to be put back.
    """
    strange = {one.id: frozenset(_unknown(one.envelope, house)) for one in taken}
    if not any(strange.values()):
        return tuple(taken)
    try:
        with database.read() as connection:
            known = nodes.known(connection, now)
        early = [one for one in taken if strange[one.id] & known]
        kept = [one for one in early if now - one.received_at > PATIENCE]
        ids = [one.id for one in early if one not in kept]
        if early:
            with database.write() as connection:
                journal.put_back(connection, ids, now + WAIT, node=node)
                journal.end_all(connection, [_held(one) for one in kept], now)
    except TemporaryError as error:
        raise HalfTaken(tuple(strange)) from error
    for one in early:
        place = ", ".join(sorted(strange[one.id] & known))
        if one in kept:
            count(Metric.MAIL_OUTCOMES, outcome=Outcome.HELD.value, kind="")
            count(Metric.MAIL_HELD, reason=_REASON.why)
            event(Event.MAIL_HELD, mail=one.id, place=place, why=_REASON)
        else:
            event(Event.MAIL_EARLY, mail=one.id, place=place)
    return tuple(one for one in taken if one not in early)


def _held(claimed: Claimed) -> Ending:
    return Ending(journal_id=claimed.id, outcome=Outcome.HELD, reason=str(_REASON))


def _unknown(envelope: Envelope, house: House) -> Iterator[str]:
    """Give the mailbox by name and the addresses, without tags, that are none of this house."""
    if envelope.mailbox and envelope.mailbox not in house.places.values():
        yield envelope.mailbox
    for one in envelope.rcpt_to:
        if address.recipient(one, house) is None:
            local, _, domain = one.rpartition("@")
            parts = local.split("+")
            yield from (f"{'+'.join(parts[:n])}@{domain}" for n in range(1, len(parts) + 1))
