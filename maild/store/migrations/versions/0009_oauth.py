"""Refresh tokens, sealed, and what their providers said last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC

revision = "0009"
down_revision = "0007"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "oauth_token",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("stored_at", UTC(), nullable=True),
        sa.Column("used_at", UTC(), nullable=True),
        sa.Column("expires_at", UTC(), nullable=True),
        sa.Column("refused_at", UTC(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("lease_node", sa.String(), nullable=False),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_oauth_token")),
    )
