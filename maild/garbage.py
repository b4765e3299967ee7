"""Garbage that refers to itself, which Python finds by walking over all objects that are there."""

from __future__ import annotations

import gc

__all__ = ["settle"]


def settle() -> None:
    """Spare the collector what is there for good: it would walk over it for ever."""
    gc.collect()
    gc.freeze()
