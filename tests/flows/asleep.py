"""`maild` on a machine that may fall asleep: `python asleep.py FILE ARGUMENT...`.

FILE holds how many seconds the machine has slept so far. The wall clock and the machine's own, that
nobody sets, have both gone on when it wakes up, so that neither is doubted.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from maild import now, timekeeper

awake, running = now.utc_now, timekeeper.since_start


def main() -> None:
    """Let the clocks tell the time with the sleep in it, before anything has asked for them."""
    file = Path(sys.argv.pop(1))

    def slept() -> timedelta:
        return timedelta(seconds=float(file.read_text(encoding="ascii")))

    def wall() -> datetime:
        return awake() + slept()

    def steady() -> timedelta:
        return running() + slept()

    now.utc_now = wall
    timekeeper.since_start = steady
    from maild.cli.main import main as maild

    maild()


if __name__ == "__main__":
    main()
