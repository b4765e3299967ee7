"""One soak: load, a trouble, rest, the invariants; again and again."""

from __future__ import annotations

import math
import random
import sys
import threading
import time
from collections import Counter

from tests.soak.checks import violations
from tests.soak.house import House
from tests.soak.measure import Sample, sample
from tests.soak.people import Writers
from tests.soak.troubles import Trouble, endless

LOOK_SECONDS = 2.0
LONG_SECONDS = 3600.0
"""After the first quarter of a soak of this length or more the daemon is left to live."""


class Soak:
    """One soak and what was seen in it."""

    def __init__(self, house: House, rate: float, seed: int) -> None:
        self.house = house
        self.found: list[str] = []
        self.troubles: Counter[str] = Counter()
        self.samples: list[Sample] = []
        self.settled_seconds: list[float] = []
        by_imap = house.put_by_imap if house.dovecot else None
        self.writers = Writers(house.relay, house.stage.smtp_port, rate, seed, by_imap)
        self._chance = random.Random(seed)
        self._started = time.monotonic()
        self._ended = threading.Event()

    def run(self, seconds: float, every: float, *, at_least: int = 1) -> None:
        """Cause trouble after trouble until the time is over, and so many; each is followed by checks."""
        self.house.stage.start()
        threading.Thread(target=self._look, daemon=True).start()
        self.writers.start()
        quarter = seconds / 4 if seconds >= LONG_SECONDS else math.inf
        for trouble in endless(self._chance, lambda: self._age() >= quarter):
            begun = time.monotonic()
            self.writers.go_on()
            time.sleep(every * self._chance.uniform(0.2, 0.5))
            self._cause(trouble)
            time.sleep(max(0.0, begun + every * 0.8 - time.monotonic()))
            self._check(trouble)
            if self._age() + every > seconds and self.troubles.total() >= at_least:
                break
        self._ended.set()
        self.writers.end()
        self.house.stage.close()

    def _cause(self, trouble: Trouble) -> None:
        self.troubles[trouble.__name__] += 1
        trouble(self.house)

    def _check(self, trouble: Trouble) -> None:
        """Let everything come to rest, and ask the invariants."""
        begun = time.monotonic()
        self.writers.pause()
        if self.writers.failure:
            raise self.writers.failure
        acknowledged = set(self.writers.acknowledged)
        self.house.settle(acknowledged)
        took = time.monotonic() - begun
        self.settled_seconds.append(took)
        found = [*violations(self.house.evidence(acknowledged)), *self.house.verify()]
        self.found += [f"after {trouble.__name__}: {line}" for line in found]
        say(
            f"{self._age():7.0f} s  {trouble.__name__:22} {len(acknowledged):7} acknowledged,"
            f" {len(self.house.relay.sent):7} sent, at rest in {took:4.1f} s,"
            f" violations {len(found)}{self._size()}"
        )
        for line in found[:5]:
            say(f"           {line}")

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            seen = sample(self.house.stage.process_id, self._age())
            if seen:
                self.samples.append(seen)

    def _size(self) -> str:
        last = self.samples[-1:]
        return "".join(f", {s.megabytes:.0f} MB, {s.descriptors} descriptors" for s in last)

    def _age(self) -> float:
        return time.monotonic() - self._started


def say(line: str) -> None:
    """Print a line at once: somebody watches."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
