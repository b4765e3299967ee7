"""A stage whose machine falls asleep, so that a story of weeks is played in seconds."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.flows.stage import Stage

ASLEEP = Path(__file__).parent / "asleep.py"
DAY = 86_400


class Sleeper(Stage):
    """A house on a machine that falls asleep."""

    def __init__(self, folder: Path, config: str, **values: object) -> None:
        """Let its daemon go by the clocks of a machine that has not slept yet."""
        super().__init__(folder, config, **values)
        self.days = 0.0
        self.command = (sys.executable, str(ASLEEP), str(folder / "slept"))
        self.sleeps(0)

    def sleeps(self, days: float) -> None:
        """Let the machine sleep for so many days."""
        self.days += days
        slept = self.folder / "slept.new"
        slept.write_text(f"{self.days * DAY}", encoding="ascii")
        slept.rename(self.folder / "slept")
