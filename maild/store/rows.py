"""Rows from one database to another, whatever their kinds: table by table, each after its parents.

Strategy: SQLAlchemy's types are the common language, so that SQLite and PostgreSQL, and the file
of a backup, need no second way. Numbers stay what they are. The words of the search are not
copied: each kind of database keeps them in its own way, and they can be told from the posts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, func, select, update

from maild.store import (
    absence,
    account,
    customers,
    deadlines,
    digests,
    nodes,
    oauth,
    questions,
    reach,
    staffing,
    surveys,
    tables,
)

Values = dict[str, Any]
Sink = Callable[[Table, list[Values]], None]
Tell = Callable[[str], None]

_METADATA = {
    absence.metadata,
    account.metadata,
    customers.metadata,
    deadlines.metadata,
    digests.metadata,
    nodes.metadata,
    oauth.metadata,
    questions.metadata,
    reach.metadata,
    staffing.metadata,
    surveys.metadata,
    tables.metadata,
}.pop()
"""One and the same: what counts is that every file with tables is imported."""
OF_A_LIFE = frozenset({"node"})
"""Tables about processes that live: they mean nothing elsewhere."""
TABLES: tuple[Table, ...] = tuple(
    table for table in _METADATA.sorted_tables if table.name not in OF_A_LIFE
)
ROWS_AT_ONCE, HEAVY_ROWS_AT_ONCE = 500, 16
TOLD_EVERY = 100_000


def copy(source: Connection, sink: Sink, tell: Tell) -> dict[str, int]:
    """Give every row of every table to `sink`, some at a time; return how many each table had.

    `source` is one consistent view. `tell` hears how far it is.
    """
    return {table.name: _table(source, table, sink, tell) for table in TABLES}


def inserting(target: Connection) -> Sink:
    """Return a sink that adds rows; one that refers to a later row of its own table is mended."""

    def add(table: Table, rows: list[Values]) -> None:
        column = _own_parent(table)
        late = [row for row in rows if column and _is_ahead(row, column)]
        for row in late if column else ():
            links.append((table, row["id"], row[column]))
            row[column] = None
        target.execute(table.insert(), rows)
        _mend()

    def _mend() -> None:
        """Refer to what is there by now; what is not yet there waits."""
        for link in tuple(links):
            table, number, parent = link
            there = select(func.count()).select_from(table).where(table.c.id == parent)
            if target.execute(there).scalar_one():
                name = _own_parent(table)
                target.execute(update(table).where(table.c.id == number).values({name: parent}))
                links.remove(link)

    links: list[tuple[Table, int, int]] = []
    return add


def filled(connection: Connection) -> list[str]:
    """Return the names of the tables that hold rows; `meta` does not count."""
    return [
        table.name
        for table in TABLES
        if table.name != tables.Meta.__tablename__
        and connection.execute(select(table).limit(1)).first() is not None
    ]


def _table(source: Connection, table: Table, sink: Sink, tell: Tell) -> int:
    done = 0
    for rows in _batches(source, table):
        sink(table, rows)
        before, done = done, done + len(rows)
        if done // TOLD_EVERY > before // TOLD_EVERY:
            tell(f"{table.name}: {done} rows so far")
    if done:
        tell(f"{table.name}: {done} row{'' if done == 1 else 's'}")
    return done


def _batches(source: Connection, table: Table) -> Iterator[list[Values]]:
    is_heavy = any(isinstance(column.type, LargeBinary) for column in table.columns)
    size = HEAVY_ROWS_AT_ONCE if is_heavy else ROWS_AT_ONCE
    found = source.execute(
        select(table).order_by(*table.primary_key.columns),
        execution_options={"yield_per": size},
    )
    for part in found.mappings().partitions():
        yield [dict(row) for row in part]


def _own_parent(table: Table) -> str:
    """Return the column by which a table refers to itself; empty for most."""
    own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    return own[0] if own else ""


def _is_ahead(row: Values, column: str) -> bool:
    return row[column] is not None and row[column] > row["id"]
