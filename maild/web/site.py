"""Site: every page, at the addresses that config.toml names."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from maild.handle import Office
from maild.settings.values import WebSettings
from maild.wall import Board
from maild.web import confirm, survey, unsubscribe, wall
from maild.web.admin import admin_app
from maild.web.public import public_app
from maild.web.server import Server, serve


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages show, and whom they wake."""

    settings: WebSettings
    office: Callable[[], Office]
    """Asked anew for each page, since a reload replaces it."""
    board: Board
    wake_workers: Callable[[], None]
    wake_senders: Callable[[], None]
    checks: Mapping[str, Callable[[], str]]
    """What `/healthz` asks."""
    exposition: Callable[[], bytes]
    """What `/metrics` says."""


async def opened(site: Site, inherited: Mapping[str, socket.socket]) -> AsyncIterator[Server]:
    """Listen where the settings say so, and yield each server that does."""
    pages = [
        *confirm.routes(site.office, site.wake_workers),
        *survey.routes(site.office, site.wake_senders),
        *unsubscribe.routes(site.office),
    ]
    walls = wall.routes(site.office, site.board, site.settings.wall_password)
    for listen, app in (
        (site.settings.listen, public_app(pages)),
        (site.settings.admin_listen, admin_app(site.checks, walls, site.exposition)),
    ):
        if listen is not None:
            yield await serve(app, listen, inherited=inherited)
