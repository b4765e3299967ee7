"""`make soak`: five mails a second for hours, something breaks each minute, and nothing may be lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.crash.daemons import relay_of
from tests.needs import missing
from tests.servers.dovecot import Dovecot, running_dovecot
from tests.soak.house import House
from tests.soak.measure import lives
from tests.soak.run import Soak, say
from tests.soak.trend import Verdict, trend


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


@contextmanager
def _house() -> Iterator[House]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="maild-soak-")))
        why = missing("root") or missing("dovecot")
        if why:
            say(f"without IMAP: {why}")
        dovecot: Dovecot | None = None
        if not why:
            dovecot = stack.enter_context(contextmanager(running_dovecot)())
        house = House(folder, dovecot)
        stack.enter_context(relay_of(house.relay, house.relay_port))
        yield house


def _tell(soak: Soak) -> None:
    sent = soak.house.relay.sent
    twice = len(sent) - len({mail.sha256 for mail in sent})
    say(f"\ntroubles: {', '.join(f'{name} {n}' for name, n in sorted(soak.troubles.items()))}")
    say(f"mails acknowledged {len(soak.writers.acknowledged)}, tried again {soak.writers.refused}")
    say(f"mails sent {len(sent)}, of them again with the same bytes {twice}")
    say(f"at rest after {max(soak.settled_seconds, default=0):.1f} s at most")
    warm = [life for life in lives(soak.samples) if life]
    longest = max(warm, key=lambda life: life[-1].seconds - life[0].seconds, default=[])
    say(_line("memory, MB (its own, with readers)", [(s.seconds, s.megabytes) for s in longest]))
    say(_line("descriptors", [(s.seconds, float(s.descriptors)) for s in longest]))
    say(f"violations of I1 to I5 and of verify: {len(soak.found)}")


def _line(name: str, points: Sequence[tuple[float, float]]) -> str:
    line = trend(points)
    if line is None:
        return f"{name}: {Verdict.TOO_SHORT}"
    return (
        f"{name}: mean {line.mean:.1f}, slope {line.per_hour:+.1f} ± {line.error:.1f} an hour over"
        f" {line.seconds:.0f} s of the longest life, once warm: {line.verdict}"
    )


if __name__ == "__main__":
    main()
