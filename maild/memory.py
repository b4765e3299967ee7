"""Memory that nothing uses goes back to the system now and then.

The C library keeps what was given back to it, for whoever asks next. Mails of all sizes in a dozen
threads leave holes that are too small for the next one: nothing is lost, and yet a busy process
grows by some 2 KB a mail.
"""

from __future__ import annotations

import ctypes
from datetime import timedelta

__all__ = ["EVERY", "give_back"]

EVERY = timedelta(minutes=1)
"""How often a daemon does it.

It takes some milliseconds of a thread that serves nobody, and up to 0.1 s after a burst that left
hundreds of MB; a thread that asks for memory of the same arena waits meanwhile.
"""


def give_back() -> bool:
    """Return whole pages of freed memory; False where there was none, or no GNU C library."""
    try:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except OSError:
        return False
    return trim is not None and bool(trim(0))
