"""Which part of a daemon uses the processor: its readers, and each of its threads by what it does.

Linux tells it of every thread, and the daemon gives its threads their names (`maild/threadnames.py`).
A part is measured in steps of 10 ms, so take many mails.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.soak.measure import children_of

READERS = "reading, in processes of their own"
LOOP = "event loop: SMTP in"
OTHER = "all other threads"
ROLES = {
    "clerk": "sending",
    "work": "work: decide, compose, commit",
    "journal-writer": "journal: makes mail durable",
    "send": "sending",
    "share": "sending",
    "reader": "handing mails to readers",
}
"""What a thread does, by its name without a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Processor seconds of a daemon and its children, by part."""

    parts: Mapping[str, float]

    @property
    def all(self) -> float:
        """Of all of it."""
        return sum(self.parts.values())

    @property
    def daemon(self) -> float:
        """Of the daemon's own process: its threads take turns, since Python lets one of them run."""
        return self.all - self.parts[READERS]

    def since(self, before: Shares) -> Shares:
        """Return what was used after another look."""
        parts = {part: used - before.parts.get(part, 0) for part, used in self.parts.items()}
        return Shares(parts=parts)


def look(process_id: int) -> Shares:
    """Look at a daemon that is ready; children that have ended are not seen."""
    threads: defaultdict[str, float] = defaultdict(float)
    for thread in Path(f"/proc/{process_id}/task").iterdir():
        with suppress(OSError):
            threads[_part(thread, process_id)] += _seconds(thread)
    ended = _seconds(Path(f"/proc/{process_id}")) - sum(threads.values())
    threads[OTHER] += max(0.0, ended)
    readers = sum(_seconds(Path(f"/proc/{child}")) for child in children_of(process_id))
    return Shares(parts={READERS: readers, **threads})


def _part(thread: Path, process_id: int) -> str:
    if thread.name == str(process_id):
        return LOOP
    name = (thread / "comm").read_text(encoding="utf-8", errors="replace").strip()
    return ROLES.get(re.sub(r"-\d+$", "", name), OTHER)


def _seconds(place: Path) -> float:
    """Processor time of a process or a thread."""
    fields = (place / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
