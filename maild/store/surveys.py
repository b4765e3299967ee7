"""Surveys: who was asked what, what they answered, and who wants no such mail.

A survey is written in the transaction of its mail; whoever loses its key sends none. Votes are
only added: the last one of a survey is in force. What is withheld and why stands in
`core/surveying.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlmodel import Field, SQLModel

from maild.core.survey import Given, Kind, Leaving, Survey, Via, Vote
from maild.errors import LostRace
from maild.store import tables
from maild.store.columns import BigKey, long_text, moment, one_of, reference, row_id
from maild.store.conflict import unless_there
from maild.store.prepared import Prepared
from maild.store.tables import metadata

__all__ = [
    "add",
    "address_of",
    "customer_ids",
    "hold",
    "lasts",
    "leave",
    "left",
    "listed",
    "metadata",
    "note_asked_back",
    "of",
    "return_to",
    "story",
    "unsubscribed",
    "vote",
]


class SurveyRow(SQLModel, table=True):
    """One question to one customer, that went out by mail."""

    __tablename__ = "survey"
    __table_args__ = (
        one_of("kind", Kind),
        Index("ix_survey_customer_id_sent_at", "customer_id", "sent_at"),
        tables.NEVER_AGAIN,
    )
    id: int = row_id()
    key: str = Field(unique=True)
    """`csat/TICKET` or `nps/CUSTOMER/TURN`: nobody is asked the same thing twice."""
    kind: str = Field(sa_column=Column(String(8), nullable=False))
    ticket_id: int | None = reference("ticket.id", nullable=True)
    customer_id: int = reference("customer.id", index=False)
    recipient: str
    language: str
    mailbox: str
    sent_at: dt.datetime = moment(index=True)
    expires_at: dt.datetime = moment()
    asked_back: bool = False


class VoteRow(SQLModel, table=True):
    """One vote; a changed mind is one more."""

    __tablename__ = "vote"
    __table_args__ = (one_of("via", Via), Index("ix_vote_survey_id_id", "survey_id", "id"))
    id: int = row_id()
    survey_id: int = reference("survey.id", index=False)
    at: dt.datetime = moment()
    score: int = Field(sa_column=Column(Integer, nullable=False))
    comment: str = long_text()
    via: str = Field(sa_column=Column(String(8), nullable=False))


class UnsubscribedRow(SQLModel, table=True):
    """An address that gets neither surveys nor announcements."""

    __tablename__ = "unsubscribed"
    __table_args__ = (one_of("via", Via),)
    address: str = Field(primary_key=True)
    """Lower case."""
    at: dt.datetime = moment()
    via: str = Field(sa_column=Column(String(8), nullable=False))


class PollRow(SQLModel, table=True):
    """A customer whose turn by a rule on `survey.due` was taken, asked or not."""

    __tablename__ = "poll"
    customer_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("customer.id"), primary_key=True, autoincrement=False)
    )
    rule: str = Field(primary_key=True)
    at: dt.datetime = moment()


_T = metadata.tables
_SURVEY = _T[SurveyRow.__tablename__]
_VOTE = _T[VoteRow.__tablename__]
_UNSUBSCRIBED = _T[UnsubscribedRow.__tablename__]
_CUSTOMER = _T[tables.CustomerRow.__tablename__]
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_ADDRESSES: BindParameter[str] = bindparam("addresses", expanding=True)
_OF = (
    select(_SURVEY, _CUSTOMER.c.name)
    .join(_CUSTOMER, _CUSTOMER.c.id == _SURVEY.c.customer_id)
    .where(_SURVEY.c.id.in_(_IDS))
    .order_by(_SURVEY.c.id)
)
_VOTES = select(_VOTE).where(_VOTE.c.survey_id.in_(_IDS)).order_by(_VOTE.c.id)
_COUNTS = (
    select(_VOTE.c.survey_id, func.count().label("count"))
    .where(_VOTE.c.survey_id.in_(_IDS))
    .group_by(_VOTE.c.survey_id)
)
_LOCK = (
    select(_SURVEY.c.id)
    .where(_SURVEY.c.id.in_(_IDS))
    .order_by(_SURVEY.c.id)
    .with_for_update(key_share=True)
)
_LOCK_CUSTOMERS = Prepared(
    select(_CUSTOMER.c.id)
    .where(_CUSTOMER.c.address.in_(_ADDRESSES))
    .order_by(_CUSTOMER.c.id)
    .with_for_update(key_share=True)
)
_ADD_VOTE = insert(_VOTE)
_CUSTOMERS = Prepared(
    select(_CUSTOMER.c.address, _CUSTOMER.c.id).where(_CUSTOMER.c.address.in_(_ADDRESSES))
)
_LEFT = Prepared(select(_UNSUBSCRIBED.c.address).where(_UNSUBSCRIBED.c.address.in_(_ADDRESSES)))
_LASTS = Prepared(
    select(_CUSTOMER.c.address, func.max(_SURVEY.c.sent_at))
    .join(_SURVEY, _SURVEY.c.customer_id == _CUSTOMER.c.id)
    .where(_CUSTOMER.c.address.in_(_ADDRESSES))
    .group_by(_CUSTOMER.c.address)
)


def of(connection: Connection, ids: Iterable[int]) -> Mapping[int, Survey]:
    """Return surveys by number, each with the vote in force."""
    wanted = {"ids": sorted({one for one in ids if one})}
    if not wanted["ids"]:
        return {}
    rows = connection.execute(_OF, wanted).mappings().all()
    given = _given(connection, wanted) if rows else {}
    return {row["id"]: _survey(row, given.get(row["id"])) for row in rows}


def add(connection: Connection, survey: Survey, customer: int) -> int:
    """Write a survey down, and return its number; 0 when its key is there already."""
    row = {
        "key": survey.key,
        "kind": survey.kind,
        "ticket_id": survey.ticket or None,
        "customer_id": customer,
        "recipient": survey.recipient,
        "language": survey.language,
        "mailbox": survey.mailbox,
        "sent_at": survey.sent_at,
        "expires_at": survey.expires_at,
        "asked_back": False,
    }
    mine = unless_there(connection, _SURVEY).returning(_SURVEY.c.id)
    return int(connection.execute(mine, row).scalar_one_or_none() or 0)


def vote(connection: Connection, votes: Sequence[Vote], now: dt.datetime) -> None:
    """Add votes; LostRace when somebody voted since they were decided."""
    _unchanged(connection, votes)
    rows = [
        {
            "survey_id": one.survey,
            "at": now,
            "score": one.score,
            "comment": one.comment,
            "via": one.via,
        }
        for one in votes
    ]
    if rows:
        connection.execute(_ADD_VOTE, rows)


def note_asked_back(connection: Connection, number: int) -> None:
    """Note that an answer to a survey could not be read, and that its writer was told so."""
    mine = update(_SURVEY).where(_SURVEY.c.id == number)
    connection.execute(mine.values(asked_back=True))


def leave(connection: Connection, leaving: Iterable[Leaving], now: dt.datetime) -> None:
    """Write down who wants no such mail any more; who said so before stays as they are."""
    rows = [{"address": one.address.lower(), "at": now, "via": one.via} for one in leaving]
    if rows:
        connection.execute(unless_there(connection, _UNSUBSCRIBED), rows)


def unsubscribed(connection: Connection, addresses: Iterable[str]) -> frozenset[str]:
    """Return which of these addresses want neither surveys nor announcements."""
    wanted = _addresses(addresses)
    return frozenset(_LEFT.scalars(connection, wanted)) if wanted["addresses"] else frozenset()


def hold(connection: Connection, addresses: Iterable[str]) -> None:
    """Let nobody else ask these customers before the transaction ends."""
    wanted = _addresses(addresses)
    if wanted["addresses"]:
        _LOCK_CUSTOMERS.rows(connection, wanted)


def lasts(connection: Connection, addresses: Iterable[str]) -> Mapping[str, dt.datetime]:
    """Return when customers were last asked something; no entry for who never was."""
    wanted = _addresses(addresses)
    if not wanted["addresses"]:
        return {}
    return dict(_LASTS.rows(connection, wanted))


def customer_ids(connection: Connection, addresses: Iterable[str]) -> Mapping[str, int]:
    """Return the numbers of customers by address."""
    wanted = _addresses(addresses)
    if not wanted["addresses"]:
        return {}
    return dict(_CUSTOMERS.rows(connection, wanted))


def address_of(connection: Connection, number: int) -> str:
    """Return the address of a customer; empty when there is none of this number."""
    found = connection.execute(select(_CUSTOMER.c.address).where(_CUSTOMER.c.id == number))
    return found.scalar_one_or_none() or ""


def listed(connection: Connection, *, limit: int, answered: bool) -> list[dict[str, Any]]:
    """Return surveys for people, the newest first; `limit` 0 is no limit."""
    newest = select(func.max(_VOTE.c.id)).group_by(_VOTE.c.survey_id)
    given = _SURVEY.outerjoin(
        _VOTE, and_(_VOTE.c.survey_id == _SURVEY.c.id, _VOTE.c.id.in_(newest))
    )
    columns = (_SURVEY, _VOTE.c.score, _VOTE.c.via, _VOTE.c.comment)
    statement = select(*columns).select_from(given).order_by(_SURVEY.c.id.desc())
    if answered:
        statement = statement.where(_VOTE.c.id.is_not(None))
    rows = connection.execute(statement.limit(limit) if limit else statement).mappings()
    return [
        {
            "survey": row["id"],
            "kind": row["kind"],
            "ticket": row["ticket_id"],
            "recipient": row["recipient"],
            "sent_at": row["sent_at"].isoformat(),
            "expires_at": row["expires_at"].isoformat(),
            "score": row["score"],
            "via": row["via"],
            "comment": row["comment"],
        }
        for row in rows
    ]


def story(connection: Connection, number: int) -> dict[str, Any] | None:
    """Return a survey for people, with all its votes, the first one first."""
    row = connection.execute(select(_SURVEY).where(_SURVEY.c.id == number)).mappings().first()
    if row is None:
        return None
    votes = connection.execute(_VOTES, {"ids": [number]}).mappings()
    shown = [_plain({n: one[n] for n in ("at", "score", "via", "comment")}) for one in votes]
    return _plain(row) | {"votes": shown}


def left(connection: Connection) -> list[dict[str, Any]]:
    """Return who wants neither surveys nor announcements, the newest first."""
    rows = connection.execute(select(_UNSUBSCRIBED).order_by(_UNSUBSCRIBED.c.at.desc()))
    return [_plain(row) for row in rows.mappings()]


def return_to(connection: Connection, address: str) -> bool:
    """Forget that somebody unsubscribed; tell whether they had."""
    gone = delete(_UNSUBSCRIBED).where(_UNSUBSCRIBED.c.address == address.lower())
    return connection.execute(gone).rowcount > 0


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in row.items()}


def _addresses(addresses: Iterable[str]) -> dict[str, list[str]]:
    return {"addresses": sorted({one.lower() for one in addresses if one})}


def _unchanged(connection: Connection, votes: Sequence[Vote]) -> None:
    """Let nobody else vote before the transaction ends, and see whether somebody has."""
    known = {one.survey: one.earlier for one in votes if one.earlier is not None}
    if not known:
        return
    wanted = {"ids": sorted(known)}
    connection.execute(_LOCK, wanted)
    counted = {row.survey_id: row.count for row in connection.execute(_COUNTS, wanted)}
    for number, earlier in known.items():
        if counted.get(number, 0) != earlier:
            raise LostRace(f"somebody else answered survey {number}")


def _given(connection: Connection, wanted: Mapping[str, Sequence[int]]) -> Mapping[int, Given]:
    found: dict[int, Given] = {}
    lowest: dict[int, int] = {}
    for row in connection.execute(_VOTES, wanted).mappings():
        number, score = row["survey_id"], row["score"]
        earlier = found.get(number)
        lowest[number] = min(score, lowest.get(number, score))
        found[number] = Given(
            first_at=earlier.first_at if earlier else row["at"],
            score=score,
            comment=row["comment"],
            count=earlier.count + 1 if earlier else 1,
            lowest=lowest[number],
        )
    return found


def _survey(row: RowMapping, given: Given | None) -> Survey:
    return Survey(
        id=row["id"],
        kind=Kind(row["kind"]),
        key=row["key"],
        ticket=row["ticket_id"] or 0,
        customer=row["customer_id"],
        recipient=row["recipient"],
        name=row["name"],
        language=row["language"],
        mailbox=row["mailbox"],
        sent_at=row["sent_at"],
        expires_at=row["expires_at"],
        asked_back=row["asked_back"],
        given=given,
    )
