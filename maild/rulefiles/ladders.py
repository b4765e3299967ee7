"""When the steps of a ladder come: `after`, `every` and `times` of a `[[rule.step]]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from maild.settings.problems import nearest
from maild.settings.units import duration_seconds

STEPS_MAX = 24
_KEYS = ("after", "every", "times", "do")
_SECONDS_MAX = 366 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What is wrong with a step, and at which key of it."""

    text: str
    inside: tuple[str, ...] = ()


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


def _seconds(given: object) -> int:
    """Read a duration; 0 for what is none, or is longer than a year."""
    try:
        seconds = duration_seconds(given if isinstance(given, str) else "")
    except ValueError:
        return 0
    return seconds if seconds <= _SECONDS_MAX else 0
