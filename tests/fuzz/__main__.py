"""`make fuzz`: broken mails through a real reader child, with its own limits, for a while.

What the child cannot read, what takes too long, and what breaks a law is written to var/fuzz,
made as small as a hundred tries allow.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future

from maild import log
from maild.reader import NotRead, Read, ReaderPool
from maild.settings import RuntimeLimits
from tests.fuzz.laws import ENVELOPE, OPTIONS, broken
from tests.fuzz.mutation import mutated
from tests.fuzz.seeds import every
from tests.needs import ROOT

FOLDER = ROOT / "var" / "fuzz"
SHRINK_TRIES = 100
AHEAD = 4
ADVICE = """To turn one into a test: copy it to tests/samples/WHAT-IT-IS.eml, where
tests/parse/test_read_laws.py holds every mail against the laws, see it fail, and mend the reader.
"""


def main() -> int:
    """Fuzz; 0 when nothing broke, 1 when something lies in var/fuzz."""
    wanted = argparse.ArgumentParser(prog="make fuzz")
    wanted.add_argument("--seconds", type=float, default=600)
    wanted.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = wanted.parse_args()
    log.configure(environment={}, level=log.Level.ERROR)
    sys.stdout.write(f"fuzzing for {options.seconds:.0f} seconds with --seed {options.seed}\n")
    pool = ReaderPool(OPTIONS, RuntimeLimits(reader_processes=1))
    try:
        tried, faults = _fuzzed(pool, random.Random(options.seed), options.seconds)
    finally:
        pool.close()
    sys.stdout.write(f"{tried} mails, {faults} of them broke something\n")
    if faults:
        sys.stdout.write(ADVICE)
    return 1 if faults else 0


def fault_of(pool: ReaderPool, raw: bytes) -> str:
    """Read one mail in the child; say what broke, or nothing."""
    read = pool.submit(raw, ENVELOPE).result()
    return _judged(raw, read)


def _fuzzed(pool: ReaderPool, chance: random.Random, seconds: float) -> tuple[int, int]:
    """Keep a few mails ahead of the child, so that it never waits for us."""
    seeds = list(every())
    deadline = time.monotonic() + seconds
    tried, found = 0, dict[str, str]()
    pending: list[tuple[bytes, Future[Read]]] = []
    while time.monotonic() < deadline or pending:
        while time.monotonic() < deadline and len(pending) < AHEAD:
            raw = mutated(chance.choice(seeds), chance, seeds)
            pending.append((raw, pool.submit(raw, ENVELOPE)))
        raw, future = pending.pop(0)
        fault = _judged(raw, future.result())
        tried += 1
        if fault and _kind(fault) not in found:
            found[_kind(fault)] = fault
            _kept(smallest(raw, lambda one: _kind(fault_of(pool, one)) == _kind(fault)), fault)  # noqa: B023
    return tried, len(found)


def _judged(raw: bytes, read: Read) -> str:
    if isinstance(read, NotRead):
        return "" if read.is_hostile else read.reason
    return "; ".join(broken(raw, read))


def _kind(fault: str) -> str:
    """Faults that differ only in what they quote are one."""
    return "".join(c for c in fault.split("'", maxsplit=1)[0] if not c.isdigit())[:60]


def smallest(raw: bytes, is_broken: Callable[[bytes], bool]) -> bytes:
    """Cut pieces out, ever smaller ones, as long as the rest still breaks."""
    size, tries = max(1, len(raw) // 2), 0
    while size and tries < SHRINK_TRIES:
        at = 0
        while at < len(raw) and tries < SHRINK_TRIES:
            shorter = raw[:at] + raw[at + size :]
            tries += 1
            if is_broken(shorter):
                raw = shorter
            else:
                at += size
        size //= 2
    return raw


def _kept(raw: bytes, fault: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{hashlib.sha256(raw).hexdigest()[:16]}.eml"
    path.write_bytes(raw)
    sys.stdout.write(f"{path.relative_to(ROOT)}: {fault[:300]}\n")


if __name__ == "__main__":
    sys.exit(main())
