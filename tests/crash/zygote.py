"""Starts daemons quickly: a process that has imported everything, and forks one on each `start`.

A daemon so made is a process like any other, with memory of its own that SIGKILL takes away; only
the two seconds of importing are spared, so that many kills fit into a test.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from maild.cli.run import run


def main(config: Path, log: Path) -> None:
    """Obey `start` and `wait` on standard input; answer with a process id or an exit code."""
    process_id = 0
    for line in sys.stdin:
        if line.strip() == "start":
            process_id = os.fork()
            if not process_id:
                _daemon(config, log)
            answer = process_id
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _daemon(config: Path, log: Path) -> None:
    os.setsid()
    for file, flags, target in (
        (os.devnull, os.O_RDONLY, 0),
        (str(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 1),
        (str(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 2),
    ):
        os.dup2(os.open(file, flags, 0o600), target)
    try:
        run(config, "")
    except BaseException:  # noqa: BLE001 - the end of a process
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
