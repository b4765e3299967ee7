"""What agents work with: who is away, and the words that the full text search finds.

The words lie in one table of each database's own kind: their keys are those of posts, and with a
minus those of tickets (subjects). Whatever deletes or changes a text takes its words away.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maild.store.columns import UTC, BigKey

revision = "0004"
down_revision = "0003"

_GONE = (
    ("search_post_gone", "DELETE ON post", "", "old.id"),
    ("search_post_changed", "UPDATE OF text, reply_text ON post", "", "old.id"),
    ("search_ticket_gone", "DELETE ON ticket", "", "-old.id"),
    (
        "search_subject_changed",
        "UPDATE OF subject ON ticket",
        "WHEN (old.subject <> new.subject)",
        "-old.id",
    ),
)


def upgrade() -> None:
    """Create the table of absences, and that of words."""
    op.create_table(
        "absence",
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("since", UTC(), nullable=False),
        sa.Column("until", UTC(), nullable=True),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("agent", name=op.f("pk_absence")),
    )
    op.add_column("ticket", sa.Column("pending_until", UTC(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_words()
    else:
        _postgresql_words()


def _sqlite_words() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE search_words "
        "USING fts5(words, tokenize='ascii', detail='none', columnsize='0')"
    )
    for name, when, condition, key in _GONE:
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} {condition} "  # noqa: S608 - from `_GONE` only
            f"BEGIN DELETE FROM search_words WHERE rowid = {key}; END"
        )


def _postgresql_words() -> None:
    op.create_table(
        "search_words",
        sa.Column("key", BigKey, nullable=False, autoincrement=False),
        sa.Column("words", sa.dialects.postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_search_words")),
    )
    op.execute("CREATE INDEX ix_search_words_words ON search_words USING gin (words)")
    for name, when, condition, key in _GONE:
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
            f"DELETE FROM search_words WHERE key = {key}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} FOR EACH ROW {condition} "
            f"EXECUTE FUNCTION {name}()"
        )
