"""Take a person, or whole tickets, out of the database; what stays says `core/erasure.py`.

Up to 50 tickets and 200 mails of a person go in one transaction, with all that is known about
them: a kill leaves all of it or nothing. Of who has more, tickets and mails go in pieces before
it, each ticket as a whole (`store/order.py`): a kill leaves the rest, and who has it. What the
deleted rows leave in the file is the business of `store/residue.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Table,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from maild.core import erasure, news
from maild.core.address import without_detail
from maild.core.erasure import ERASED, Person
from maild.errors import LostRace
from maild.store import blobs, journal, questions, residue, tables, traces
from maild.store.account import AutomaticRow
from maild.store.customers import CUSTOMER, ORGANISATION
from maild.store.order import Order
from maild.store.questions import QuestionRow
from maild.store.reach import AddressRow, ReturnedRow
from maild.store.surveys import SurveyRow, UnsubscribedRow, VoteRow
from maild.store.tables import metadata
from maild.store.traces import Traces, parts

ORPHAN_AGE = timedelta(hours=1)
"""A blob that no row refers to after so long is what a crash left."""
_T = metadata.tables
_META = _T[tables.Meta.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_BLOB = _T[tables.Blob.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_ATTACHMENT = _T[tables.AttachmentRow.__tablename__]
_KEY = _T[tables.MessageKeyRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_ATTEMPT = _T[tables.AttemptRow.__tablename__]
_RETURNED = _T[ReturnedRow.__tablename__]
_ADDRESS = _T[AddressRow.__tablename__]
_AUTOMATIC = _T[AutomaticRow.__tablename__]
_QUESTION = _T[QuestionRow.__tablename__]
_SURVEY = _T[SurveyRow.__tablename__]
_VOTE = _T[VoteRow.__tablename__]
_UNSUBSCRIBED = _T[UnsubscribedRow.__tablename__]
_DOOR = "erasing"
"""Row of `meta` that lets the log lose who and what (migration 0007)."""
_NO_TEXT: dict[str, object] = {
    "text": "",
    "reply_text": "",
    "html": "",
    "author_name": "",
    "message_id": "",
    "thread_index": "",
}
_FORGET = (
    update(_EVENT)
    .where(_EVENT.c.id == bindparam("row"))
    .values(actor=bindparam("who"), data=bindparam("values", type_=_EVENT.c.data.type))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much went."""

    tickets: int = 0
    posts: int = 0
    mails_in: int = 0
    mails_out: int = 0

    def plus(self, other: Erased) -> Erased:
        """Return how much went in both."""
        return Erased(
            tickets=self.tickets + other.tickets,
            posts=self.posts + other.posts,
            mails_in=self.mails_in + other.mails_in,
            mails_out=self.mails_out + other.mails_out,
        )


def part(connection: Connection, order: Order, now: datetime) -> Erased:
    """Erase tickets and mails of a person, and nothing that leads to more of theirs.

    LostRace when a ticket is another customer's by now: all is to be looked at again.
    """
    mine = order.traces.customer
    if order.remaining and (
        mine is None or not set(order.remaining) <= set(traces.own(connection, mine))
    ):
        raise LostRace("a ticket was given to somebody else meanwhile")
    _open_door(connection)
    done = _tickets_and_mails(connection, order, now)
    _audit(connection, order, done, now)
    _close_door(connection)
    residue.owe(connection)
    return done


def person(connection: Connection, order: Order, now: datetime) -> Erased:
    """Erase a person; LostRace when they wrote meanwhile, and all is to be looked at again."""
    found, who = order.traces, order.person
    mine = found.customer
    if mine is not None and traces.own(connection, mine) != found.own:
        raise LostRace("a new ticket came in meanwhile")
    _open_door(connection)
    done = _tickets_and_mails(connection, order, now)
    _elsewhere(connection, who, found)
    _scrub_journal(connection, who, found.journal)
    _about(connection, who.address)
    if mine is not None:
        _customer(connection, mine)
    _sweep(connection, now)
    total = done.plus(Erased(posts=len(found.posts)))
    _audit(connection, order, total, now)
    _close_door(connection)
    residue.owe(connection)
    return total


