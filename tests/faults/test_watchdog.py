"""The watchdog: systemd hears nothing from a daemon whose loop or database hangs.

The test is systemd: it reads what comes to `NOTIFY_SOCKET`. The daemon holds its database for
silent after three seconds instead of sixty, so that nobody waits.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.test_locked import locked
from tests.flows.stage import Stage, wait_for

HERE = Path(__file__).parent
CONFIG = (HERE / "config.toml").read_text(encoding="utf-8")
IMPATIENT = (sys.executable, str(HERE / "daemon.py"), "impatient")
WATCHDOG_SECONDS = 6
SILENCE_SECONDS = 2 * WATCHDOG_SECONDS / 3


class Systemd:
    """What the daemon said, and when."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self.words: list[str] = []

    def pings(self) -> int:
        """Read what came meanwhile; return how often the daemon said that it lives."""
        while True:
            try:
                self.words.append(self._stream.recv(4096).decode())
            except BlockingIOError:
                return sum("WATCHDOG=1" in words for words in self.words)

    def hears_more(self) -> float:
        """Wait for the next ping; return after how many seconds it came."""
        started, before = time.monotonic(), self.pings()
        wait_for(lambda: self.pings() > before, "no ping")
        return time.monotonic() - started

    def hears_nothing(self) -> float:
        """Wait until no ping comes for longer than the interval; return when the last one came."""
        started = last = time.monotonic()
        count = self.pings()
        while time.monotonic() - last < SILENCE_SECONDS + WATCHDOG_SECONDS / 3:
            assert time.monotonic() - started < 60, "it goes on saying that it lives"
            time.sleep(0.1)
            if self.pings() != count:
                count, last = self.pings(), time.monotonic()
        return last - started


@contextmanager
def systemd(stage: Stage) -> Iterator[Systemd]:
    path = stage.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stream:
        stream.bind(str(path))
        stream.setblocking(False)
        microseconds = str(WATCHDOG_SECONDS * 1_000_000)
        stage.environment |= {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": microseconds}
        yield Systemd(stream)


def test_a_daemon_that_hangs_falls_silent(tmp_path: Path, figures: Callable[..., None]) -> None:
    stage = Stage(tmp_path, CONFIG)
    stage.command = IMPATIENT
    try:
        with systemd(stage) as heard:
            stage.start()
            heard.hears_more()
            with locked(tmp_path / "state" / "maild.db"):
                of_the_database = heard.hears_nothing()
            heard.hears_more()
            stage.signal(signal.SIGUSR1)
            of_the_loop = heard.hears_nothing()
            heard.hears_more()
            assert stage.stop() == 0
            heard.pings()
    finally:
        stage.close()

    told = "\n".join(heard.words)
    figures(
        last_ping_after_a_lock_seconds=of_the_database, last_ping_after_a_hang_seconds=of_the_loop
    )
    assert "READY=1" in heard.words[0]
    assert told.index("READY=1") < told.index("WATCHDOG=1") < told.index("STOPPING=1")
