"""How much room there is for mail to come, as `status` and `check --online` tell it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from maild.settings import Settings, room_wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The disk that the state lies on, or would lie on; all but the folder in bytes."""

    folder: Path
    free: int
    total: int
    wanted: int

    @property
    def is_short(self) -> bool:
        """Tell whether mail is refused for want of room."""
        return self.free < self.wanted


def room(known: Settings) -> Room:
    """Look at the disk; where there is no state folder yet, at that of the folder above."""
    folder = known.state_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    wanted = room_wanted(known.smtp, known.runtime)
    return Room(folder=folder, free=usage.free, total=usage.total, wanted=wanted)
