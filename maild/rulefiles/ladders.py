"""When timed rules and the steps of ladders come: `after`, `every` and `times`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from maild.core.rule import After
from maild.settings.problems import nearest
from maild.settings.units import duration_seconds

STEPS_MAX = 24
_KEYS = ("after", "every", "times", "do")
_SECONDS_MAX = 366 * 86400
_WAIT_SECONDS_MAX = 10 * _SECONDS_MAX
_WORKING_DAYS = re.compile(r"([1-9]\d{0,2}) working days?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What is wrong with a step, and at which key of it."""

    text: str
    inside: tuple[str, ...] = ()


def wait(given: object) -> After | None:
    """Read how long a timed rule waits: a duration, or working days; None for neither."""
    days = _WORKING_DAYS.fullmatch(given) if isinstance(given, str) else None
    if days:
        return After(working_days=int(days[1]))
    seconds = _seconds(given, _WAIT_SECONDS_MAX)
    return After(seconds=seconds) if seconds else None


def times(table: dict[str, Any]) -> tuple[tuple[int, ...], Wrong | None]:
    """Return the seconds after which a step comes, once or repeatedly, and what is wrong."""
    foreign = next((key for key in table if key not in _KEYS), None)
    if foreign is not None:
        return (), Wrong(text=f"there is no key {foreign!r}{nearest(foreign, _KEYS)}")
    first = _seconds(table.get("after"))
    if not first:
        return (), Wrong(text='a step needs after = "15m", counted from the beginning')
    if "every" not in table and "times" not in table:
        return (first,), None
    every, often = _seconds(table.get("every")), table.get("times")
    fits = isinstance(often, int) and not isinstance(often, bool) and 1 < often <= STEPS_MAX
    if not every or not fits:
        words = f'a step that repeats needs every = "30m" and times = 2 to {STEPS_MAX}'
        return (), Wrong(text=words)
    return tuple(first + n * every for n in range(int(table["times"]))), None


def _seconds(given: object, most: int = _SECONDS_MAX) -> int:
    """Read a duration; 0 for what is none, or is too long."""
    try:
        seconds = duration_seconds(given if isinstance(given, str) else "")
    except ValueError:
        return 0
    return seconds if seconds <= most else 0
