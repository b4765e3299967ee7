"""Whose turn it is to be asked how they find us, and what is known of them.

Customers who proved their address, or to whom somebody of us wrote; who had a ticket that moved
since their last turn; who can be reached, want such mail, and were not asked a short while ago.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, or_, select

from maild.core.house import House
from maild.core.survey import Kind
from maild.core.surveying import Candidate, Turn
from maild.core.ticket import PostKind, State
from maild.core.trust import Level
from maild.store import customers, reach, surveys, tables
from maild.store.conflict import unless_there
from maild.store.prepared import Prepared
from maild.store.tables import metadata

_T = metadata.tables
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_SURVEY = _T[surveys.SurveyRow.__tablename__]
_POLL = _T[surveys.PollRow.__tablename__]
_LEFT = _T[surveys.UnsubscribedRow.__tablename__]
_ADDRESS = _T[reach.AddressRow.__tablename__]
_PROVEN = tuple(level.label for level in Level if level >= Level.DOMAIN)

_KNOWN = or_(
    _POST.c.kind == PostKind.AGENT,
    and_(_POST.c.kind == PostKind.CUSTOMER, _POST.c.trust.in_(_PROVEN)),
)
_CONTACT = (
    select(_TICKET.c.id)
    .join(_POST, _POST.c.ticket_id == _TICKET.c.id)
    .where(
        _TICKET.c.customer_id == _CUSTOMER.c.id,
        _TICKET.c.updated_at > bindparam("since"),
        _TICKET.c.state.not_in((State.SPAM, State.NEW, State.OPEN)),
        _KNOWN,
    )
)
_TAKEN = select(_POLL.c.rule).where(
    _POLL.c.customer_id == _CUSTOMER.c.id,
    _POLL.c.rule == bindparam("rule"),
    _POLL.c.at > bindparam("taken_since"),
)
_ASKED = select(_SURVEY.c.id).where(
    _SURVEY.c.customer_id == _CUSTOMER.c.id, _SURVEY.c.sent_at > bindparam("asked_since")
)
_SUSPENDED = select(_ADDRESS.c.address).where(
    _ADDRESS.c.address == _CUSTOMER.c.address, _ADDRESS.c.suspended_at.is_not(None)
)
_WHOSE = Prepared(
    select(_CUSTOMER.c.id)
    .where(
        (_CUSTOMER.c.id % bindparam("days")).in_(bindparam("places", expanding=True)),
        exists(_CONTACT),
        ~exists(_TAKEN),
        ~exists(select(_LEFT.c.at).where(_LEFT.c.address == _CUSTOMER.c.address)),
        ~exists(_ASKED),
        ~exists(_SUSPENDED),
    )
    .order_by(_CUSTOMER.c.id)
    .limit(bindparam("most"))
)
_SENT = Prepared(
    select(func.count())
    .select_from(_SURVEY)
    .where(_SURVEY.c.kind == Kind.NPS, _SURVEY.c.sent_at > bindparam("since"))
)


def whose(connection: Connection, turn: Turn) -> Sequence[int]:
    """Return the numbers of customers whose turn it is, the oldest customers first."""
    return _WHOSE.scalars(
        connection,
        {
            "rule": turn.rule,
            "days": turn.days,
            "places": turn.places,
            "since": turn.since,
            "taken_since": turn.taken_since,
            "asked_since": turn.asked_since,
            "most": turn.most,
        },
    )


def candidate(connection: Connection, number: int, house: House) -> Candidate | None:
    """Return what is known of a customer; None when they are gone, or had no ticket."""
    newest = connection.execute(
        select(_CUSTOMER.c.address, _TICKET.c.mailbox, _TICKET.c.language)
        .join(_TICKET, _TICKET.c.customer_id == _CUSTOMER.c.id)
        .where(_CUSTOMER.c.id == number)
        .order_by(_TICKET.c.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        return None
    before = connection.execute(
        select(func.count())
        .select_from(_SURVEY)
        .where(_SURVEY.c.customer_id == number, _SURVEY.c.kind == Kind.NPS)
    ).scalar_one()
    [dossier] = customers.dossiers(connection, [newest.address])
    return Candidate(
        number=number,
        customer=customers.known(connection, [newest.address], house)[newest.address],
        dossier=dossier,
        turn=before + 1,
        mailbox=newest.mailbox,
        language=newest.language,
    )


def take(connection: Connection, number: int, rule: str, now: dt.datetime) -> None:
    """Note that a customer's turn is taken."""
    mine = and_(_POLL.c.customer_id == number, _POLL.c.rule == rule)
    connection.execute(delete(_POLL).where(mine))
    row = {"customer_id": number, "rule": rule, "at": now}
    connection.execute(unless_there(connection, _POLL), row)


def sent_since(connection: Connection, since: dt.datetime) -> int:
    """Count the surveys about no ticket that were sent since a time."""
    return int(_SENT.scalars(connection, {"since": since})[0])
