"""`maild ticket`: list, show, history."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maild.cli import show as out
from maild.cli.place import one_of
from maild.core import index
from maild.core.ticket import State
from maild.store import listing, search

MOST = 1_000_000
"""So many tickets a search of the operator's finds."""
COLUMNS = ("number", "state", "priority", "queue", "assignee", "customer", "subject", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets are to be listed; empty leaves none out."""

    state: str = ""
    queue: str = ""
    search: str = ""
    limit: int = 0


def list_tickets(config: Path | None, wanted: Wanted, *, as_json: bool) -> None:
    """Print tickets, newest first."""
    one_of("--state", wanted.state, tuple(State))
    with out.opened(config) as (known, database), database.read() as connection:
        rows = listing.ticket_list(
            connection,
            known.house,
            state=wanted.state,
            queue=wanted.queue,
            limit=0 if wanted.search else wanted.limit,
        )
        if wanted.search:
            words = index.wanted(wanted.search)
            found = frozenset(search.numbers(connection, words, MOST))
            rows = [row for row in rows if row["number"] in found][: wanted.limit or MOST]
    if as_json:
        out.as_document(rows)
        return
    shown = [row | {"customer": row["customer"]["address"]} for row in rows]
    out.as_table(shown, COLUMNS, "no tickets")


def show(config: Path | None, number: int, *, as_json: bool) -> None:
    """Print a ticket with its story."""
    with out.opened(config) as (known, database), database.read() as connection:
        story = listing.ticket_story(connection, known.house, number)
    if as_json:
        out.as_document(story)
        return
    print_head(story)
    for post in story["posts"]:
        _print_post(post)


def history(config: Path | None, number: int, *, as_json: bool) -> None:
    """Print the log of a ticket."""
    with out.opened(config) as (known, database), database.read() as connection:
        story = listing.ticket_story(connection, known.house, number)
    if as_json:
        out.as_document(story["events"])
        return
    out.as_table(story["events"], ("at", "kind", "actor", "data"), "nothing happened")


def print_head(story: dict[str, Any]) -> None:
    """Print what a ticket is, without its posts."""
    customer = story["customer"]
    out.heading(f"#{story['number']}  {story['subject']}")
    out.line(
        f"{story['state']} · {story['priority']} · {story['queue']} · tier {story['tier']} · "
        f"{story['assignee'] or 'nobody'}"
    )
    company = f", {customer['organisation']}" if customer["organisation"] else ""
    person = f"{customer['name']} <{customer['address']}>".lstrip()
    out.line(f"{person}{company} ({customer['segment']})")
    if story["tags"]:
        out.line(f"tags: {', '.join(story['tags'])}")
    if story["linked"]:
        out.line(f"continues #{story['linked']}")
    for due in story["deadlines"]:
        if due["state"] == "waiting":
            of = f" ({due['policy']})" if due["policy"] else ""
            out.line(f"due: {due['kind']}{of} at {due['due_at']}")


def _print_post(post: dict[str, Any]) -> None:
    out.line()
    out.heading(
        f"{post['n']}. {post['kind']}  {post['author_name'] or post['author']}  {post['at']}"
    )
    for text in (post["reply_text"] or post["text"]).splitlines():
        out.line(f"  {text}")
    for file in post["attachments"]:
        out.line(f"  [{file['name']}, {file['type']}, {out.counted(file['size'], 'byte')}]")
