"""Rings the clock of an office and dies at the nth step: for each line `N FOLDER HOURS` a child.

A process that has imported everything and forks: only the imports are spared. A step is a
statement that is sent to the database, a commit, and the moment after it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from tests.ontime.office import Desk, renderer


def main() -> None:
    """Obey each line; answer with the child's exit code, 0 when it outlived all its steps."""
    renderer()
    for line in sys.stdin:
        number, folder, hours = line.split()
        process_id = os.fork()
        if not process_id:
            _ring(int(number), Path(folder), float(hours))
        code = os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


def _ring(number: int, folder: Path, hours: float) -> None:
    desk = Desk(folder)
    desk.sleep(hours)
    steps = 0

    def step(*_what: object) -> None:
        nonlocal steps
        steps += 1
        if steps == number:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit", "checkin"):
        target = desk.database.engine.pool if name == "checkin" else desk.database.engine
        event.listen(target, name, step)
    desk.alarm.step()
    os._exit(0)


if __name__ == "__main__":
    main()
