"""Whoever adds a table says here what becomes of it when a person is erased."""

from __future__ import annotations

import importlib
import pkgutil

from maild import store
from maild.store.tables import metadata

EMPTIED = {
    "attachment", "attempt", "blob", "blob_chunk", "customer", "event", "journal", "message_key",
    "organisation", "outbox", "participant", "post", "question", "returned", "survey", "ticket",
    "unsubscribed", "vote", "address", "automatic",
}  # fmt: skip
"""Rows of a person are deleted or emptied (`store/erase.py`), and shown (`store/disclosure.py`)."""
NOBODY = {
    "absence", "assignment", "deadline", "digest", "ledger", "mailbox", "meta", "node", "oauth_token",
    "poll",
}  # fmt: skip
"""Agents, machines, numbers, hashes: nothing of a customer stands there."""


def test_of_every_table_it_is_known_what_becomes_of_it() -> None:
    for module in pkgutil.iter_modules(store.__path__):
        if module.name != "migrations":
            importlib.import_module(f"maild.store.{module.name}")

    assert set(metadata.tables) <= EMPTIED | NOBODY
    assert not EMPTIED & NOBODY
