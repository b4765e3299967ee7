"""Inspection: the pages of a large file, looked at beside the work (`store/pages.py`).

A thread of its own looks. SQLite holds nothing meanwhile that another thread needs, and the thread
is as urgent as every other: one that gives way to all would hold the interpreter while it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from maild.errors import TemporaryError
from maild.log import Event, event
from maild.store import pages
from maild.store.database import Database

AGAIN_SECONDS = 60.0
"""After a look that the database did not answer."""
_ASK_SECONDS = 0.1


class Inspection:
    """One look at all pages, while something else is done; all calls are made on the loop."""

    def __init__(self, database: Database, stop: Callable[[], None]) -> None:
        """Nothing is looked at yet; `stop` is called when some are damaged."""
        self._database = database
        self._stop = stop
        self._halt = pages.Halt()
        self._looking: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Begin to look; the pages of a small file were looked at before."""
        if pages.is_small(self._database):
            return
        hand = ThreadPoolExecutor(1, "pages")
        loop = asyncio.get_running_loop()
        self._looking = loop.run_in_executor(hand, _look, self._database, self._halt)
        self._looking.add_done_callback(lambda done: self._stop() if done.exception() else None)
        hand.shutdown(wait=False)

    def end(self) -> None:
        """Ask for the end, and do not wait for it: for the very beginning of a stop."""
        self._halt.ask()

    @property
    def error(self) -> BaseException | None:
        """What it found, once it has an end."""
        is_done = self._looking is not None and self._looking.done()
        return self._looking.exception() if self._looking and is_done else None

    async def close(self) -> None:
        """Wait for the end; raises `ConfigError` when some are damaged."""
        if self._looking is None:
            return
        while not self._looking.done():
            self._halt.ask()
            await asyncio.wait((self._looking,), timeout=_ASK_SECONDS)
        self._looking.result()


def _look(database: Database, halt: pages.Halt) -> None:
    while not halt.asked.is_set():
        try:
            pages.read_thrice(
                database,
                lambda: pages.check_beside(database, halt),
                lambda: halt.asked.wait(AGAIN_SECONDS),
            )
        except TemporaryError as error:
            if not halt.asked.is_set():
                event(Event.STORE_DELAYED, job="pages", error=error)
                halt.asked.wait(AGAIN_SECONDS)
        else:
            return
