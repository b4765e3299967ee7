"""Every test that takes `url` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from tests.store.conftest import postgresql, url

__all__ = ["postgresql", "url"]
