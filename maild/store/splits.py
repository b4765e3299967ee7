"""Take posts of a ticket to a new one: rows move, and nothing that we sent changes its meaning."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from maild.core.decision import Taken
from maild.core.splitting import MARK
from maild.core.ticket import Post, PostKind
from maild.errors import LostRace
from maild.store import search, tables
from maild.store.database import inserted_ids
from maild.store.tables import metadata

_T = metadata.tables
_POST = _T[tables.PostRow.__tablename__]
_KEY = _T[tables.MessageKeyRow.__tablename__]
_JOURNAL = _T[tables.JournalRow.__tablename__]
_OURS = (PostKind.AGENT, PostKind.UNDONE)
_NUMBERS: BindParameter[int] = bindparam("numbers", expanding=True)
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_MAILS: BindParameter[int] = bindparam("mails", expanding=True)
_POSTS = (
    select(_POST.c.id, _POST.c.n, _POST.c.kind, _POST.c.message_id, _POST.c.journal_id)
    .where(_POST.c.ticket_id == bindparam("old"), _POST.c.n.in_(_NUMBERS))
    .order_by(_POST.c.n)
)
_MOVE = (
    update(_POST)
    .where(_POST.c.id == bindparam("post"))
    .values(ticket_id=bindparam("new"), n=bindparam("place"))
)
_MOVE_KEYS = (
    update(_KEY)
    .where(_KEY.c.ticket_id == bindparam("old"), _KEY.c.message_id.in_(_IDS))
    .values(ticket_id=bindparam("new"))
)
_MOVE_MAILS = update(_JOURNAL).where(_JOURNAL.c.id.in_(_MAILS)).values(ticket_id=bindparam("new"))


def take(connection: Connection, taken: Taken, number: int, now: datetime) -> None:
    """Move posts to the ticket of this number, and leave a note in the place of each.

    The Message-IDs of mails that came in lead to the new ticket from now on; those that we gave
    name the old one. Raises LostRace when a post is not there any more.
    """
    wanted = {"old": taken.ticket, "numbers": list(taken.posts)}
    posts = connection.execute(_POSTS, wanted).all()
    if len(posts) != len(taken.posts):
        raise LostRace(f"posts of ticket {taken.ticket} are not where they were looked up")
    moves = [{"post": one.id, "new": number, "place": n} for n, one in enumerate(posts, start=1)]
    connection.execute(_MOVE, moves)
    stubs = [_stub(taken, one.n, number, now) for one in posts]
    ids = inserted_ids(connection, _POST, [_row(taken, stub) for stub in stubs])
    search.add(connection, list(zip(ids, stubs, strict=True)), ())
    new = {"new": number}
    keys = [one.message_id for one in posts if one.message_id and one.kind not in _OURS]
    if keys:
        connection.execute(_MOVE_KEYS, {"ids": keys, "old": taken.ticket} | new)
    mails = [one.journal_id for one in posts if one.journal_id]
    if mails:
        connection.execute(_MOVE_MAILS, {"mails": mails} | new)


def _stub(taken: Taken, n: int, number: int, now: datetime) -> Post:
    words = f"{MARK}{number}"
    return Post(n=n, kind=PostKind.NOTE, author=taken.actor, at=now, text=words, reply_text=words)


def _row(taken: Taken, stub: Post) -> dict[str, object]:
    return {
        "ticket_id": taken.ticket,
        "n": stub.n,
        "kind": stub.kind,
        "author": stub.author,
        "author_name": "",
        "at": stub.at,
        "text": stub.text,
        "reply_text": stub.reply_text,
        "html": "",
        "language": "",
        "message_id": "",
        "thread_index": "",
        "trust": "",
        "journal_id": None,
    }
