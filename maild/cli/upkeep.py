"""The commands that keep a house whole: check, backup, restore, verify [typer]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maild.cli.place import Json, Place

commands = typer.Typer()


@commands.command()
def check(
    online: Annotated[
        bool, typer.Option("--online", help="Also ask DNS, relays, IMAP servers and providers.")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="With --online: also send a mail to ourselves.")
    ] = False,
    dkim: Annotated[
        list[str] | None, typer.Option(help="With --online: a selector that the relay signs with.")
    ] = None,
    json: Json = False,
) -> None:
    """Check settings, rules and templates; say every problem with file and line."""
    from maild.cli import check as command

    selectors = tuple(dkim or ())
    wish = command.Wish(online=online, probe=probe, selectors=selectors, as_json=json)
    command.check(Place.config, wish)


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; replaced when it is whole.")],
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="The secret as well: guard the file like it.")
    ] = False,
) -> None:
    """Write the whole house into one file, while the daemon works."""
    from maild.cli import backup as command

    command.backup(Place.config, file, with_secret=with_secret)


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A backup.")],
    gap: Annotated[
        int, typer.Option(min=0, help="Numbers left free for what was lost since the backup.")
    ] = 10_000,
    without_secret: Annotated[
        bool, typer.Option("--without-secret", help="Its keys are lost: go on without them.")
    ] = False,
) -> None:
    """Bring a backup back into an empty place; no mail goes out until it is released."""
    from maild.cli import backup as command

    wish = command.Wish(gap=gap, is_secret_lost=without_secret)
    command.restore_from(Place.config, file, wish)


@commands.command()
def verify(
    online: Annotated[
        bool, typer.Option("--online", help="Also compare with the IMAP servers.")
    ] = False,
    json: Json = False,
) -> None:
    """Look whether everything that is stored is whole; reads only, also beside the daemon."""
    from maild.cli import verify as command

    command.verify(Place.config, online=online, as_json=json)
