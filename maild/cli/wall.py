"""`maild wall`: the links that open the status wall [typer]."""

from __future__ import annotations

from typing import Annotated

import typer

from maild.cli.place import Place

wall = typer.Typer(help="The status wall for the team.", no_args_is_help=True)


@wall.callback()
def _group() -> None:
    """Keep the name of the command, although there is only one."""


@wall.command("link")
def link(
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="For how long it holds.")] = 365,
    url: Annotated[
        str, typer.Option(help="How the admin address is reached; default: as it listens.")
    ] = "",
    language: Annotated[str, typer.Option(help="Of the page; default: the browser's.")] = "",
) -> None:
    """Print a link to the status wall; whoever has it sees subjects and names of agents."""
    from maild.cli import wall_link as command

    command.print_link(Place.config, days, url, language)
