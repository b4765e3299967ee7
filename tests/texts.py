"""The shipped templates, read and tried once a process and not once a test.

A renderer changes nothing of itself, so all may share it. What has templates of its own gets a
renderer of its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from maild import furnish, settings
from maild.outbox.render import Renderer


@cache
def shipped() -> Renderer:
    """Return the renderer of the shipped templates."""
    return Renderer((_folder(),))


def keep_shipped() -> None:
    """From now on houses of this process without templates of their own share one renderer."""
    vars(furnish)["Renderer"] = _renderer


@cache
def _folder() -> Path:
    return settings.shipped("templates").resolve()


def _renderer(folders: tuple[Path, ...]) -> Renderer:
    """Return a renderer as `Renderer` would."""
    if all(folder.resolve() == _folder() for folder in folders):
        return shipped()
    return Renderer(folders)
