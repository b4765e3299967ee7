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
from maild.notify import FIRST_INHERITED_DESCRIPTOR


def main(config: Path, log: Path, listener: int) -> None:
    """Obey `start` and `wait` on standard input; answer with a process id or an exit code."""
    process_id = 0
    for line in sys.stdin:
        if line.strip() == "start":
            process_id = os.fork()
            if not process_id:
                _daemon(config, log, listener)
            answer = process_id
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _daemon(config: Path, log: Path, listener: int) -> None:
    os.setsid()
    if listener >= 0:
        os.dup2(listener, FIRST_INHERITED_DESCRIPTOR)
        told = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "smtp"}
        os.environ.update(told)
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
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
