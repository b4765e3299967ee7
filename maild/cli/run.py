"""`maild run`: the daemon."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from maild import log, memory, premises, settings
from maild.app import Daemon, Role
from maild.cli.place import WrongUsage


def run(config: Path | None, only: str) -> None:
    """Work until a signal; `only` names roles, empty for all of them."""
    log.configure(environment=os.environ)
    memory.share_arenas()
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Role)]
    if unknown:
        words = f"no such role: {', '.join(unknown)}; there are {', '.join(Role)}"
        raise WrongUsage(f"--only: {words}")
    roles = frozenset(Role(name) for name in names) or frozenset(Role)

    async def main() -> None:
        known = settings.load(config, environ=os.environ)
        premises.refuse(known)
        await Daemon(known, roles, os.environ).run()

    asyncio.run(main())