def aged(connection: Connection, numbers: Sequence[int], now: datetime) -> Erased:
    """Erase tickets that were kept long enough; whoever wrote on them."""
    _open_door(connection)
    insiders = traces.insiders(connection, numbers)
    done = tickets(connection, Person(address="", insiders=insiders), numbers, now)
    _close_door(connection)
    return done


def tickets(connection: Connection, who: Person, numbers: Sequence[int], now: datetime) -> Erased:
    """Make figures of tickets: no subject, text, file, mail, key or person stays on them."""
    posts = mails = out = 0
    for some in parts(numbers):
        on_them = select(_POST.c.id).where(_POST.c.ticket_id.in_(some))
        connection.execute(delete(_ATTACHMENT).where(_ATTACHMENT.c.post_id.in_(on_them)))
        posts += _authors(connection, who, some)
        connection.execute(delete(_PARTICIPANT).where(_PARTICIPANT.c.ticket_id.in_(some)))
        connection.execute(delete(_KEY).where(_KEY.c.ticket_id.in_(some)))
        _log(connection, who, select(_EVENT).where(_EVENT.c.ticket_id.in_(some)))
        mine = select(_OUTBOX.c.id).where(_OUTBOX.c.ticket_id.in_(some))
        out += _mails_out(connection, connection.execute(mine).scalars().all())
        rows = connection.execute(_journal_of(some)).scalars().all()
        mails += journal.erase(connection, rows, "erased with its ticket", now)
        for number in rows:
            questions.forget(connection, number, now)
        _surveys(connection, _SURVEY.c.ticket_id.in_(some))
        _subjects(connection, who, some, now)
    return Erased(tickets=len(numbers), posts=posts, mails_in=mails, mails_out=out)


def _tickets_and_mails(connection: Connection, order: Order, now: datetime) -> Erased:
    found = order.traces
    done = tickets(connection, order.person, found.own, now)
    out = _mails_out(connection, (*found.outbox, *order.mentions))
    reason = f"erased: {order.reference}"
    mails = journal.erase(connection, sorted({*found.mails, *order.letters}), reason, now)
    for number in found.mails:
        questions.forget(connection, number, now)
    _message_ids(connection, found)
    return done.plus(Erased(mails_in=mails, mails_out=out))


def mails_out(connection: Connection, ids: Collection[int]) -> int:
    """Delete mails of ours with their attempts; return how many."""
    return _mails_out(connection, ids)


def customer(connection: Connection, number: int) -> None:
    """Leave a customer's row without a person: nothing else of them is left."""
    address = connection.execute(
        select(CUSTOMER.c.address).where(CUSTOMER.c.id == number)
    ).scalar_one()
    connection.execute(delete(_ADDRESS).where(_ADDRESS.c.address == address.lower()))
    _customer(connection, number)


def _journal_of(numbers: Sequence[int]) -> Any:
    posted = select(_POST.c.journal_id).where(_POST.c.ticket_id.in_(numbers))
    asked = select(_QUESTION.c.journal_id).where(_QUESTION.c.ticket_id.in_(numbers))
    return select(_JOURNAL.c.id).where(
        or_(
            _JOURNAL.c.ticket_id.in_(numbers),
            _JOURNAL.c.id.in_(posted),
            _JOURNAL.c.id.in_(asked),
        ),
        _JOURNAL.c.outcome != ERASED,
    )


def _authors(connection: Connection, who: Person, numbers: Sequence[int]) -> int:
    """Empty the posts; those of agents keep their author, for figures."""
    mine = _POST.c.ticket_id.in_(numbers)
    authors = connection.execute(select(_POST.c.author).where(mine).distinct()).scalars().all()
    outside = [author for author in authors if who.is_outside(author)]
    connection.execute(update(_POST).where(mine).values(_NO_TEXT))
    connection.execute(
        update(_POST).where(mine, _POST.c.author.in_(outside)).values(author=ERASED)
    )
    return connection.execute(select(func.count()).where(mine).select_from(_POST)).scalar_one()


