"""Mail out: the outbox, its attempts, what came back, and the account of automatic mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC, BigKey

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of what we write."""
    op.create_table(
        "address",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("hard_bounces", sa.Integer(), nullable=False),
        sa.Column("bounced_at", UTC(), nullable=False),
        sa.Column("suspended_at", UTC(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_address")),
    )
    op.create_table(
        "automatic",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("entry", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("ticket", BigKey, nullable=False),
        sa.CheckConstraint(
            "entry IN ('customer', 'agent', 'reminder', 'page', 'stopped')",
            name=op.f("ck_automatic_entry"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automatic")),
    )
    op.create_index("ix_automatic_at", "automatic", ["at"], unique=False)
    op.create_index("ix_automatic_domain_at", "automatic", ["domain", "at"], unique=False)
    op.create_index("ix_automatic_recipient_at", "automatic", ["recipient", "at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("ticket_id", BigKey, nullable=True),
        sa.Column("post_id", BigKey, nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("envelope_from", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("literal", sa.LargeBinary(), nullable=False),
        sa.Column("pieces", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("not_before", UTC(), nullable=False),
        sa.Column("next_try_at", UTC(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unknown_ends", sa.Integer(), nullable=False),
        sa.Column("dialled", sa.Boolean(), nullable=False),
        sa.Column("first_try_at", UTC(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_until", UTC(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("sent_at", UTC(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('acknowledgement', 'reply', 'notification', 'template', 'page', 'trouble')",
            name=op.f("ck_outbox_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('scheduled', 'queued', 'sending', 'sent', 'failed', 'held')",
            name=op.f("ck_outbox_state"),
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_outbox_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_try_at", "id"], unique=False)
    op.create_index(op.f("ix_outbox_message_id"), "outbox", ["message_id"], unique=False)
    op.create_index(
        "ix_outbox_recipient_kind_created_at",
        "outbox",
        ["recipient", "kind", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_outbox_ticket_id"), "outbox", ["ticket_id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("outbox_id", BigKey, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_attempt_outbox_id_outbox")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("outbox_id", "n", name=op.f("uq_attempt_outbox_id_n")),
    )
    op.create_index(op.f("ix_attempt_outbox_id"), "attempt", ["outbox_id"], unique=False)
    op.create_table(
        "returned",
        sa.Column("outbox_id", BigKey, nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("bounce_class", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "bounce_class IN ('permanent', 'temporary', 'unknown')",
            name=op.f("ck_returned_bounce_class"),
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_returned_outbox_id_outbox")
        ),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_returned")),
    )
