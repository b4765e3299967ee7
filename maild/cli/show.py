"""How the commands show things: JSON for programs, tables and colours for people [rich]."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from maild import log, premises, settings
from maild.errors import ConfigError, Problem, TemporaryError
from maild.settings import Settings
from maild.store import pages
from maild.store.database import Database, open_database
from maild.store.migrate import ready

BAR_ITEMS_MIN = 10
NARROW, MINUTE = 10, 16
"""Columns up to this width, and those of times to the minute, are never cut."""
GAP, LEAST = 2, 5
"""Between two columns, and what is left of a wide one at least."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*")
_T = TypeVar("_T")


@contextmanager
def opened(config: Path | None) -> Iterator[tuple[Settings, Database]]:
    """Load the settings and open the database for one command; it never migrates a house."""
    known = settings.load(config, environ=environment())
    _refuse_nowhere(config, known.database_url)
    with pages.legible():
        database = _open(known)
        try:
            ready(database)
            yield known, database
        finally:
            database.close()


def _open(known: Settings) -> Database:
    """Open the database; where it does not open, say whose file it is."""
    try:
        return open_database(known.database_url)
    except TemporaryError:
        premises.refuse_database(known)
        raise


def environment() -> Mapping[str, str]:
    """Return what commands know of their surroundings, and let them log what went wrong."""
    log.configure(environment=os.environ, level=log.Level.WARNING)
    return os.environ


def _refuse_nowhere(config: Path | None, url: str) -> None:
    """Whoever asks in the wrong folder is told so, and no empty database is left there."""
    scheme, _, place = url.partition("///")
    if config is None and scheme.startswith("sqlite") and not Path(place).exists():
        words = f"there is no config.toml here and no database at {place}: say --config FILE"
        raise ConfigError((Problem(file="--config", line=0, text=words),))


def as_document(value: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def as_table(rows: Sequence[dict[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Print rows as a table with a line of titles; on a terminal it fits.

    Elsewhere cells are parted by tabs, and nothing is cut off.
    """
    console = Console()
    if not rows:
        console.print(empty, markup=False)
        return
    titles = [column.replace("_", " ") for column in columns]
    if not console.is_terminal:
        for cells in (titles, *([plain(row.get(column)) for column in columns] for row in rows)):
            typer.echo("\t".join(cells))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    cells_of = [[_short(plain(row.get(column))) for column in columns] for row in rows]
    widest = [max(map(len, one)) for one in zip(titles, *cells_of, strict=True)]
    room = console.width - GAP * (len(columns) - 1)
    for title, width in zip(titles, _widths(widest, room), strict=True):
        table.add_column(title, overflow="ellipsis", no_wrap=True, width=width)
    for row_of_cells in cells_of:
        table.add_row(*row_of_cells)
    console.print(table)


def as_figures(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[int]
) -> None:
    """Print rows of figures, aligned to the right but for the columns of `left`.

    On a terminal it is a table; elsewhere cells are parted by tabs, and nothing is cut off.
    """
    console = Console()
    if not console.is_terminal:
        for row in (titles, *rows):
            typer.echo("\t".join(printable(cell) for cell in row))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for n, title in enumerate(titles):
        side: Literal["left", "right"] = "left" if n in left else "right"
        style = "cyan" if n and n in left else ""
        table.add_column(printable(title), justify=side, style=style, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)


def _widths(widest: Sequence[int], room: int) -> list[int]:
    """Share a line out: narrow columns are never cut, the others take what is left."""
    widths = [width if width <= NARROW or width == MINUTE else 0 for width in widest]
    open_ = sorted((n for n, width in enumerate(widths) if not width), key=lambda n: widest[n])
    left = room - sum(widths)
    for done, n in enumerate(open_):
        share = max(left // (len(open_) - done), LEAST)
        widths[n] = min(widest[n], share)
        left -= widths[n]
    return widths


def _short(cell: str) -> str:
    """A time to the minute; anything else as it is."""
    return f"{cell[:10]} {cell[11:16]}" if _TIME.fullmatch(cell) else cell


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


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 mail`, `2 mails`, `0 mails`; `many` where an s at the end does not make it."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


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