def _subjects(connection: Connection, who: Person, numbers: Sequence[int], now: datetime) -> None:
    rows = connection.execute(
        select(_TICKET.c.id, _TICKET.c.tags).where(_TICKET.c.id.in_(numbers))
    ).all()
    event = insert(_EVENT)
    for row in rows:
        connection.execute(
            update(_TICKET)
            .where(_TICKET.c.id == row.id)
            .values(
                subject="",
                tags=erasure.kept_tags(who, row.tags),
                version=_TICKET.c.version + 1,
                erased_at=now,
            )
        )
        line = {"ticket_id": row.id, "at": now, "kind": erasure.TICKET_ERASED, "data": {}}
        connection.execute(event, line | {"actor": "maild", "journal_id": None})


def _log(connection: Connection, who: Person, lines: Any) -> None:
    """Take people and words out of lines of the log."""
    rows = [
        {
            "row": row["id"],
            "who": erasure.kept_actor(who, row["actor"]),
            "values": erasure.kept_data(who, row["kind"], row["data"]),
        }
        for row in connection.execute(lines).mappings()
    ]
    if rows:
        connection.execute(_FORGET, rows)


def _elsewhere(connection: Connection, who: Person, found: Traces) -> None:
    """Take their words and their address out of tickets of others."""
    for some in parts(found.posts):
        mine = _POST.c.id.in_(some)
        connection.execute(delete(_ATTACHMENT).where(_ATTACHMENT.c.post_id.in_(some)))
        connection.execute(update(_POST).where(mine).values(_NO_TEXT | {"author": ERASED}))
    for some in parts(found.others):
        there = _POST.c.ticket_id.in_(some)
        texts = (_POST.c.text, _POST.c.reply_text, _POST.c.html)
        _scrub(connection, _POST, there, texts, who)
        _scrub(connection, _TICKET, _TICKET.c.id.in_(some), (_TICKET.c.subject,), who)
        connection.execute(
            delete(_PARTICIPANT).where(
                _PARTICIPANT.c.ticket_id.in_(some),
                func.lower(_PARTICIPANT.c.address) == who.address,
            )
        )
    for some in parts(found.events):
        for row in connection.execute(select(_EVENT).where(_EVENT.c.id.in_(some))).mappings():
            values = {name: erasure.without(who, value) for name, value in row["data"].items()}
            actor = ERASED if row["actor"].lower() == who.address else row["actor"]
            connection.execute(_FORGET, {"row": row["id"], "who": actor, "values": values})


def _scrub(
    connection: Connection, table: Table, where: Any, columns: Sequence[Column[str]], who: Person
) -> None:
    """Replace the address in texts of others."""
    for row in connection.execute(select(table.c.id, *columns).where(where)).mappings():
        changed = {
            column.name: erasure.without(who, row[column.name])
            for column in columns
            if erasure.names(who.address, row[column.name])
        }
        if changed:
            connection.execute(update(table).where(table.c.id == row["id"]).values(changed))


def _scrub_journal(connection: Connection, who: Person, ids: Sequence[int]) -> None:
    for some in parts(ids):
        rows = select(_JOURNAL.c.id, _JOURNAL.c.reason, _JOURNAL.c.rcpt_to)
        for row in connection.execute(rows.where(_JOURNAL.c.id.in_(some))).all():
            values = {
                "reason": erasure.without(who, row.reason),
                "rcpt_to": [erasure.without(who, one) for one in row.rcpt_to],
            }
            connection.execute(update(_JOURNAL).where(_JOURNAL.c.id == row.id).values(values))


def _mails_out(connection: Connection, ids: Collection[int]) -> int:
    gone = 0
    for some in parts(sorted(set(ids))):
        connection.execute(delete(_ATTEMPT).where(_ATTEMPT.c.outbox_id.in_(some)))
        connection.execute(delete(_RETURNED).where(_RETURNED.c.outbox_id.in_(some)))
        gone += connection.execute(delete(_OUTBOX).where(_OUTBOX.c.id.in_(some))).rowcount
    return gone


