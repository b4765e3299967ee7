"""The commands about surveys and who wants no such mail [typer]."""

from __future__ import annotations

from typing import Annotated

import typer

from maild.cli.place import Json, Place

survey = typer.Typer(help="What customers say of us.", no_args_is_help=True)


@survey.command("list")
def survey_list(
    answered: Annotated[bool, typer.Option("--answered", help="Only those with a vote.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many, the newest; 0 for all.")] = 50,
    json: Json = False,
) -> None:
    """List surveys with the votes in force."""
    from maild.cli import votes as command

    command.list_surveys(Place.config, limit, answered=answered, as_json=json)


@survey.command("show")
def survey_show(number: int, json: Json = False) -> None:
    """Show a survey with each vote that was given."""
    from maild.cli import votes as command

    command.show(Place.config, number, as_json=json)


@survey.command("unsubscribed")
def survey_unsubscribed(json: Json = False) -> None:
    """List who wants neither surveys nor announcements."""
    from maild.cli import votes as command

    command.list_unsubscribed(Place.config, as_json=json)


@survey.command("unsubscribe")
def survey_unsubscribe(address: str) -> None:
    """Send an address neither surveys nor announcements any more."""
    from maild.cli import votes as command

    command.unsubscribe(Place.config, address)


@survey.command("subscribe")
def survey_subscribe(address: str) -> None:
    """Send an address that unsubscribed surveys and announcements again."""
    from maild.cli import votes as command

    command.subscribe(Place.config, address)
