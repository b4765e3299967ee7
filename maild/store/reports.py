"""Which reports by mail are written: a row of `meta` for each period, in its mails' transaction.

Whoever wins the row writes them, once. A period in which nothing happened has its row as well.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from maild.store import tables
from maild.store.conflict import unless_there
from maild.store.tables import metadata

_META = metadata.tables[tables.Meta.__tablename__]
_NAME = "report.written "


def is_written(connection: Connection, key: str) -> bool:
    """Tell whether the report of a period is done with."""
    statement = select(_META.c.value).where(_META.c.name == f"{_NAME}{key}")
    return connection.execute(statement).first() is not None


def take(connection: Connection, key: str, now: datetime) -> bool:
    """Take the report of a period (`week 2026-11-16`); False when somebody has it already.

    Those of earlier periods of the same length are forgotten.
    """
    row = {"name": f"{_NAME}{key}", "value": now.isoformat()}
    mine = unless_there(connection, _META).returning(_META.c.name)
    if connection.execute(mine, row).first() is None:
        return False
    step, _, _ = key.partition(" ")
    earlier = _META.c.name.startswith(f"{_NAME}{step} ", autoescape=True)
    connection.execute(delete(_META).where(earlier, _META.c.name < f"{_NAME}{key}"))
    return True
