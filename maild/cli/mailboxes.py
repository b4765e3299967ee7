"""The commands about mailboxes: let us in by OAuth [typer]."""

from __future__ import annotations

from typing import Annotated

import typer

from maild.cli.place import Place

mailbox = typer.Typer(help="Mailboxes that maild logs in to.", no_args_is_help=True)


@mailbox.command()
def authorize(
    name: Annotated[
        str, typer.Argument(help='Name of a [[mailbox]]; "relay" for the login of [relay].')
    ],
) -> None:
    """Let maild into an account at Google or Microsoft: a person says yes once, in a browser.

    The browser may be on another machine. Microsoft shows a page where a code is typed in; Google
    sends the browser to an address that it cannot open there: copy it from its address bar.
    """
    from maild.cli import authorize as command

    command.authorize(Place.config, name)
