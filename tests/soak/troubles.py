"""What goes wrong in a soak, one thing a minute: each trouble begins, lasts, and is over."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from tests.faults.test_locked import locked
from tests.flows.stage import wait_for
from tests.soak.house import House
from tests.soak.measure import children_of
from tests.soak.people import Mood

LASTS_SECONDS = 12
READER = "maild.reading"
Trouble = Callable[[House], None]


def killed(house: House) -> None:
    """Kill -9."""
    house.stage.kill()
    house.stage.start()


def restarted(house: House) -> None:
    """SIGTERM, as an upgrade does."""
    assert house.stage.stop() == 0, house.stage.log()[-2000:]
    house.stage.start()


def relay_refuses(house: House) -> None:
    """451 to everything."""
    _in_mood(house, Mood.REFUSES)


def relay_hangs(house: House) -> None:
    """No answer after the dot."""
    _in_mood(house, Mood.HANGS)


def imap_gone(house: House) -> None:
    """No IMAP server for a while."""
    if house.dovecot:
        house.dovecot.stop()
        time.sleep(LASTS_SECONDS)
        house.dovecot.start()


def reloaded(house: House) -> None:
    """SIGHUP with a good file."""
    house.rename(f"Example {random.randrange(100)}")
    _hup(house, "settings.reloaded")


def reloaded_with_nonsense(house: House) -> None:
    """SIGHUP with a bad file."""
    good = house.stage.config.read_text(encoding="utf-8")
    house.stage.config.write_text(good.replace("[[agent]]", "[[agents]]"), encoding="utf-8")
    _hup(house, "settings.refused")
    house.stage.config.write_text(good, encoding="utf-8")


def database_locked(house: House) -> None:
    """Somebody else writes, and takes long."""
    with locked(house.folder / "state" / "maild.db"):
        time.sleep(LASTS_SECONDS)


def reader_killed(house: House) -> None:
    """Kill -9 to a process that reads mails."""
    readers = [c for c in children_of(house.stage.process_id) if READER in _line_of(c)]
    assert readers, "no reader to kill"
    for reader in readers:
        with suppress(ProcessLookupError):
            os.kill(reader, signal.SIGKILL)


TROUBLES: tuple[Trouble, ...] = (
    killed,
    relay_refuses,
    imap_gone,
    database_locked,
    reader_killed,
    reloaded,
    relay_hangs,
    reloaded_with_nonsense,
    restarted,
)
SURVIVED = tuple(trouble for trouble in TROUBLES if trouble not in (killed, restarted))
"""Those that the daemon lives through: whether it grows is seen in a long life."""


def endless(chance: random.Random, is_to_live: Callable[[], bool]) -> Iterator[Trouble]:
    """Every trouble once in a random order, again and again; none that ends a daemon which is to live."""
    while True:
        for trouble in chance.sample(TROUBLES, len(TROUBLES)):
            if trouble in SURVIVED or not is_to_live():
                yield trouble


def _in_mood(house: House, mood: Mood) -> None:
    house.relay.mood = mood
    time.sleep(LASTS_SECONDS)
    house.relay.mood = Mood.TAKES


def _hup(house: House, answer: str) -> None:
    before = house.stage.log().count(answer)
    house.stage.signal(signal.SIGHUP)
    wait_for(lambda: house.stage.log().count(answer) > before, f"no {answer}")


def _line_of(process_id: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""
