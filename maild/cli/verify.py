"""`maild verify`: is everything that is stored whole?"""

from __future__ import annotations

from pathlib import Path


def verify(config: Path | None, *, online: bool, as_json: bool) -> None:
    """Look at everything once, and say every problem with its row."""
    del config, online, as_json
