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
        found: Json = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise NotAllowed(f"{file}: {error}") from error
    if not _is_ours(found):
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


def _is_ours(found: Any) -> bool:
    """Tell whether all that is compared later has the shape in which it is written."""
    return (
        isinstance(found, dict)
        and _is_row(found.get(_TOTAL), "")
        and all(isinstance(found.get(place, []), list) for place, _ in _LISTS)
        and all(_is_row(one, about) for place, about in _LISTS for one in found.get(place, ()))
    )


def _is_row(row: Any, about: str) -> bool:
    """Numbers, or None, by their names; beside them whom they are about, or texts of any name."""
    if not isinstance(row, dict) or (about and not isinstance(row.get(about), str)):
        return False
    values = (value for name, value in row.items() if name != about)
    return all(
        value is None or isinstance(value, (int, float) if about else (int, float, str))
        for value in values
    )


def _numbers(document: Json) -> Iterator[tuple[str, float | None]]:
    for name, value in document[_TOTAL].items():
        if not isinstance(value, str):
            yield name, value
    for place, about in _LISTS:
        for one in document.get(place, ()):
            for name, value in one.items():
                if name != about:
                    yield f"{about} {one[about]}: {name}", value
