"""`maild status`: how things stand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from maild import __version__
from maild.cli import show as out
from maild.cli.room import room
from maild.now import utc_now
from maild.settings import Settings
from maild.store import account, deadlines, hold, oauth, reach, whereabouts
from maild.store import status as standing
from maild.store.migrate import revision

ALIVE = timedelta(seconds=30)
"""A daemon that was not seen for so long is not running, or hangs."""
NEXT_MAX = 5
"""Deadlines that are shown."""


def status(config: Path | None, *, as_json: bool) -> None:
    """Print the numbers of rows by state."""
    with out.opened(config) as (known, database):
        with database.read() as connection:
            found = standing.standing(connection, utc_now())
            why = hold.held(connection)
            moved = whereabouts.moved(connection)
            breaker = account.breaker(connection, known.house, utc_now())
            granted = oauth.all_of(connection)
            silenced = list(reach.silenced(connection, known.house.agent_addresses))
            coming = deadlines.next_due(connection, NEXT_MAX)
        document: dict[str, Any] = {
            "version": __version__,
            "schema": revision(database),
            "moved": moved,
            "daemons": [_daemon(node) for node in found.nodes],
            "journal": found.journal,
            "outbox": found.outbox,
            "tickets": found.tickets,
            "deadlines": found.deadlines,
            "deadlines_next": [_coming(one) for one in coming],
            "mailboxes": [_mailbox(box) for box in found.mailboxes],
            "oauth": [_granted(row) for row in granted],
            "disk": _disk(known),
            "agents_suspended": silenced,
            "outbound": {"held": bool(why), "why": why},
            "automatic": {
                "stopped": breaker.is_open,
                "last_ten_minutes": breaker.mails,
                "most": breaker.most,
            },
        }
    if as_json:
        out.as_document(document)
        return
    if not any(daemon["works"] for daemon in document["daemons"]):
        out.heading("no daemon is running")
    if silenced:
        out.heading(f"sent nothing, since mail to them came back: {', '.join(silenced)}")
    if document["disk"]["mail_is_refused"]:
        out.heading("the disk is full: mail is refused until there is room")
    if why:
        out.heading(f"no mail goes out ({why}): maild outbox release")
    for key, value in document.items():
        _print(key, value)


def _daemon(node: standing.NodeState) -> dict[str, Any]:
    return {
        "name": node.name,
        "version": node.version,
        "seen_at": node.seen_at.isoformat(),
        "works": utc_now() - node.seen_at < ALIVE,
    }


def _coming(one: deadlines.Coming) -> dict[str, Any]:
    return {
        "number": one.ticket,
        "kind": one.kind,
        "due_at": one.due_at.isoformat(),
        "policy": one.policy,
    }


def _disk(known: Settings) -> dict[str, Any]:
    found = room(known)
    return {
        "free_bytes": found.free,
        "wanted_bytes": found.wanted,
        "mail_is_refused": found.is_short,
    }


def _print(key: str, value: object) -> None:
    """One line, or one for each row of a list."""
    lines = value if isinstance(value, list) and value else [value]
    for n, one in enumerate(lines):
        out.line(f"{'' if n else key:<14} {out.plain(one)}")


def _mailbox(box: standing.MailboxState) -> dict[str, Any]:
    return {
        "name": box.name,
        "last_success": box.last_success.isoformat() if box.last_success else None,
        "behind": box.behind,
        "last_error": box.last_error,
    }


def _granted(row: oauth.Granted) -> dict[str, Any]:
    return {
        "account": row.key,
        "refused": row.refusal if row.refused_at else "",
        "last_success": row.used_at.isoformat() if row.used_at else None,
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
    }
