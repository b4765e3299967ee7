"""Do the rows hold together? Pages, references, numbers, keys of mails, words of the search.

Each function is one check: it takes a consistent view and the present, and gives its findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, column, func, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from maild.core import index
from maild.core.decision import ReplyKind
from maild.core.ticket import State
from maild.store import tables, whereabouts
from maild.store.finding import Finding, batches
from maild.store.rows import TABLES
from maild.store.tables import metadata

OVER = (State.CLOSED, State.MERGED, State.SPAM)
SHOWN = 20
"""Of one kind of broken reference; the number of the others is told."""
_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_KEY = _T[tables.MessageKeyRow.__tablename__]
_EVENT = _T[tables.EventRow.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_META = _T[tables.Meta.__tablename__]
_OUTBOX = _T[tables.OutboxRow.__tablename__]


def pages(connection: Connection, now: datetime) -> Iterator[Finding]:
    """SQLite's own look at every page and index; PostgreSQL looks after its pages itself."""
    del now
    if connection.dialect.name != "sqlite":
        return
    for line in connection.exec_driver_sql("PRAGMA integrity_check(100)").scalars():
        if line != "ok":
            yield Finding(check="pages", row="database", text=line.replace("\n", " "))


def references(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Whatever a row refers to is there."""
    del now
    for child in TABLES:
        for key in sorted(child.foreign_keys, key=lambda one: one.parent.name):
            yield from _dangling(connection, child, key.parent.name, key.column.table)
    for child in (_JOURNAL, _OUTBOX):
        yield from _dangling(connection, child, "post_id", _POST)


def numbers(connection: Connection, now: datetime) -> Iterator[Finding]:
    """The next number of each table is one that nobody has had."""
    del now
    for one in TABLES:
        if one.primary_key.columns.keys() != ["id"]:
            continue
        last = connection.execute(select(func.max(one.c.id))).scalar_one() or 0
        given = _given(connection, one)
        if given is not None and given < last:
            words = f"would give number {given + 1} again: {last} is taken"
            yield Finding(check="numbers", row=one.name, text=words)


def moves(connection: Connection, now: datetime) -> Iterator[Finding]:
    """What was lost when the database moved is nowhere to be seen, so that the move is told."""
    del now
    words = whereabouts.moved(connection)
    if words:
        words += "; what was stored last before it may be missing"
        yield Finding(check="moves", row="database", text=words, is_note=True)


def keys(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Every Message-ID on a ticket leads to a ticket, so that answers find it."""
    del now
    lost = _KEY.c.ticket_id.is_(None)
    posts = select(_POST.c.id, _POST.c.message_id)
    posts = posts.join_from(_POST, _TICKET, _TICKET.c.id == _POST.c.ticket_id)
    posts = posts.outerjoin(_KEY, _KEY.c.message_id == _POST.c.message_id)
    posts = posts.where(_POST.c.message_id != "", lost, _TICKET.c.erased_at.is_(None))
    ours = select(_OUTBOX.c.id, _OUTBOX.c.message_id)
    ours = ours.join_from(_OUTBOX, _TICKET, _TICKET.c.id == _OUTBOX.c.ticket_id)
    ours = ours.outerjoin(_KEY, _KEY.c.message_id == _OUTBOX.c.message_id)
    ours = ours.where(_OUTBOX.c.kind != ReplyKind.PAGE, lost, _TICKET.c.erased_at.is_(None))
    for name, found in (("post", posts), ("outbox", ours)):
        for some in batches(connection, found.order_by("id")):
            for row in some:
                words = f"its Message-ID {row.message_id} leads nowhere"
                yield Finding(check="message-key", row=f"{name} {row.id}", text=words)


def log(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Every ticket has a log, and no post of the future."""
    told = select(_EVENT.c.ticket_id).where(_EVENT.c.ticket_id == _TICKET.c.id).exists()
    for row in connection.execute(select(_TICKET.c.id).where(~told).order_by(_TICKET.c.id)):
        yield Finding(check="log", row=f"ticket {row.id}", text="has no line in the log")
    early = select(_EVENT.c.id, _EVENT.c.at).where(_EVENT.c.at > now + (now - now).resolution)
    for row in connection.execute(early.order_by(_EVENT.c.id).limit(SHOWN)):
        words = f"is of the future ({row.at.isoformat()}): was the clock set back?"
        yield Finding(check="log", row=f"event {row.id}", text=words, is_note=True)


def words(connection: Connection, now: datetime) -> Iterator[Finding]:
    """The search finds each text by its words, and nothing else."""
    del now
    posts = select(_POST.c.id, _POST.c.text, _POST.c.reply_text, _POST.c.author)
    posts = posts.add_columns(_POST.c.author_name, _TICKET.c.erased_at)
    posts = posts.join_from(_POST, _TICKET, _TICKET.c.id == _POST.c.ticket_id)
    for some in batches(connection, posts.order_by(_POST.c.id)):
        stored = _stored_words(connection, [row.id for row in some])
        for row in some:
            wanted = index.words(row.reply_text or row.text, row.author_name, row.author)
            yield from _compared(f"post {row.id}", wanted, stored.get(row.id), row)
    subjects = select(_TICKET.c.id, _TICKET.c.subject, _TICKET.c.erased_at)
    for some in batches(connection, subjects.order_by(_TICKET.c.id)):
        stored = _stored_words(connection, [-row.id for row in some])
        for row in some:
            wanted = index.words(row.subject)
            yield from _compared(f"ticket {row.id}", wanted, stored.get(-row.id), row)


def open_tickets(connection: Connection) -> Iterator[list[int]]:
    """Give the numbers of the tickets on which something may be due, some at a time."""
    rows = select(_TICKET.c.id).where(_TICKET.c.state.not_in(OVER), _TICKET.c.erased_at.is_(None))
    for some in batches(connection, rows.order_by(_TICKET.c.id)):
        yield [row.id for row in some]


def planned(connection: Connection) -> str:
    """Return by which policies and rules the deadlines were computed last; empty for none."""
    rows = select(_META.c.value).where(_META.c.name == "deadlines.planned")
    return connection.execute(rows).scalar_one_or_none() or ""


def _dangling(connection: Connection, child: Table, name: str, parent: Table) -> Iterator[Finding]:
    over = parent.alias("over")
    (own,) = parent.primary_key.columns
    lost = child.c[name].is_not(None) & over.c[own.name].is_(None)
    joined = child.outerjoin(over, over.c[own.name] == child.c[name])
    shown = list(child.primary_key.columns)
    rows = connection.execute(
        select(*shown, child.c[name].label("to_what")).select_from(joined).where(lost).limit(SHOWN)
    ).all()
    for row in rows:
        number = "/".join(str(part) for part in row[:-1])
        text_of_it = f"refers to {parent.name} {row.to_what}, which is not there"
        yield Finding(check="reference", row=f"{child.name} {number}", text=text_of_it)


def _given(connection: Connection, one: Table) -> int | None:
    """Return the last number that a table gave; None where the database looks for itself."""
    if connection.dialect.name == "sqlite":
        return connection.execute(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": one.name}
        ).scalar_one_or_none()
    name = connection.execute(
        text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": one.name}
    ).scalar_one()
    if name is None:
        return None
    schema, _, sequence = name.partition(".")
    last: int | None = connection.execute(
        text(
            "SELECT coalesce(last_value, 0) FROM pg_sequences "
            "WHERE schemaname = :schema AND sequencename = :sequence"
        ),
        {"schema": schema.strip('"'), "sequence": sequence.strip('"')},
    ).scalar_one()
    return last


def _stored_words(connection: Connection, wanted: Sequence[int]) -> dict[int, frozenset[str]]:
    if connection.dialect.name == "sqlite":
        stored = table("search_words", column("rowid"), column("words"))
        rows = select(stored.c.rowid, stored.c.words).where(stored.c.rowid.in_(wanted))
        return {key: frozenset(found.split()) for key, found in connection.execute(rows)}
    vector = table("search_words", column("key"), column("words"))
    as_list = func.tsvector_to_array(vector.c.words, type_=ARRAY(TEXT))
    listed = select(vector.c.key, as_list).where(vector.c.key.in_(wanted))
    return {key: frozenset(found) for key, found in connection.execute(listed)}


def _compared(
    name: str, wanted: Sequence[str], stored: frozenset[str] | None, row: Row[Any]
) -> Iterator[Finding]:
    """Who was erased is not found any more; else what is stored must be what is wanted."""
    if frozenset(wanted) == (stored or frozenset()) or (stored is None and row.erased_at):
        return
    told = "are missing" if stored is None else "are others than those of its text"
    yield Finding(check="search", row=name, text=f"its words in the search {told}")
