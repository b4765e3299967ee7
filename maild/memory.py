"""Memory that nothing uses: little of it, and now and then it goes back to the system.

The C library keeps what was given back to it, for whoever asks next, in up to eight arenas a core
with holes of their own. Mails of all sizes in two dozen threads leave holes that are too small for
the next one: nothing is lost, and yet a busy process grows. What refers to itself waits until a
quarter of Python's objects are new; that makes holes as well.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from datetime import timedelta

__all__ = ["EVERY", "give_back", "share_arenas"]

EVERY = timedelta(minutes=1)
"""How often a daemon does it.

It takes some milliseconds of a thread that serves nobody, and up to 0.1 s after a burst that left
hundreds of MB; a thread that asks for memory of the same arena waits meanwhile.
"""
ARENAS = 2
"""Where all threads have their memory; the interpreter lets one of them work at a time anyway."""
_M_ARENA_MAX = -8
"""The name of this number in `mallopt(3)`."""


def share_arenas() -> bool:
    """Let the threads that start from now on share arenas; False without the GNU C library."""
    set_option = _of_the_c_library("mallopt")
    return set_option is not None and bool(set_option(_M_ARENA_MAX, ARENAS))


def give_back() -> bool:
    """Free what only refers to itself, and return whole pages of freed memory to the system.

    False where there was none, or no GNU C library.
    """
    gc.collect()
    trim = _of_the_c_library("malloc_trim")
    return trim is not None and bool(trim(0))


def _of_the_c_library(name: str) -> Callable[..., int] | None:
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except OSError:
        return None
