"""Inserts that meet a row of the same key: leave it alone, or overwrite it."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def unless_there(connection: Connection, table: Any) -> Insert:
    """Return an insert that leaves a row alone whose unique key is there already."""
    return _unless_there(table, connection.dialect.name)


def replacing(connection: Connection, table: Any, key: str) -> Insert:
    """Return an insert that overwrites the row whose `key` is there already."""
    return _replacing(table, key, connection.dialect.name)


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
