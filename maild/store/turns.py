"""Turns: who asked first is served first.

A plain lock goes back to whoever is quickest, and that is the thread that just released it: the
line would keep the database while new mail waits to be acknowledged.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from maild.errors import StoreBusy


class Turns:
    """A lock that is handed over in the order in which it was asked for."""

    def __init__(self, seconds: float) -> None:
        """Let nobody wait longer than `seconds`."""
        self._seconds = seconds
        self._door = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock; raises `StoreBusy` when it does not come free in time."""
        self._wait()
        try:
            yield
        finally:
            self._hand_over()

    def _wait(self) -> None:
        with self._door:
            if not self._is_taken:
                self._is_taken = True
                return
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(self._seconds):
            return
        with self._door:
            if called in self._waiting:
                self._waiting.remove(called)
                raise StoreBusy("another thread held the database for too long")

    def _hand_over(self) -> None:
        """Call the next one; the lock stays taken on the way."""
        with self._door:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
