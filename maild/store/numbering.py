"""Numbers go on behind the last one, and behind a gap where they stand in tokens.

Whoever brings back an older state of the database (`maild restore`, a standby that lagged, a dump)
does not know the last numbers that were given: an answer to a ticket that was lost would open
another customer's. The gap is what is left free for them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select, text

from maild.store import rows

GAP: Final = 10_000
"""Numbers left free where nobody says how many."""


def go_on(target: Connection, gap: int) -> None:
    """Let each table go on behind its last number, and behind a gap where numbers go out.

    No table goes back: PostgreSQL's own count may know of rows that are gone.
    """
    is_sqlite = target.dialect.name == "sqlite"
    for table in rows.TABLES:
        if table.primary_key.columns.keys() != ["id"]:
            continue
        never_again = bool(table.dialect_options["sqlite"].get("autoincrement"))
        last = target.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        if is_sqlite and never_again:
            _set_sqlite(target, table.name, last + gap)
        elif not is_sqlite and (last or never_again):
            _set_postgresql(target, table.name, last, gap if never_again else 0)


def _set_sqlite(target: Connection, name: str, last: int) -> None:
    values = {"name": name, "last": last}
    target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
    target.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)


def _set_postgresql(target: Connection, name: str, last: int, gap: int) -> None:
    target.execute(
        text(
            "SELECT setval(own, greatest(CAST(:last AS bigint), nextval(own)) + :gap)"
            " FROM (SELECT CAST(pg_get_serial_sequence(:name, 'id') AS regclass) AS own) AS one"
        ),
        {"name": name, "last": last, "gap": gap},
    )
