"""Erasure: a ticket that is a figure only, and the one door to lines of the log that name people.

The log stays append-only: no line goes, and its ticket, time and kind stay what they were. Who did
it and the values may be taken out while the row `erasing` stands in `meta`, which is written and
taken away again in the transaction of the erasure: nobody else ever sees it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column, and let the triggers know the one exception."""
    op.add_column("ticket", sa.Column("erased_at", UTC(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER event_no_update")
        op.execute(
            "CREATE TRIGGER event_no_update BEFORE UPDATE ON event WHEN NOT ("
            "EXISTS (SELECT 1 FROM meta WHERE name = 'erasing') AND new.id = old.id "
            "AND new.ticket_id IS old.ticket_id AND new.at = old.at AND new.kind = old.kind "
            "AND new.journal_id IS old.journal_id) "
            "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF TG_OP = 'UPDATE' AND EXISTS (SELECT 1 FROM meta WHERE name = 'erasing') "
        "AND new.id = old.id AND new.ticket_id IS NOT DISTINCT FROM old.ticket_id "
        "AND new.at = old.at AND new.kind = old.kind "
        "AND new.journal_id IS NOT DISTINCT FROM old.journal_id THEN RETURN new; END IF; "
        "RAISE EXCEPTION 'the event log is append-only'; END $$"
    )
