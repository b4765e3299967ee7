"""`maild survey`: what customers were asked, what they answered, and who wants no such mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maild.cli import show as out
from maild.core.survey import Leaving, Via
from maild.errors import NotAllowed
from maild.now import utc_now
from maild.store import surveys
from maild.store.database import Connection

COLUMNS = ("survey", "kind", "ticket", "recipient", "sent_at", "score", "via", "comment")
LEFT = ("address", "at", "via")


def list_surveys(config: Path | None, limit: int, *, answered: bool, as_json: bool) -> None:
    """Print surveys with the votes in force, at most `limit`, the newest; 0 for all."""
    with out.opened(config) as (_, database), database.read() as connection:
        rows = surveys.listed(connection, limit=limit, answered=answered)
    _told(rows, COLUMNS, "nobody was asked", as_json=as_json)


def show(config: Path | None, number: int, *, as_json: bool) -> None:
    """Print a survey with each vote that was given."""
    with out.opened(config) as (_, database), database.read() as connection:
        found = surveys.story(connection, number)
    if found is None:
        raise NotAllowed(f"there is no survey {number}")
    if as_json:
        out.as_document(found)
        return
    for key, value in found.items():
        if key != "votes":
            out.line(f"{key}: {out.plain(value)}")
    out.as_table(found["votes"], ("at", "score", "via", "comment"), "nobody voted")


def list_unsubscribed(config: Path | None, *, as_json: bool) -> None:
    """Print who wants neither surveys nor announcements."""
    with out.opened(config) as (_, database), database.read() as connection:
        rows = surveys.left(connection)
    _told(rows, LEFT, "nobody unsubscribed", as_json=as_json)


def unsubscribe(config: Path | None, address: str) -> None:
    """Note that an address wants neither surveys nor announcements any more."""
    with out.opened(config) as (_, database), database.write() as connection:
        customer = _customer(connection, address)
        leaving = Leaving(address=address.lower(), customer=customer, via=Via.PAGE)
        surveys.leave(connection, [leaving], utc_now())
    out.line(f"{address} gets neither surveys nor announcements")


def subscribe(config: Path | None, address: str) -> None:
    """Note that an address that unsubscribed may be asked again."""
    with out.opened(config) as (_, database), database.write() as connection:
        if not surveys.return_to(connection, address):
            raise NotAllowed(f"{address} did not unsubscribe")
    out.line(f"{address} may be asked again")


def _customer(connection: Connection, address: str) -> int:
    return surveys.customer_ids(connection, [address]).get(address.lower(), 0)


def _told(
    rows: list[dict[str, Any]], columns: tuple[str, ...], nothing: str, *, as_json: bool
) -> None:
    if as_json:
        out.as_document(rows)
    else:
        out.as_table(rows, columns, nothing)
