"""How the commands show things: JSON for programs, tables and colours for people [rich]."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from maild import log, settings
from maild.settings import Settings
from maild.store.database import Database, open_database
from maild.store.migrate import migrate

BAR_ITEMS_MIN = 10
_T = TypeVar("_T")


@contextmanager
def opened(config: Path | None) -> Iterator[tuple[Settings, Database]]:
    """Load the settings and open the database for one command."""
    log.configure(environment=os.environ, level=log.Level.WARNING)
    known = settings.load(config, environ=os.environ)
    database = open_database(known.database_url)
    try:
        migrate(database)
        yield known, database
    finally:
        database.close()


def as_document(value: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def as_table(rows: Sequence[dict[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Print rows as a table; on a terminal it fits, elsewhere nothing is cut off."""
    console = Console()
    if not rows:
        console.print(empty, markup=False)
        return
    if not console.is_terminal:
        for row in rows:
            typer.echo("\t".join(plain(row.get(column)) for column in columns))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(plain(row.get(column)) for column in columns))
    console.print(table)


def progress(items: Sequence[_T], what: str) -> Iterator[_T]:
    """Yield items; on a terminal a bar on stderr tells how far it is."""
    console = Console(stderr=True)
    if not console.is_terminal or len(items) < BAR_ITEMS_MIN:
        yield from items
        return
    yield from track(items, description=what, console=console, transient=True)


def heading(words: str) -> None:
    """Print a line that stands out."""
    typer.secho(printable(words), bold=True)


def line(words: str = "") -> None:
    """Print a line; hostile text cannot move the cursor."""
    typer.echo(printable(words))


def plain(value: Any) -> str:
    """Return a value as one line of text."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={plain(item)}" for key, item in value.items())
    return printable(str(value)).replace("\n", " ")


def printable(text: str) -> str:
    """Replace control characters, which a terminal would obey; CRLF is a line end."""
    text = text.replace("\r\n", "\n")
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
