"""Which digests are done with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "digest",
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "day", name=op.f("pk_digest")),
    )
