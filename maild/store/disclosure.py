"""What is held about a person, as a document for that person (GDPR art. 15 and 20).

| of                             | is shown                                                   |
|--------------------------------|------------------------------------------------------------|
| the person                     | everything: rows, texts, mails, marks, what came back      |
| notes and answers of the house | their texts; who of the house wrote them stays the house's |
| others on their tickets        | that somebody wrote, and when; neither who nor what        |
| tickets of others              | what the person wrote there, and nothing else              |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from maild.core import news
from maild.core.address import without_detail
from maild.core.erasure import Person, names
from maild.core.ticket import PostKind
from maild.store import tables
from maild.store.account import AutomaticRow
from maild.store.customers import CUSTOMER
from maild.store.deadlines import DeadlineRow
from maild.store.questions import QuestionRow
from maild.store.reach import AddressRow, ReturnedRow
from maild.store.surveys import SurveyRow, UnsubscribedRow, VoteRow
from maild.store.tables import metadata
from maild.store.traces import Traces, parts

Json = dict[str, Any]
HOUSE, ANOTHER = "the house", "another person"
"""Who is not named."""
_T = metadata.tables
_JOURNAL = _T[tables.JournalRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_PARTICIPANT = _T[tables.ParticipantRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_ATTACHMENT = _T[tables.AttachmentRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]
_ATTEMPT = _T[tables.AttemptRow.__tablename__]
_RETURNED = _T[ReturnedRow.__tablename__]
_ADDRESS = _T[AddressRow.__tablename__]
_AUTOMATIC = _T[AutomaticRow.__tablename__]
_DEADLINE = _T[DeadlineRow.__tablename__]
_QUESTION = _T[QuestionRow.__tablename__]
_SURVEY = _T[SurveyRow.__tablename__]
_VOTE = _T[VoteRow.__tablename__]
_UNSUBSCRIBED = _T[UnsubscribedRow.__tablename__]
_OURS = (PostKind.AGENT, PostKind.NOTE, PostKind.UNDONE, PostKind.AUTO)


def about(connection: Connection, who: Person, found: Traces) -> Json:
    """Return everything about a person; times are RFC 3339."""
    return {
        "address": who.address,
        "customer": _all(connection, CUSTOMER, CUSTOMER.c.id == found.customer),
        "tickets": [_ticket(connection, who, number) for number in found.own],
        "on_tickets_of_others": _elsewhere(connection, who, found),
        "mails_received": mails_in(connection, who),
        "mails_sent": [_sent(connection, row) for row in mails_out(connection, who)],
        "surveys": _surveys(connection, who, found),
        "unsubscribed": _all(connection, _UNSUBSCRIBED, _UNSUBSCRIBED.c.address == who.address),
        "mail_returned": _all(connection, _ADDRESS, _ADDRESS.c.address == who.address),
        "automatic_mail": [*_to(connection, who, found), *_because_of(connection, who)],
    }


def _to(connection: Connection, who: Person, found: Traces) -> list[Json]:
    """What was counted of the automatic mail that they got.

    Under an address without its detail others' mail may stand as well.
    """
    recipient = func.lower(_AUTOMATIC.c.recipient)
    exact = _all(connection, _AUTOMATIC, recipient == who.address)
    mailbox = without_detail(who.address)
    if mailbox == who.address:
        return exact
    shared = _all(connection, _AUTOMATIC, recipient == mailbox)
    return [*exact, *(line for line in shared if line["ticket"] in found.own)]


def _because_of(connection: Connection, who: Person) -> list[Json]:
    """What was counted of the news of their new tickets; who of the house got it is left out."""
    theirs = _AUTOMATIC.c.domain.in_(news.accounts(who.address))
    return _all(connection, _AUTOMATIC, theirs, leaving=("recipient",))


def mails_in(connection: Connection, who: Person) -> list[Json]:
    """Return the mails that a person sent: journal rows, oldest first."""
    sent = (func.lower(_JOURNAL.c.identity) == who.address) | (
        func.lower(_JOURNAL.c.mail_from) == who.address
    )
    return _all(connection, _JOURNAL, sent, leaving=("blob_id", "claimed_by", "claimed_until"))


def mails_out(connection: Connection, who: Person) -> list[Json]:
    """Return the mails of ours to a person, oldest first, without their bytes."""
    theirs = func.lower(_OUTBOX.c.recipient) == who.address
    leaving = ("literal", "pieces", "claimed_by", "claimed_until", "envelope_from", "dialled")
    return _all(connection, _OUTBOX, theirs, leaving=leaving)


def files(connection: Connection, who: Person) -> list[Mapping[str, Any]]:
    """Return the files of a person's posts: rows of attachments, with `journal_id`."""
    rows = (
        select(_ATTACHMENT, _POST.c.journal_id)
        .join(_POST, _POST.c.id == _ATTACHMENT.c.post_id)
        .where(func.lower(_POST.c.author) == who.address, _POST.c.journal_id.is_not(None))
        .order_by(_ATTACHMENT.c.id)
    )
    return [dict(row) for row in connection.execute(rows).mappings()]


