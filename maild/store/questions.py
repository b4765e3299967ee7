"""Questions: what agents were asked to confirm, and what they answered (`core/question.py`).

An answer is written once: the row leaves `waiting` and the held mail goes through the line once
more, in one transaction. What was shown is kept only until then.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    String,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    update,
)
from sqlmodel import Field, SQLModel

from maild.core.question import (
    Answered,
    Asked,
    NamedFile,
    Question,
    QuestionState,
    Shown,
    Way,
)
from maild.core.reason import Reason, Why
from maild.errors import LostRace
from maild.store import journal
from maild.store.columns import json_value, moment, one_of, reference, row_id
from maild.store.prepared import Prepared, Record
from maild.store.tables import metadata

__all__ = ["add", "answer", "forget", "metadata", "newest", "of", "waiting"]


class QuestionRow(SQLModel, table=True):
    """One question to an agent about one held mail."""

    __tablename__ = "question"
    __table_args__ = (
        one_of("state", QuestionState),
        UniqueConstraint("journal_id", "round"),
    )
    id: int = row_id()
    journal_id: int = reference("journal.id", index=False)
    round: int
    agent: str
    ticket_id: int | None = reference("ticket.id", nullable=True)
    mailbox: str
    language: str
    digest: str = Field(sa_column=Column(String(64), nullable=False))
    shown: dict[str, Any] = json_value()
    state: str = Field(sa_column=Column(String(16), nullable=False))
    way: str = ""
    created_at: dt.datetime = moment()
    expires_at: dt.datetime = moment()
    answered_at: dt.datetime | None = moment(nullable=True)


_QUESTION = metadata.tables[QuestionRow.__tablename__]
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_OF = Prepared(
    select(_QUESTION).where(_QUESTION.c.journal_id.in_(_IDS)).order_by(_QUESTION.c.round)
)
_WAITING = select(_QUESTION).where(_QUESTION.c.state == QuestionState.WAITING)
_ADD = insert(_QUESTION)
_OVERTAKEN = (
    update(_QUESTION)
    .where(
        _QUESTION.c.journal_id == bindparam("row"),
        _QUESTION.c.round < bindparam("newest"),
        _QUESTION.c.state == QuestionState.WAITING,
    )
    .values(state=QuestionState.ANEW, shown={})
)


def of(connection: Connection, journal_ids: Sequence[int]) -> Mapping[int, tuple[Asked, ...]]:
    """Return every question about these mails, the oldest first."""
    if not journal_ids:
        return {}
    found: defaultdict[int, list[Asked]] = defaultdict(list)
    for row in _OF.mappings(connection, {"ids": sorted(set(journal_ids))}):
        found[row["journal_id"]].append(_asked(row))
    return {number: tuple(asked) for number, asked in found.items()}


def newest(connection: Connection, journal_id: int) -> Asked | None:
    """Return the newest question about a mail, or None."""
    return next(reversed(of(connection, [journal_id]).get(journal_id, ())), None)


def waiting(connection: Connection) -> Mapping[int, Question]:
    """Return the questions that nobody answered yet, by journal row."""
    rows = connection.execute(_WAITING).mappings()
    return {row["journal_id"]: _asked(row).question for row in rows}


def add(connection: Connection, question: Question, now: dt.datetime) -> None:
    """Write a question down; one that was asked before in the same words stays as it is."""
    known = newest(connection, question.journal_id)
    if known is not None and known.question.round >= question.round:
        return
    place = {"row": question.journal_id, "newest": question.round}
    connection.execute(_OVERTAKEN, place)
    connection.execute(
        _ADD,
        {
            "journal_id": question.journal_id,
            "round": question.round,
            "agent": question.agent,
            "ticket_id": question.ticket or None,
            "mailbox": question.mailbox,
            "language": question.language,
            "digest": question.digest,
            "shown": _plain(question.shown),
            "state": QuestionState.WAITING,
            "way": "",
            "created_at": now,
            "expires_at": question.expires_at,
            "answered_at": None,
        },
    )


def answer(connection: Connection, given: Answered, now: dt.datetime) -> None:
    """Write an answer down and send the held mail through the line once more.

    LostRace when somebody answered before, or when the mail is not held any more.
    """
    changed = connection.execute(
        update(_QUESTION)
        .where(
            _QUESTION.c.journal_id == given.journal_id,
            _QUESTION.c.round == given.round,
            _QUESTION.c.state == QuestionState.WAITING,
        )
        .values(state=given.state, way=given.way, shown={}, answered_at=now)
    ).rowcount
    if not changed or not journal.release(connection, given.journal_id):
        raise LostRace(f"the question about journal row {given.journal_id} is answered")


def forget(connection: Connection, journal_id: int, now: dt.datetime) -> None:
    """Close what is asked about a mail that an operator erases, and keep nothing of it."""
    waiting = _QUESTION.c.state == QuestionState.WAITING
    mine = _QUESTION.c.journal_id == journal_id
    connection.execute(
        update(_QUESTION)
        .where(mine, waiting)
        .values(state=QuestionState.DROPPED, way=Way.OPERATOR, answered_at=now)
    )
    connection.execute(update(_QUESTION).where(mine).values(shown={}))


def _asked(row: Record) -> Asked:
    question = Question(
        journal_id=row["journal_id"],
        round=row["round"],
        agent=row["agent"],
        ticket=row["ticket_id"] or 0,
        mailbox=row["mailbox"],
        language=row["language"],
        digest=row["digest"],
        expires_at=row["expires_at"],
        shown=_shown(row["shown"]),
    )
    way = Way(row["way"]) if row["way"] else None
    return Asked(question=question, state=QuestionState(row["state"]), way=way)


def _plain(shown: Shown) -> dict[str, Any]:
    return {
        "recipients": list(shown.recipients),
        "subject": shown.subject,
        "text": shown.text,
        "formatted": shown.formatted,
        "files": [[one.name, one.size] for one in shown.files],
        "files_left_out": [[one.name, one.size] for one in shown.files_left_out],
        "orders": list(shown.orders),
        "doubts": [[one.why.value, one.detail] for one in shown.doubts],
        "is_note": shown.is_note,
    }


def _shown(plain: Mapping[str, Any]) -> Shown:
    """What was kept; nothing where the question was answered."""
    if not plain:
        return Shown()
    return Shown(
        recipients=tuple(plain["recipients"]),
        subject=plain["subject"],
        text=plain["text"],
        formatted=plain["formatted"],
        files=_files(plain["files"]),
        files_left_out=_files(plain["files_left_out"]),
        orders=tuple(plain["orders"]),
        doubts=tuple(Reason(why=Why(why), detail=detail) for why, detail in plain["doubts"]),
        is_note=plain["is_note"],
    )


def _files(plain: Sequence[Sequence[Any]]) -> tuple[NamedFile, ...]:
    return tuple(NamedFile(name=name, size=size) for name, size in plain)
