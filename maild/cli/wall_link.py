"""`maild wall link`: sign a link to the status wall."""

from __future__ import annotations

from pathlib import Path

from maild.cli import show as out
from maild.core import wall
from maild.errors import NotAllowed
from maild.now import utc_now
from maild.settings.values import Listen
from maild.store.secret import load_keys


def print_link(config: Path | None, days: int, url: str, language: str) -> None:
    """Print the link; `NotAllowed` where nothing would answer it."""
    with out.opened(config) as (known, database):
        keys = load_keys(known.secret_file, database)
    base = url or _base(known.web.admin_listen)
    token = wall.link(keys, known.web.wall_password, days, utc_now().date())
    out.line(f"{base.rstrip('/')}/wall/{token}{f'?language={language}' if language else ''}")


def _base(listen: Listen | None) -> str:
    if listen is None:
        raise NotAllowed("[web] admin_listen is off: there is no status wall")
    if not listen.port:
        raise NotAllowed(f"[web] admin_listen is {listen.host}: say how it is reached, with --url")
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    return f"http://{host}:{listen.port}"