def _message_ids(connection: Connection, found: Traces) -> None:
    """Forget to which tickets their mails belong."""
    for some in parts(found.message_ids):
        connection.execute(delete(_KEY).where(_KEY.c.message_id.in_(some)))


def _about(connection: Connection, address: str) -> None:
    """Delete what is kept by address alone."""
    connection.execute(delete(_ADDRESS).where(_ADDRESS.c.address == address))
    connection.execute(delete(_UNSUBSCRIBED).where(_UNSUBSCRIBED.c.address == address))
    # Others' lines may stand under an address without its detail: they lose a day's count.
    booked = (address, without_detail(address))
    connection.execute(delete(_AUTOMATIC).where(func.lower(_AUTOMATIC.c.recipient).in_(booked)))
    connection.execute(delete(_AUTOMATIC).where(_AUTOMATIC.c.domain.in_(news.accounts(address))))
    holds = func.lower(_KEY.c.message_id).contains(address, autoescape=True)
    keys = connection.execute(select(_KEY.c.message_id).where(holds)).scalars().all()
    for some in parts([key for key in keys if _holds(key, address)]):
        connection.execute(delete(_KEY).where(_KEY.c.message_id.in_(some)))
    _surveys(connection, func.lower(_SURVEY.c.recipient) == address)


def _holds(key: str, address: str) -> bool:
    """Whether an id was made of an address, as by `DATE.ADDRESS`; a longer name is another's."""
    before, _, after = key.lower().partition(address)
    return not before[-1:].isalnum() and erasure.names(address, f"{address}{after}")


def _surveys(connection: Connection, which: Any) -> None:
    """Keep the marks, and neither whose they are nor what was said with them."""
    ids = select(_SURVEY.c.id).where(which)
    connection.execute(update(_VOTE).where(_VOTE.c.survey_id.in_(ids)).values(comment=""))
    connection.execute(update(_SURVEY).where(which).values(recipient=""))


def _customer(connection: Connection, customer: int) -> None:
    """Leave a row without a person: the segment and the language of figures."""
    _surveys(connection, _SURVEY.c.customer_id == customer)
    name = connection.execute(
        select(CUSTOMER.c.organisation).where(CUSTOMER.c.id == customer)
    ).scalar_one()
    values = {"address": f"{ERASED}-{customer}", "name": "", "account_manager": "", "notes": ""}
    if name and not _has_others(connection, name, customer):
        values["organisation"] = ""
        connection.execute(delete(ORGANISATION).where(ORGANISATION.c.name == name))
    connection.execute(
        update(CUSTOMER).where(CUSTOMER.c.id == customer).values(verified=False, **values)
    )


def _has_others(connection: Connection, organisation: str, customer: int) -> bool:
    """Whether it is more than one person: then it is a firm, and stays in figures."""
    others = select(func.count()).where(
        CUSTOMER.c.organisation == organisation, CUSTOMER.c.id != customer
    )
    return connection.execute(others).scalar_one() > 0


def _sweep(connection: Connection, now: datetime) -> None:
    """Delete bytes that a crash left without a row."""
    owners = select(_JOURNAL.c.id).where(_JOURNAL.c.blob_id == _BLOB.c.id).exists()
    lost = select(_BLOB.c.id).where(_BLOB.c.created_at < now - ORPHAN_AGE, ~owners)
    for blob_id in connection.execute(lost).scalars().all():
        blobs.erase(connection, blob_id)


def _audit(connection: Connection, order: Order, total: Erased, now: datetime) -> None:
    data = {
        "person": order.reference,
        "tickets": str(total.tickets),
        "posts": str(total.posts),
        "mails_in": str(total.mails_in),
        "mails_out": str(total.mails_out),
    }
    line = {"ticket_id": None, "at": now, "kind": erasure.PERSON_ERASED, "data": data}
    connection.execute(insert(_EVENT), line | {"actor": order.by, "journal_id": None})


def _open_door(connection: Connection) -> None:
    connection.execute(insert(_META), {"name": _DOOR, "value": ""})


def _close_door(connection: Connection) -> None:
    connection.execute(delete(_META).where(_META.c.name == _DOOR))
