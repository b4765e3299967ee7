"""Two simulations beside each other: what is different when one thing was changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from maild.errors import NotAllowed

SIZE = ("tickets", "days", "seed")
"""What must be the same, so that people do the same in both."""
_TOTAL, _LISTS = (
    "total",
    (("rules_fired", "rule"), ("promises_kept", "promise"), ("agents_did", "agent")),
)

Json = dict[str, Any]


def read(file: Path, size: Json) -> Json:
    """Read what `--json` wrote earlier; NotAllowed when it is none, or of another size."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotAllowed(f"{file}: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get(_TOTAL), dict):
        raise NotAllowed(f"{file} was not written by maild simulate --json")
    other = [f"--{name} {found.get(name)}" for name in SIZE if found.get(name) != size[name]]
    if other:
        raise NotAllowed(f"{file} was made with {' '.join(other)}: compare like with like")
    return found


def changes(before: Json, after: Json) -> list[Json]:
    """Return each number that differs: `what`, `before`, `after`; None for what was not there."""
    old, new = dict(_numbers(before)), dict(_numbers(after))
    return [
        {"what": what, "before": old.get(what), "after": new.get(what)}
        for what in dict.fromkeys((*new, *old))
        if old.get(what) != new.get(what)
    ]


def _numbers(document: Json) -> Iterator[tuple[str, float | None]]:
    for name, value in document[_TOTAL].items():
        if not isinstance(value, str):
            yield name, value
    for place, about in _LISTS:
        for one in document.get(place, ()):
            for name, value in one.items():
                if name != about:
                    yield f"{about} {one[about]}: {name}", value
