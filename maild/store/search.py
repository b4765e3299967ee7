"""Full text search: words of posts and subjects, written with them and asked for by agents.

Strategy: `core.index` takes texts and questions apart into plain words, so that nothing of what a
person writes is ever read as a question's grammar. SQLite keeps the words in FTS5, PostgreSQL as
a tsvector; the key of a row is that of its post, and with a minus that of its ticket (subject).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    cast,
    column,
    func,
    or_,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from maild.core import index
from maild.core.house import Agent
from maild.core.index import Wanted
from maild.core.ticket import Post, State
from maild.store import tables
from maild.store.prepared import Prepared
from maild.store.tables import metadata

_T = metadata.tables
_TICKET = _T[tables.TicketRow.__tablename__]
_POST = _T[tables.PostRow.__tablename__]
_WORDS = table("search_words", column("key"), column("words"))
_ADD = {
    "sqlite": Prepared(
        text("INSERT OR REPLACE INTO search_words (rowid, words) VALUES (:key, :words)")
    ),
    "postgresql": Prepared(
        text(
            "INSERT INTO search_words (key, words) "
            "VALUES (:key, array_to_tsvector(string_to_array(:words, ' '))) "
            "ON CONFLICT (key) DO UPDATE SET words = excluded.words"
        )
    ),
}
_POSTS: BindParameter[int] = bindparam("posts", expanding=True)
_NUMBERS: BindParameter[int] = bindparam("numbers", expanding=True)
_TEXTS = select(
    _POST.c.ticket_id,
    func.substr(_POST.c.reply_text, 1, index.TEXT_CHARACTERS_MAX).label("reply_text"),
    func.substr(_POST.c.text, 1, index.TEXT_CHARACTERS_MAX).label("text"),
).where(_POST.c.id.in_(_POSTS))


def add(
    connection: Connection,
    posts: Sequence[tuple[int, Post]],
    subjects: Sequence[tuple[int, str]],
) -> None:
    """Write the words of posts (by their ids) and of subjects (by the tickets' numbers)."""
    rows = [
        (key, index.words(post.reply_text or post.text, post.author_name, post.author))
        for key, post in posts
    ]
    rows += [(-number, index.words(subject)) for number, subject in subjects]
    values = [{"key": key, "words": " ".join(words)} for key, words in rows if words]
    if values:
        _ADD[connection.dialect.name].run(connection, values)


def numbers(
    connection: Connection, wanted: Sequence[Wanted], limit: int, agent: Agent | None = None
) -> list[int]:
    """Return the tickets that have every word, the newest first and spam last.

    With an agent, only those that they may see: of the queues they work on, and their own.
    """
    if not wanted:
        return []
    dialect = connection.dialect.name
    statement = _statement(dialect, len(wanted), is_everywhere=agent is None or not agent.queues)
    values: dict[str, Any] = {"most": limit}
    values |= {f"word{n}": _question(dialect, [one]) for n, one in enumerate(wanted)}
    if agent is not None and agent.queues:
        values |= {"queues": list(agent.queues), "agent": agent.address}
    return list(connection.execute(statement, values).scalars())


def contexts(
    connection: Connection, wanted: Sequence[Wanted], tickets: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """Return where in the newest posts of tickets some of the words stand."""
    if not wanted or not tickets:
        return {}
    dialect = connection.dialect.name
    question = {"word": _question(dialect, wanted), "numbers": list(tickets)}
    by_ticket: defaultdict[int, list[int]] = defaultdict(list)
    for post, number in connection.execute(_places(dialect), question):
        by_ticket[number].append(post)
    chosen = [one for posts in by_ticket.values() for one in posts[: index.CONTEXTS_MAX]]
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in connection.execute(_TEXTS, {"posts": chosen}) if chosen else ():
        shown = index.context(row.reply_text or row.text, wanted)
        found[row.ticket_id] += [shown] if shown else []
    return {number: tuple(shown) for number, shown in found.items()}


@cache
def _statement(dialect: str, count: int, *, is_everywhere: bool) -> Select[Any]:
    """Ask for tickets that have so many words, wherever each stands."""
    statement = (
        select(_TICKET.c.id)
        .where(*(_TICKET.c.id.in_(_having(dialect, f"word{n}")) for n in range(count)))
        .order_by(_TICKET.c.state == State.SPAM, _TICKET.c.id.desc())
        .limit(bindparam("most"))
    )
    if is_everywhere:
        return statement
    queues: BindParameter[str] = bindparam("queues", expanding=True)
    return statement.where(
        or_(_TICKET.c.queue.in_(queues), _TICKET.c.assignee == bindparam("agent"))
    )


def _having(dialect: str, name: str) -> Any:
    """The tickets in which one word stands: in a post, or in the subject."""
    key, rows, holds = _hits(dialect, name)
    by_post = select(_POST.c.ticket_id).select_from(
        _POST.join(rows, and_(key == _POST.c.id, holds))
    )
    return union_all(by_post, select(-key).select_from(rows).where(key < 0, holds))


@cache
def _places(dialect: str) -> Select[Any]:
    """The posts of some tickets in which any of the words stands, the newest first."""
    key, rows, holds = _hits(dialect, "word")
    return (
        select(_POST.c.id, _POST.c.ticket_id)
        .select_from(_POST.join(rows, and_(key == _POST.c.id, holds)))
        .where(_POST.c.ticket_id.in_(_NUMBERS))
        .order_by(_POST.c.id.desc())
    )


def _hits(dialect: str, name: str) -> tuple[Any, FromClause, Any]:
    """(key, rows, condition) of what a bound question finds."""
    if dialect == "sqlite":
        rows = func.search_words(bindparam(name)).table_valued("rowid", name=f"found_{name}")
        return rows.c.rowid, rows, text("1 = 1")
    found = _WORDS.alias(f"found_{name}")
    return found.c.key, found, found.c.words.op("@@")(cast(bindparam(name), TSQUERY))


def _question(dialect: str, wanted: Sequence[Wanted]) -> str:
    """Any of these words; they hold nothing but letters and digits (`core.index`)."""
    if dialect == "sqlite":
        return " OR ".join(f'"{one.word}"{" *" if one.is_prefix else ""}' for one in wanted)
    return " | ".join(f"'{one.word}'{':*' if one.is_prefix else ''}" for one in wanted)
