"""What `maild verify` finds: one thing that is not as it should be, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select
from sqlalchemy.exc import DatabaseError

from maild.store.database import Database
from maild.store.silence import unhurried

YOUNG = timedelta(hours=1)
"""What is younger may be on its way still: mail is written in two steps when it is large."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem, or a note."""

    check: str
    row: str
    """As a person names it: `journal 17`."""
    text: str
    is_note: bool = False
    """Worth knowing, and nothing is wrong."""


def batches(
    connection: Connection, statement: Select[Any], size: int = AT_ONCE
) -> Iterator[Sequence[Row[Any]]]:
    """Give the rows of a question, some at a time, so that no memory fills."""
    yield from connection.execute(statement, execution_options={"yield_per": size}).partitions()


def looked(
    database: Database, name: str, check: Callable[[Connection], Iterator[Finding]]
) -> Iterator[Finding]:
    """Run one check on a view of its own; where pages are damaged it ends with that finding."""
    try:
        with database.read() as connection:
            unhurried(connection)
            yield from check(connection)
    except DatabaseError as error:
        yield Finding(check=name, row="database", text=f"cannot be read: {error.orig}")
