"""Inspection: the pages of a large file, looked at beside the work (`store/pages.py`).

Mail comes first: a thread of its own looks, and the machine gives it what nobody else wants.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from maild.errors import TemporaryError
from maild.log import Event, event
from maild.store import pages
from maild.store.database import Database

AGAIN_SECONDS = 60.0
"""After a look that the database did not answer."""
_LAST_IN_LINE = 19


@asynccontextmanager
async def inspected(database: Database, stop: Callable[[], None]) -> AsyncIterator[None]:
    """Look at all pages beside what is done meanwhile; those of a small file were looked at.

    When some are damaged it calls `stop`, and raises `ConfigError` at the end.
    """
    if pages.is_small(database):
        yield
        return
    ended = threading.Event()
    with ThreadPoolExecutor(1, "pages", _give_way) as hand:
        looking = asyncio.get_running_loop().run_in_executor(hand, _look, database, ended)
        looking.add_done_callback(lambda done: stop() if done.exception() else None)
        try:
            yield
        finally:
            ended.set()
            await looking


def _give_way() -> None:
    """Let every other thread go first: Linux knows how urgent each is by itself."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LAST_IN_LINE)


def _look(database: Database, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            pages.check_beside(database, ended)
        except TemporaryError as error:
            if not ended.is_set():
                event(Event.STORE_DELAYED, job="pages", error=error)
                ended.wait(AGAIN_SECONDS)
        else:
            return
