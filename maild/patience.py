"""Waiting for relays: what a sender has in hand meanwhile, and who else waits there.

Strategy: a relay may keep silent for ten minutes (RFC 5321 §4.5.3.2). A sender that waits for one
gives its other mails back. Where there are several relays, no one of them gets all senders, nor do
all that were slow the last time together: those that are dead leave a sender to the others. The
last sender is a reserve and works while another one is held up, since three that take turns cost
more than two.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from maild.log import Event, event
from maild.settings import RelaySettings
from maild.store.outbox import Outgoing

HELD_UP_SECONDS = 5.0
"""Who waits so long for a relay gives back its other mails: it may go on for ten minutes."""
ROOM_SECONDS = 1.0
"""So long a sender waits for another one to come back from a relay."""
SLOW_SECONDS = 60.0
"""So long a relay that was slow is taken for one: a single large mail makes none."""
LOOK_SECONDS = 1.0
"""How often it is asked whether somebody is held up."""


class Crowd:
    """How many senders of a process are at each relay; thread-safe."""

    def __init__(self, most: int) -> None:
        """Let so many be at one relay, and at all slow ones together."""
        self._most = most
        self._at: Counter[RelaySettings] = Counter()
        self._since: dict[RelaySettings, float] = {}
        """When somebody came, on the monotonic clock."""
        self._came: dict[tuple[RelaySettings, int], float] = {}
        """When each thread came that is there."""
        self._slow: dict[RelaySettings, float] = {}
        """When somebody came back who had been there for long, and nobody sooner since."""
        self._held_up = 0
        self._room = threading.Condition()

    @property
    def is_held_up(self) -> bool:
        """Whether somebody has waited for long, wherever it is."""
        return self._held_up > 0

    def count_held_up(self, more: int) -> None:
        """One more is held up, or one less."""
        with self._room:
            self._held_up += more

    def enter(self, relay: RelaySettings) -> bool:
        """Go there; False where those who are there do not come back in a moment."""
        with self._room:
            if not self._room.wait_for(lambda: not self._is_full(relay), ROOM_SECONDS):
                return False
            self._at[relay] += 1
            self._since[relay] = self._came[relay, threading.get_ident()] = time.monotonic()
            return True

    def leave(self, relay: RelaySettings) -> None:
        """Come back from there."""
        with self._room:
            self._at[relay] -= 1
            came = self._came.pop((relay, threading.get_ident()), math.inf)
            if _is_long_ago(came):
                self._slow[relay] = time.monotonic()
            else:
                self._slow.pop(relay, None)
            self._room.notify_all()

    def has_room(self, relay: RelaySettings) -> bool:
        """Whether to take mails for it; a relay that answers soon always has."""
        with self._room:
            since = self._since.get(relay, -math.inf)
            return not self._is_full(relay) or time.monotonic() - since < ROOM_SECONDS

    def _is_full(self, relay: RelaySettings) -> bool:
        held_up = {there for (there, _), came in self._came.items() if _is_long_ago(came)}
        lately = time.monotonic() - SLOW_SECONDS
        slow = held_up | {there for there, at in self._slow.items() if at > lately}
        at_slow = sum(self._at[one] for one in slow) if relay in slow else 0
        return max(self._at[relay], at_slow) >= self._most


def _is_long_ago(moment: float) -> bool:
    return time.monotonic() - moment >= HELD_UP_SECONDS


class Hand:
    """The mails that a sender has claimed and not tried, and since when it waits for a relay."""

    def __init__(self, crowd: Crowd) -> None:
        """Have nothing in hand."""
        self.left: dict[int, Outgoing] = {}
        self._crowd = crowd
        self._is_held_up = False
        self._since = math.inf
        self._lock = threading.Lock()

    def waits(self) -> None:
        """A mail that was taken out is handed over now; nothing else is done until `is_heard`."""
        with self._lock:
            self._since = time.monotonic()

    def is_heard(self) -> None:
        """The relay has spoken."""
        with self._lock:
            self._since = math.inf
            if self._is_held_up:
                self._is_held_up = False
                self._crowd.count_held_up(-1)

    def of_the_held_up(self) -> list[Outgoing]:
        """Take out all others when the wait is long: none of them is in the wire then."""
        with self._lock:
            if time.monotonic() - self._since < HELD_UP_SECONDS:
                return []
            if not self._is_held_up:
                self._is_held_up = True
                self._crowd.count_held_up(1)
            rest = list(self.left.values())
            self.left.clear()
        return rest


@contextmanager
def sharing(hand: Hand, give_back: Callable[[Sequence[Outgoing]], None]) -> Iterator[None]:
    """Meanwhile, give back what waits behind a mail whose relay keeps silent."""
    over = threading.Event()

    def share() -> None:
        while not over.wait(LOOK_SECONDS):
            try:
                if rest := hand.of_the_held_up():
                    give_back(rest)
            except Exception as error:  # noqa: BLE001 - loop top: the next mail may be held up, too
                event(Event.WORK_FAILED, work="mails behind a silent relay", error=error)

    thread = threading.Thread(target=share, name="share", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
