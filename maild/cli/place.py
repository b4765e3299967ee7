"""What commands share: which config file, how JSON is asked for, what is wrong usage [typer]."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from maild.errors import NotAllowed

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


class Place:
    """Which config file the call is about; set once, before the command runs."""

    config: Path | None = None


class WrongUsage(typer.BadParameter):
    """What was typed cannot be meant, whatever the database holds: told with the usage, exit 2."""


@contextmanager
def typed() -> Iterator[None]:
    """Read what was typed: what is refused meanwhile is a fault of usage."""
    try:
        yield
    except NotAllowed as error:
        raise WrongUsage(str(error)) from error


def one_of(option: str, text: str, known: Collection[str]) -> str:
    """Return a text that is one of a few, or empty; `WrongUsage` names these."""
    if text and text not in known:
        raise WrongUsage(f"{option}: {text!r} is none of: {', '.join(known)}")
    return text
