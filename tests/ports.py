"""Ports for servers that tests start."""

from __future__ import annotations

import contextlib
import random
import socket

_CHANCE = random.SystemRandom()
"""Not that of the tests: it begins alike in processes that run at the same time."""


def free_port() -> int:
    """Return a port below the range from which clients get theirs, where nobody listens.

    A client that dials a port of that range while nobody listens may be given the very same port
    and reach itself; then the listener finds its address in use.
    """
    while True:
        port = _CHANCE.randrange(15_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
