"""Renews a token and is killed at any moment of it, again and again: `killed DATABASE URL KILLS`.

One process that has imported everything forks the ones that die. Each kill is followed by a life
that is let live, as a restarted daemon is; it writes `got` or what was refused, a line each.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from maild.access import Access
from maild.core.oauth import Client, Grant
from maild.core.token import Keys
from maild.errors import MaildError
from maild.store.database import open_database
from tests.oauth.provider import SCOPE, SECRET, USER

KEYS = Keys(current=1, by_id={1: bytes(32)})


def main(url: str, provider: str, kills: int) -> None:
    chance = random.Random(7)
    took = _lived(url, provider)
    for _ in range(kills):
        child = os.fork()
        if not child:
            _renew(url, provider)
        time.sleep(chance.random() * took)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        _lived(url, provider)


def _lived(url: str, provider: str) -> float:
    started = time.monotonic()
    child = os.fork()
    if not child:
        _renew(url, provider)
    os.waitpid(child, 0)
    return time.monotonic() - started


def _renew(url: str, provider: str) -> None:
    client = Client(
        name="test",
        grant=Grant.REFRESH,
        client_id="maild-test",
        secret=SECRET,
        scope=SCOPE,
        token_url=f"{provider}/token",
    )
    try:
        database = open_database(url)
        Access(database, KEYS, [client], "node").token("test", USER)
        told = "got"
    except MaildError as error:
        told = f"{type(error).__name__}: {error}"
    os.write(1, f"{told}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
