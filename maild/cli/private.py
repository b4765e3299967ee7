"""The commands about what is held about people [typer]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maild.cli.place import Json, Place


def add(app: typer.Typer) -> None:
    """Give an application these commands."""
    app.command("export")(_export)
    app.command("erase")(_erase)
    app.command("retention")(_retention)


def _export(
    address: str,
    to: Annotated[
        Path | None,
        typer.Option(help="A new folder, or a new FILE.zip; default: export-ADDRESS.zip here."),
    ] = None,
) -> None:
    """Write everything about a person: a document, their mails and ours to them, their files."""
    from maild.cli import privacy as command

    command.export(Place.config, address, to)


def _erase(
    address: str, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Erase a person: nothing that they wrote or are called stays, figures do."""
    from maild.cli import privacy as command

    command.erase(Place.config, address, is_sure=yes)


def _retention(json: Json = False) -> None:
    """Say how much there is of each kind of data, for how long it is kept, what would go now."""
    from maild.cli import privacy as command

    command.retention(Place.config, as_json=json)