def _ticket(connection: Connection, who: Person, number: int) -> Json:
    (row,) = _all(connection, _TICKET, _TICKET.c.id == number)
    people = _all(connection, _PARTICIPANT, _PARTICIPANT.c.ticket_id == number)
    others = [one for one in people if one["address"].lower() != who.address]
    asked = _all(connection, _QUESTION, _QUESTION.c.ticket_id == number, leaving=("shown",))
    return row | {
        "assignee": HOUSE if row["assignee"] else "",
        "others_taking_part": len(others),
        "posts": _posts(connection, who, _POST.c.ticket_id == number),
        "log": [_line(who, one) for one in _all(connection, _EVENT, _EVENT.c.ticket_id == number)],
        "deadlines": _all(connection, _DEADLINE, _DEADLINE.c.ticket_id == number),
        "answers_that_waited_for_a_yes": [one | {"agent": HOUSE} for one in asked],
    }


def _elsewhere(connection: Connection, who: Person, found: Traces) -> list[Json]:
    return [
        post
        for some in parts(found.posts)
        for post in _posts(connection, who, _POST.c.id.in_(some))
    ]


def _posts(connection: Connection, who: Person, which: Any) -> list[Json]:
    posts = []
    for row in _all(connection, _POST, which):
        names = _all(connection, _ATTACHMENT, _ATTACHMENT.c.post_id == row["id"])
        row["files"] = [
            {key: one[key] for key in ("name", "type", "size", "sha256")} for one in names
        ]
        posts.append(_shown(who, row))
    return posts


def _shown(who: Person, row: Json) -> Json:
    """A post: theirs and ours whole, of others that it is there."""
    if row["author"].lower() == who.address:
        return row
    if row["kind"] in _OURS:
        return row | {"author": HOUSE}
    kept = {key: row[key] for key in ("ticket_id", "n", "kind", "at")}
    return kept | {"author": ANOTHER}


def _line(who: Person, row: Json) -> Json:
    """A line of the log; values that name others are left out."""
    data = {
        name: value
        for name, value in row["data"].items()
        if "@" not in str(value) or names(who.address, str(value))
    }
    actor = row["actor"]
    if who.is_outside(actor):
        actor = actor if actor.lower() == who.address else ANOTHER
    elif "@" in actor:
        actor = HOUSE
    return {"at": row["at"], "kind": row["kind"], "actor": actor, "data": data}


def _sent(connection: Connection, row: Json) -> Json:
    return row | {
        "attempts": _all(connection, _ATTEMPT, _ATTEMPT.c.outbox_id == row["id"]),
        "returned": _all(connection, _RETURNED, _RETURNED.c.outbox_id == row["id"]),
    }


def _surveys(connection: Connection, who: Person, found: Traces) -> list[Json]:
    mine = (func.lower(_SURVEY.c.recipient) == who.address) | (
        _SURVEY.c.customer_id == found.customer
    )
    return [
        row | {"votes": _all(connection, _VOTE, _VOTE.c.survey_id == row["id"])}
        for row in _all(connection, _SURVEY, mine)
    ]


def _all(
    connection: Connection, table: Table, which: Any, leaving: Sequence[str] = ()
) -> list[Json]:
    """Rows as JSON writes them, in the order in which they came."""
    columns = [column for column in table.c if column.name not in leaving]
    order = list(table.primary_key.columns)
    rows = connection.execute(select(*columns).where(which).order_by(*order)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    return value
