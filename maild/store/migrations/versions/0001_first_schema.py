"""The first schema: what came in, and the tickets that it became."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC, BigKey

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables of mail in and of tickets."""
    op.create_table(
        "blob",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob")),
    )
    op.create_index(op.f("ix_blob_sha256"), "blob", ["sha256"], unique=False)
    op.create_table(
        "customer",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("segment_from", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("account_manager", sa.String(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("address", name=op.f("uq_customer_address")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "assignment",
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("turn", BigKey, nullable=False),
        sa.Column("ticket_id", BigKey, nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("agent", name=op.f("pk_assignment")),
    )
    op.create_table(
        "organisation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("account_manager", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_organisation")),
    )
    op.create_table(
        "mailbox",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("first_uid", sa.BigInteger(), nullable=False),
        sa.Column("last_success", UTC(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("behind", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailbox")),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "node",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("started_at", UTC(), nullable=False),
        sa.Column("seen_at", UTC(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_node")),
    )
    op.create_table(
        "blob_chunk",
        sa.Column("blob_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], name=op.f("fk_blob_chunk_blob_id_blob")),
        sa.PrimaryKeyConstraint("blob_id", "n", name=op.f("pk_blob_chunk")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("linked_id", BigKey, nullable=True),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=False),
        sa.Column("first_response_at", UTC(), nullable=True),
        sa.Column("solved_at", UTC(), nullable=True),
        sa.Column("closed_at", UTC(), nullable=True),
        sa.CheckConstraint(
            "priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_ticket_priority")
        ),
        sa.CheckConstraint(
            "state IN ('new', 'open', 'pending', 'on-hold', 'solved', 'closed', 'merged', 'spam')",
            name=op.f("ck_ticket_state"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_ticket_customer_id_customer")
        ),
        sa.ForeignKeyConstraint(
            ["linked_id"], ["ticket.id"], name=op.f("fk_ticket_linked_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ticket_assignee"), "ticket", ["assignee"], unique=False)
    op.create_index(op.f("ix_ticket_created_at"), "ticket", ["created_at"], unique=False)
    op.create_index("ix_ticket_customer_id_id", "ticket", ["customer_id", "id"], unique=False)
    in_hand = sa.text("assignee <> '' AND state IN ('new', 'open', 'pending')")
    op.create_index(
        "ix_ticket_in_hand",
        "ticket",
        ["assignee", "state", "priority"],
        unique=False,
        sqlite_where=in_hand,
        postgresql_where=in_hand,
    )
    op.create_index(op.f("ix_ticket_linked_id"), "ticket", ["linked_id"], unique=False)
    op.create_index(op.f("ix_ticket_queue"), "ticket", ["queue"], unique=False)
    op.create_index(op.f("ix_ticket_state"), "ticket", ["state"], unique=False)
    op.create_table(
        "deadline",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("ticket_id", BigKey, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("cycle", sa.String(), nullable=False),
        sa.Column("due_at", UTC(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_until", UTC(), nullable=True),
        sa.Column("fired_at", UTC(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("merged", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'fired', 'cancelled')", name=op.f("ck_deadline_state")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_deadline_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
        sa.UniqueConstraint(
            "ticket_id", "kind", "cycle", name=op.f("uq_deadline_ticket_id_kind_cycle")
        ),
    )
    op.create_index("ix_deadline_due", "deadline", ["state", "due_at", "id"], unique=False)
    op.create_index(op.f("ix_deadline_ticket_id"), "deadline", ["ticket_id"], unique=False)
    op.create_table(
        "journal",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("blob_id", BigKey, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("mail_from", sa.String(), nullable=False),
        sa.Column("rcpt_to", sa.JSON(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("helo", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("received_at", UTC(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("not_before", UTC(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("suspect", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_until", UTC(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.Column("ticket_id", BigKey, nullable=True),
        sa.Column("post_id", BigKey, nullable=True),
        sa.Column("ended_at", UTC(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('done', 'held')) = (outcome <> '')", name=op.f("ck_journal_ended")
        ),
        sa.CheckConstraint(
            "outcome IN ('', 'posted', 'held', 'ignored', 'erased')",
            name=op.f("ck_journal_outcome"),
        ),
        sa.CheckConstraint(
            "source IN ('smtp', 'lmtp', 'imap', 'pipe')", name=op.f("ck_journal_source")
        ),
        sa.CheckConstraint(
            "state IN ('received', 'parsing', 'done', 'held')", name=op.f("ck_journal_state")
        ),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], name=op.f("fk_journal_blob_id_blob")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_journal_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_blob_id"), "journal", ["blob_id"], unique=False)
    op.create_index(op.f("ix_journal_content_hash"), "journal", ["content_hash"], unique=False)
    op.create_index("ix_journal_due", "journal", ["state", "not_before", "id"], unique=False)
    op.create_index(
        "uq_journal_posted_once",
        "journal",
        ["content_hash", "identity", "message_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'posted' AND content_hash <> ''"),
        postgresql_where=sa.text("outcome = 'posted' AND content_hash <> ''"),
    )
    op.create_index(op.f("ix_journal_message_id"), "journal", ["message_id"], unique=False)
    op.create_index(op.f("ix_journal_received_at"), "journal", ["received_at"], unique=False)
    op.create_index(op.f("ix_journal_sha256"), "journal", ["sha256"], unique=False)
    op.create_index(op.f("ix_journal_ticket_id"), "journal", ["ticket_id"], unique=False)
    op.create_table(
        "message_key",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_message_key_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_key")),
    )
    op.create_index(op.f("ix_message_key_ticket_id"), "message_key", ["ticket_id"], unique=False)
    op.create_table(
        "participant",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("ticket_id", BigKey, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.CheckConstraint("role IN ('customer', 'cc')", name=op.f("ck_participant_role")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_participant_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("ticket_id", "address", name=op.f("uq_participant_ticket_id_address")),
    )
    op.create_index(op.f("ix_participant_ticket_id"), "participant", ["ticket_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("ticket_id", BigKey, nullable=True),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("journal_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(
            ["journal_id"], ["journal.id"], name=op.f("fk_event_journal_id_journal")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_event_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_at"), "event", ["at"], unique=False)
    op.create_index(op.f("ix_event_journal_id"), "event", ["journal_id"], unique=False)
    op.create_index(op.f("ix_event_kind"), "event", ["kind"], unique=False)
    op.create_index("ix_event_ticket_id_id", "event", ["ticket_id", "id"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", BigKey, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("after_done", sa.Boolean(), nullable=False),
        sa.Column("passed_over", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journal_id"], ["journal.id"], name=op.f("fk_ledger_journal_id_journal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint(
            "mailbox",
            "folder",
            "uidvalidity",
            "uid",
            name=op.f("uq_ledger_mailbox_folder_uidvalidity_uid"),
        ),
    )
    op.create_index(op.f("ix_ledger_journal_id"), "ledger", ["journal_id"], unique=False)
    op.create_index(op.f("ix_ledger_sha256"), "ledger", ["sha256"], unique=False)
    op.create_table(
        "post",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("ticket_id", BigKey, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reply_text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("thread_index", sa.Text(), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.Column("journal_id", BigKey, nullable=True),
        sa.CheckConstraint(
            "kind IN ('customer', 'agent', 'note', 'auto', 'undone')", name=op.f("ck_post_kind")
        ),
        sa.ForeignKeyConstraint(
            ["journal_id"], ["journal.id"], name=op.f("fk_post_journal_id_journal")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_post_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("journal_id", name=op.f("uq_post_journal_id")),
        sa.UniqueConstraint("ticket_id", "n", name=op.f("uq_post_ticket_id_n")),
    )
    op.create_index(op.f("ix_post_message_id"), "post", ["message_id"], unique=False)
    op.create_index(op.f("ix_post_ticket_id"), "post", ["ticket_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("post_id", BigKey, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_attachment_post_id_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("post_id", "n", name=op.f("uq_attachment_post_id_n")),
    )
    op.create_index(op.f("ix_attachment_post_id"), "attachment", ["post_id"], unique=False)
    _append_only()


def _append_only() -> None:
    """Refuse to change or delete a line of the event log, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_no_{verb.lower()} BEFORE {verb} ON event "
                "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_append_only()"
    )
