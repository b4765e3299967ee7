"""The commands about people: agents, customers and organisations [typer]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maild.cli.place import Json, Place

agent = typer.Typer(help="Who works here, and who is away.", no_args_is_help=True)
customer = typer.Typer(help="Who customers are to us.", no_args_is_help=True)
organisation = typer.Typer(help="Customers' companies.", no_args_is_help=True)


@agent.command("list")
def agent_list(json: Json = False) -> None:
    """List agents with what they have in hand, and who is away."""
    from maild.cli import agents as command

    command.list_agents(Place.config, as_json=json)


@agent.command("away")
def agent_away(
    address: str,
    until: Annotated[str, typer.Option(help="As agents write it: 2026-11-24 9:00, monday.")] = "",
) -> None:
    """Give an agent no new tickets, until a time or until they are back."""
    from maild.cli import agents as command

    command.be_away(Place.config, address, until)


@agent.command("back")
def agent_back(address: str) -> None:
    """Say that an agent is here again."""
    from maild.cli import agents as command

    command.be_back(Place.config, address)


@agent.command("handover")
def agent_handover(
    of: Annotated[str, typer.Argument(metavar="FROM", help="Whose tickets.")],
    to: Annotated[str, typer.Argument(help="Who gets them; default: whoever can.")] = "",
    json: Json = False,
) -> None:
    """Give the open tickets of an agent who is away, or has left, to others."""
    from maild.cli import handover as command

    command.hand_over(Place.config, of, to, as_json=json)


@customer.command("import")
def customer_import(
    file: Annotated[Path, typer.Argument(help="CSV; its first line names the columns.")],
    partial: Annotated[bool, typer.Option("--partial", help="Take the good lines.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    json: Json = False,
) -> None:
    """Take a list of customers: all or nothing, every bad line named; again changes nothing."""
    from maild.cli import customers as command

    command.take_list(Place.config, file, partial=partial, dry_run=dry_run, as_json=json)


@customer.command("list")
def customer_list(
    of: Annotated[str, typer.Option("--organisation", help="Only of this one.")] = "",
    segment: Annotated[str, typer.Option(help="Only this segment.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many; 0 for all.")] = 0,
    json: Json = False,
) -> None:
    """List customers by address."""
    from maild.cli import customers as command

    command.list_customers(Place.config, of, segment, limit, as_json=json)


@customer.command("show")
def customer_show(address: str, json: Json = False) -> None:
    """Show what is known of a customer, with their last tickets."""
    from maild.cli import customers as command

    command.show(Place.config, address, as_json=json)


@customer.command("set")
def customer_set(
    address: str,
    changes: Annotated[list[str], typer.Argument(help="key=value: segment, notes, ...")],
) -> None:
    """Change a customer: name, organisation, segment, language, account_manager, notes."""
    from maild.cli import customers as command

    command.change(Place.config, address, changes)


@organisation.command("list")
def organisation_list(json: Json = False) -> None:
    """List organisations, of config.toml and of imports."""
    from maild.cli import customers as command

    command.list_organisations(Place.config, as_json=json)
