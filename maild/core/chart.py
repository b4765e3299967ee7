"""Charts as values: what the program that draws them is told, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars side by side, the last one standing out; what each one says stands above it."""

    name: str
    """Letters only: a part of a mail is called so."""
    labels: tuple[str, ...]
    """Below the bars."""
    heights: tuple[int, ...]
    """In thousandths of the highest that there may be."""
    texts: tuple[str, ...]
    """Above the bars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """What is to be drawn."""

    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Pictures of the charts, in their order: PNG."""

    pictures: tuple[bytes, ...]
