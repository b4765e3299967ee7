"""Inserts that meet a row of the same key: leave it alone, or overwrite it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from maild.store.prepared import Prepared


def unless_there(connection: Connection, table: Any) -> Insert:
    """Return an insert that leaves a row alone whose unique key is there already."""
    return _unless_there(table, connection.dialect.name)


def replacing(connection: Connection, table: Any, key: str) -> Insert:
    """Return an insert that overwrites the row whose `key` is there already."""
    return _replacing(table, key, connection.dialect.name)


def add_unless_there(
    connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows; one whose unique key is there already is left alone."""
    _adding(table, connection.dialect.name).run(connection, rows)


def add_replacing(
    connection: Connection, table: Any, key: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows; one whose `key` is there already is overwritten."""
    _overwriting(table, key, connection.dialect.name).run(connection, rows)


@cache
def _adding(table: Table, dialect: str) -> Prepared:
    return Prepared(_unless_there(table, dialect))


@cache
def _overwriting(table: Table, key: str, dialect: str) -> Prepared:
    return Prepared(_replacing(table, key, dialect))


@cache
def _unless_there(table: Table, dialect: str) -> Insert:
    if dialect == "sqlite":
        return sqlite_insert(table).on_conflict_do_nothing()
    return postgresql_insert(table).on_conflict_do_nothing()


@cache
def _replacing(table: Table, key: str, dialect: str) -> Insert:
    if dialect == "sqlite":
        lite = sqlite_insert(table)
        others = {c.name: lite.excluded[c.name] for c in table.c if c.name != key}
        return lite.on_conflict_do_update(index_elements=[key], set_=others)
    full = postgresql_insert(table)
    others = {c.name: full.excluded[c.name] for c in table.c if c.name != key}
    return full.on_conflict_do_update(index_elements=[key], set_=others)
