"""The kinds of columns: how a time, a choice, a text or a reference is kept.

Times are aware UTC (`UTC` refuses others). Closed choices are VARCHAR with a CHECK, never native
enums, whose new values a migration would not see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON as SqlJson  # noqa: N811 - beside the name of its maker below
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata = MetaData(naming_convention=NAMING)
metadata = SQLModel.metadata

BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the key is INTEGER."""


class UTC(TypeDecorator[dt.datetime]):
    """An aware UTC time; a naive one is a bug and is refused before it is stored."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """Refuse naive times."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time must not be stored")
        return value.astimezone(dt.UTC)

    def process_result_value(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """Give back aware UTC."""
        del dialect
        if value is None:
            return None
        return value.astimezone(dt.UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[dt.datetime | None], Any] | None:
        """Write SQLite's text at once: a ticket has hundreds of times."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(
        self, dialect: Dialect, coltype: Any
    ) -> Callable[[Any], dt.datetime | None] | None:
        """Read it likewise."""
        return _of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _as_text(value: dt.datetime | None) -> str | None:
    """Write a time as SQLite keeps it: UTC without a zone, always with microseconds."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive time must not be stored")
    at = value if value.tzinfo is dt.UTC else value.astimezone(dt.UTC)
    return at.isoformat(" ", "microseconds").removesuffix("+00:00")


def _of_text(value: str | None) -> dt.datetime | None:
    """Read such a time back, aware."""
    return dt.datetime.fromisoformat(f"{value}+00:00") if value is not None else None


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Allow only the values of an enum."""
    choices = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({choices})", name=column)


def index_where(where: str, name: str, *columns: str, unique: bool = False) -> Index:
    """An index over some rows only."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def row_id(**more: Any) -> Any:
    """A number that the database gives."""
    return Field(default=None, sa_column=Column(BigKey, primary_key=True, **more))


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """An aware UTC time."""
    return Field(default=None, sa_column=Column(UTC, nullable=nullable, index=index))


def long_text() -> Any:
    """Text of any length, never NULL."""
    return Field(default="", sa_column=Column(Text, nullable=False, default=""))


def json_value() -> Any:
    """A JSON value; reassign it, a change in place is not seen."""
    return Field(sa_column=Column(SqlJson, nullable=False))


def reference(
    target: str, *, nullable: bool = False, unique: bool = False, index: bool = True
) -> Any:
    """A row of another table; without an index of its own where it leads another one."""
    has_index = index and not unique
    column = Column(BigKey, ForeignKey(target), nullable=nullable, unique=unique, index=has_index)
    return Field(default=None, sa_column=column)
