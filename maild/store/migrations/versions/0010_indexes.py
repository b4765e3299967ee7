"""Indexes: budgets are counted from them alone, and none repeats the beginning of another."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

_REPEATED = (
    ("attachment", "post_id"),
    ("attempt", "outbox_id"),
    ("participant", "ticket_id"),
    ("post", "ticket_id"),
    ("question", "journal_id"),
)
"""A unique key of the same table begins with the same column."""


def upgrade() -> None:
    """Drop what is repeated, and make the account's indexes anew."""
    for table, column in _REPEATED:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.drop_index("ix_automatic_at", "automatic")
    op.drop_index("ix_automatic_domain_at", "automatic")
    op.drop_index("ix_automatic_recipient_at", "automatic")
    op.create_index("ix_automatic_entry_at", "automatic", ["entry", "at"])
    op.create_index("ix_automatic_domain_entry_at", "automatic", ["domain", "entry", "at"])
    op.create_index("ix_automatic_recipient_entry_at", "automatic", ["recipient", "entry", "at"])
