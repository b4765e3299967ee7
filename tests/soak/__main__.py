"""`make soak`: five mails a second for hours, something breaks each minute, and nothing may be lost."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.crash.daemons import relay_of
from tests.needs import missing
from tests.servers.dovecot import Dovecot, running_dovecot
from tests.soak.checks import violations
from tests.soak.house import House
from tests.soak.measure import Sample, Trend, lives, sample, trend
from tests.soak.people import Writers
from tests.soak.troubles import TROUBLES, Trouble

LOOK_SECONDS = 2.0


def main() -> None:
    """Soak; end with 1 when an invariant was violated."""
    options = argparse.ArgumentParser(prog="make soak")
    options.add_argument("--seconds", type=float, default=8 * 3600)
    options.add_argument("--every", type=float, default=60, help="seconds from trouble to trouble")
    options.add_argument("--rate", type=float, default=5, help="mails a second")
    options.add_argument("--seed", type=int, default=17)
    given = options.parse_args()
    with _house() as house:
        soak = Soak(house, given.rate, given.seed)
        soak.run(given.seconds, given.every)
        found = soak.found
        _tell(soak)
    sys.exit(1 if found else 0)


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

    def run(self, seconds: float, every: float) -> None:
        """Cause trouble after trouble until the time is over; each is followed by the checks."""
        self.house.stage.start()
        threading.Thread(target=self._look, daemon=True).start()
        self.writers.start()
        for trouble in _endless(self._chance):
            begun = time.monotonic()
            self.writers.go_on()
            time.sleep(every * self._chance.uniform(0.2, 0.5))
            self._cause(trouble)
            time.sleep(max(0.0, begun + every * 0.8 - time.monotonic()))
            self._check(trouble)
            if self._age() + every > seconds:
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
        _say(
            f"{self._age():7.0f} s  {trouble.__name__:22} {len(acknowledged):7} acknowledged,"
            f" {len(self.house.relay.sent):7} sent, at rest in {took:4.1f} s,"
            f" violations {len(found)}{self._size()}"
        )
        for line in found[:5]:
            _say(f"           {line}")

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            seen = sample(self.house.stage.process_id, self._age())
            if seen:
                self.samples.append(seen)

    def _size(self) -> str:
        last = self.samples[-1:]
        return "".join(f", {s.pss_megabytes:.0f} MB, {s.descriptors} descriptors" for s in last)

    def _age(self) -> float:
        return time.monotonic() - self._started


@contextmanager
def _house() -> Iterator[House]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="maild-soak-")))
        why = missing("root") or missing("dovecot")
        if why:
            _say(f"without IMAP: {why}")
        dovecot: Dovecot | None = None
        if not why:
            dovecot = stack.enter_context(contextmanager(running_dovecot)())
        house = House(folder, dovecot)
        stack.enter_context(relay_of(house.relay, house.relay_port))
        yield house


def _endless(chance: random.Random) -> Iterator[Trouble]:
    """Every trouble once in a random order, again and again."""
    while True:
        yield from chance.sample(TROUBLES, len(TROUBLES))


def _tell(soak: Soak) -> None:
    sent = soak.house.relay.sent
    twice = len(sent) - len({mail.sha256 for mail in sent})
    _say(f"\ntroubles: {', '.join(f'{name} {n}' for name, n in sorted(soak.troubles.items()))}")
    _say(
        f"mails acknowledged {len(soak.writers.acknowledged)}, tried again {soak.writers.refused}"
    )
    _say(f"mails sent {len(sent)}, of them again with the same bytes {twice}")
    _say(f"at rest after {max(soak.settled_seconds, default=0):.1f} s at most")
    warm = [life for life in lives(soak.samples) if life]
    longest = max(warm, key=lambda life: life[-1].seconds - life[0].seconds, default=[])
    _say(_line("memory, MB (PSS with readers)", [(s.seconds, s.pss_megabytes) for s in longest]))
    _say(_line("descriptors", [(s.seconds, float(s.descriptors)) for s in longest]))
    _say(f"violations of I1 to I5 and of verify: {len(soak.found)}")


def _line(name: str, points: Sequence[tuple[float, float]]) -> str:
    line: Trend | None = trend(points)
    if line is None:
        return f"{name}: too few looks at one process"
    verdict = "flat" if line.is_flat else "NOT FLAT"
    return (
        f"{name}: mean {line.mean:.1f}, slope {line.per_hour:+.1f} an hour over"
        f" {line.seconds:.0f} s of the longest life: {verdict}"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
