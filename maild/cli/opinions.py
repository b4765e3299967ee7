"""`maild survey`: what customers were asked, what they answered, and who wants no such mail."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from maild.app import utc_now
from maild.cli import show as out
from maild.cli.place import Json, Place
from maild.core.survey import Leaving, Via
from maild.errors import NotAllowed
from maild.store import surveys
from maild.store.database import Connection

COLUMNS = ("survey", "kind", "ticket", "recipient", "sent_at", "score", "via", "comment")
LEFT = ("address", "at", "via")
survey = typer.Typer(help="What customers say of us.", no_args_is_help=True)


@survey.command("list")
def survey_list(
    answered: Annotated[bool, typer.Option("--answered", help="Only those with a vote.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many, the newest; 0 for all.")] = 50,
    json: Json = False,
) -> None:
    """List surveys with the votes in force."""
    with out.opened(Place.config) as (_, database), database.read() as connection:
        rows = surveys.listed(connection, limit=limit, answered=answered)
    _told(rows, COLUMNS, "nobody was asked", as_json=json)


@survey.command("show")
def survey_show(number: int, json: Json = False) -> None:
    """Show a survey with each vote that was given."""
    with out.opened(Place.config) as (_, database), database.read() as connection:
        found = surveys.story(connection, number)
    if found is None:
        raise NotAllowed(f"there is no survey {number}")
    if json:
        out.as_document(found)
        return
    for key, value in found.items():
        if key != "votes":
            out.line(f"{key}: {out.plain(value)}")
    out.as_table(found["votes"], ("at", "score", "via", "comment"), "nobody voted")


@survey.command("unsubscribed")
def survey_unsubscribed(json: Json = False) -> None:
    """List who wants neither surveys nor announcements."""
    with out.opened(Place.config) as (_, database), database.read() as connection:
        rows = surveys.left(connection)
    _told(rows, LEFT, "nobody unsubscribed", as_json=json)


@survey.command("unsubscribe")
def survey_unsubscribe(address: str) -> None:
    """Send an address neither surveys nor announcements any more."""
    with out.opened(Place.config) as (_, database), database.write() as connection:
        customer = _customer(connection, address)
        leaving = Leaving(address=address.lower(), customer=customer, via=Via.PAGE)
        surveys.leave(connection, [leaving], utc_now())
    out.line(f"{address} gets neither surveys nor announcements")


@survey.command("subscribe")
def survey_subscribe(address: str) -> None:
    """Send an address that unsubscribed surveys and announcements again."""
    with out.opened(Place.config) as (_, database), database.write() as connection:
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
