"""Memory and descriptors of a daemon, over time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WARM_SECONDS = 1200.0
"""A process that just started still fills its caches, with some 6,000 mails; that is not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at a daemon and its children."""

    process_id: int
    seconds: float
    """Since the soak began."""
    megabytes: float
    """Of its own memory and of its children's; what they share counts once."""
    descriptors: int


def sample(process_id: int, seconds: float) -> Sample | None:
    """Look at a daemon; None when it is gone, or has just gone."""
    family = (process_id, *children_of(process_id))
    try:
        descriptors = len(list(Path(f"/proc/{process_id}/fd").iterdir()))
        memory = sum(_own_memory(process) for process in family)
    except OSError:
        return None
    return Sample(
        process_id=process_id, seconds=seconds, megabytes=memory, descriptors=descriptors
    )


def children_of(process_id: int) -> list[int]:
    """Return the processes that a process has started."""
    found: list[int] = []
    for file in Path(f"/proc/{process_id}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(word) for word in file.read_text().split()]
    return found


def lives(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Return the warm samples of each process, in the order of their starts."""
    by_process: dict[int, list[Sample]] = {}
    for one in samples:
        by_process.setdefault(one.process_id, []).append(one)
    return [
        [one for one in life if one.seconds - life[0].seconds >= WARM_SECONDS]
        for life in by_process.values()
    ]


def _own_memory(process_id: int) -> float:
    """What the process itself has written to: pages of files are shared with whoever runs Python."""
    for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) / 1024
    return 0.0
