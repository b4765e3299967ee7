"""Questions to agents about mails that are held until they confirm them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC, BigKey

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "question",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("journal_id", BigKey, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("ticket_id", BigKey, nullable=True),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("expires_at", UTC(), nullable=False),
        sa.Column("answered_at", UTC(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'dropped', 'anew')", name=op.f("ck_question_state")
        ),
        sa.ForeignKeyConstraint(
            ["journal_id"], ["journal.id"], name=op.f("fk_question_journal_id_journal")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_question_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("journal_id", "round", name=op.f("uq_question_journal_id_round")),
    )
    op.create_index(op.f("ix_question_journal_id"), "question", ["journal_id"], unique=False)
    op.create_index(op.f("ix_question_ticket_id"), "question", ["ticket_id"], unique=False)
