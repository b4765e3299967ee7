"""Alembic's entry: migrations run inside the transaction that `maild.store.migrate` gives."""

from __future__ import annotations

from alembic import context

from maild.store.reach import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
