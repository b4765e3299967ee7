"""Surveys, votes, and who wants no such mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC, BigKey

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "survey",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("ticket_id", BigKey, nullable=True),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("sent_at", UTC(), nullable=False),
        sa.Column("expires_at", UTC(), nullable=False),
        sa.Column("asked_back", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('csat', 'nps')", name=op.f("ck_survey_kind")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_survey_customer_id_customer")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_survey_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("key", name=op.f("uq_survey_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_survey_ticket_id"), "survey", ["ticket_id"])
    op.create_index(op.f("ix_survey_customer_id_sent_at"), "survey", ["customer_id", "sent_at"])
    op.create_index(op.f("ix_survey_sent_at"), "survey", ["sent_at"])
    op.create_table(
        "vote",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("survey_id", BigKey, nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.CheckConstraint("via IN ('reply', 'link', 'page')", name=op.f("ck_vote_via")),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["survey.id"], name=op.f("fk_vote_survey_id_survey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
    )
    op.create_index(op.f("ix_vote_survey_id_id"), "vote", ["survey_id", "id"])
    op.create_table(
        "unsubscribed",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.CheckConstraint("via IN ('reply', 'link', 'page')", name=op.f("ck_unsubscribed_via")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_unsubscribed")),
    )
    op.create_table(
        "poll",
        sa.Column("customer_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_poll_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("customer_id", "rule", name=op.f("pk_poll")),
    )
