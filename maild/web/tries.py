"""Tries: who guessed wrong how often lately, so that nobody guesses for long."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 10
"""Wrong tries of one address in a minute; then nothing of it is looked at any more."""
MOST_OF_ALL: Final = 100
"""Of all addresses together."""
SECONDS: Final = 60.0


@dataclass(slots=True, kw_only=True)
class Tries:
    """The wrong tries of the last minute; what it holds is bounded, whoever tries."""

    clock: Callable[[], float]
    """Seconds that never go back."""
    _wrong: deque[tuple[float, str]] = field(default_factory=deque)

    def is_over(self, address: str) -> bool:
        """Tell whether an address has to wait until its tries are a minute old."""
        while self._wrong and self._wrong[0][0] <= self.clock() - SECONDS:
            self._wrong.popleft()
        theirs = sum(who == address for _, who in self._wrong)
        return theirs >= MOST or len(self._wrong) >= MOST_OF_ALL

    def failed(self, address: str) -> None:
        """Note a wrong try; one that is not looked at counts no further."""
        if not self.is_over(address):
            self._wrong.append((self.clock(), address))
