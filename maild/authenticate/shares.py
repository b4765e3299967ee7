"""Each client's share of the checks that run at a time: a silent name server delays its own mail.

Strategy: a client (an IPv4 address, or the /64 of an IPv6 one) has a line of its own. So many of
its checks run at once; the others wait, in their order, and take no thread. Who only has much mail
loses nothing by that. Who waited in the line as long as one check may take is over its share, and
so is what comes on top of `BEHIND_MAX` while the client's checks are slow: neither proven nor
accused, as when the DNS fails, so that it soon makes room for others' mail.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

RUNNING_MAX = 4
"""Checks of one client at a time: a quarter of the threads (`checks.py`)."""
BEHIND_MAX = 16
"""Checks of a slow client that run or wait."""
SLOW_SECONDS = 3.0
"""A check that took so long makes its client a slow one, for `SLOW_FOR_SECONDS`."""
SLOW_FOR_SECONDS = 30.0
OVER = "maild; dmarc=temperror (too many slow checks for one client)"
"""The evidence of a mail that is over its client's share."""
_LINES_MAX = 2000

Work = Callable[[], str]


def client_of(address: str) -> str:
    """Return whose share a client's address draws on; what is no address is itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    if found.version == 4 or mapped:  # noqa: PLR2004 - the version of the protocol
        return str(mapped or found)
    return str(ipaddress.ip_network(f"{found}/64", strict=False))


@dataclass(slots=True)
class _Check:
    work: Work
    since: float
    """When it came, on the clock of `Shares`."""
    began: float = 0.0
    """When it had a thread."""
    told: Future[str] = field(default_factory=Future)


@dataclass(slots=True)
class _Line:
    """The checks of one client."""

    running: int = 0
    waiting: deque[_Check] = field(default_factory=deque)
    slow_until: float = float("-inf")


class Shares:
    """Runs checks in a pool, at most so many of each client; safe for threads."""

    def __init__(
        self, pool: Executor, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Let a check wait in its line for `seconds` at most, as long as it may run."""
        self._pool = pool
        self._seconds = seconds
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._door = threading.Lock()
        self._is_closed = False

    def submit(self, client: str, work: Work) -> Future[str]:
        """Run `work` in its turn; the future gives what it returns, or `OVER`."""
        now = self._clock()
        check = _Check(work, now)
        with self._door:
            line = self._line(client, now)
            behind = line.running + len(line.waiting)
            is_over = line.slow_until > now and behind >= BEHIND_MAX
            is_next = line.running < RUNNING_MAX
            if self._is_closed:
                check.told.cancel()
                return check.told
            if is_next:
                line.running += 1
            elif not is_over:
                line.waiting.append(check)
        if is_next:
            self._start(client, check)
        elif is_over:
            check.told.set_result(OVER)
        return check.told

    def close(self) -> None:
        """Give up what waits; the pool is its owner's to close."""
        with self._door:
            self._is_closed = True
            waiting = [check for line in self._lines.values() for check in line.waiting]
            for line in self._lines.values():
                line.waiting.clear()
        for check in waiting:
            check.told.cancel()

    def _line(self, client: str, now: float) -> _Line:
        """Find a client's line; lines that say nothing any more are thrown away at times."""
        if client not in self._lines and len(self._lines) >= _LINES_MAX:
            self._lines = {
                name: line
                for name, line in self._lines.items()
                if line.running or line.slow_until > now
            }
        return self._lines.setdefault(client, _Line())

    def _start(self, client: str, check: _Check) -> None:
        def finish(done: Future[str]) -> None:
            if done.cancelled():
                check.told.cancel()
                return
            error = done.exception()
            if error is None:
                check.told.set_result(done.result())
            else:
                check.told.set_exception(error)
            self._ended(client, self._clock() - check.began)

        try:
            self._pool.submit(self._run, check).add_done_callback(finish)
        except RuntimeError:  # The pool was closed meanwhile.
            check.told.cancel()

    def _run(self, check: _Check) -> str:
        check.began = self._clock()
        return check.work()

    def _ended(self, client: str, seconds: float) -> None:
        """Let the next ones of the line run, and tell those that waited for too long."""
        now = self._clock()
        late: list[_Check] = []
        following: list[_Check] = []
        with self._door:
            line = self._lines[client]
            line.running -= 1
            if seconds >= SLOW_SECONDS:
                line.slow_until = now + SLOW_FOR_SECONDS
            while line.waiting and line.running < RUNNING_MAX:
                check = line.waiting.popleft()
                if now - check.since >= self._seconds:
                    late.append(check)
                else:
                    line.running += 1
                    following.append(check)
            if line.slow_until > now:
                room = BEHIND_MAX - line.running
                late += [line.waiting.pop() for _ in range(len(line.waiting) - room)]
        for check in late:
            check.told.set_result(OVER)
        for check in following:
            self._start(client, check)
