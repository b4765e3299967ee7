"""Tokens for commands: those that log in to a server where the settings name an [[oauth]]."""

from __future__ import annotations

import os

from maild.access import Access
from maild.settings import Settings
from maild.store.database import Database
from maild.store.nodes import node_name
from maild.store.secret import load_keys


def access_of(known: Settings, database: Database) -> Access | None:
    """Return what gives tokens; None where no [[oauth]] is named. Raises `ConfigError`."""
    if not known.oauth:
        return None
    node = f"{node_name(known.state_dir)}#{os.getpid()}"
    return Access(database, load_keys(known.secret_file, database), known.oauth, node)
