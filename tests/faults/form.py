"""Short or long: how often a fault is caused. `MAILD_FAULTS=long` is what `make faults FORM=long` sets."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("MAILD_FAULTS", "") == "long"


def times(short: int, long: int) -> int:
    """Return how often to do it in this run."""
    return long if IS_LONG else short
