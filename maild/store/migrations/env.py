"""Alembic's entry: migrations run inside the transaction that `maild.store.migrate` gives."""

from __future__ import annotations

from alembic import context

from maild.store import (
    account,
    customers,
    deadlines,
    digests,
    nodes,
    oauth,
    questions,
    reach,
    staffing,
    surveys,
)

METADATA = {
    account.metadata,
    customers.metadata,
    deadlines.metadata,
    digests.metadata,
    nodes.metadata,
    oauth.metadata,
    questions.metadata,
    reach.metadata,
    staffing.metadata,
    surveys.metadata,
}.pop()
"""One and the same: what counts is that every file with tables is imported."""

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
