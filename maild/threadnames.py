"""Threads carry their names in the system too: `top -H`, `ps -L` and `perf` tell them apart.

Python does it by itself from 3.14 on.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

__all__ = ["show"]

NAME_BYTES_MAX = 15
"""Linux keeps so many, and silently cuts the rest."""


def show() -> None:
    """Write every thread's name where Linux shows it; elsewhere nothing happens.

    The first thread keeps its own: it is the name of the process.
    """
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            name = thread.name.encode("ascii", "replace")[:NAME_BYTES_MAX]
            with suppress(OSError):
                Path(f"/proc/self/task/{thread.native_id}/comm").write_bytes(name)
