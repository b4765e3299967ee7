"""Daemons that start quickly, so that many of them can be killed, and the relay that they use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from aiosmtpd.controller import Controller

from tests.crash.people import Sink
from tests.flows.stage import Stage
from tests.needs import ROOT

HERE = Path(__file__).parent
_Sink = TypeVar("_Sink")


class Zygote:
    """The process that forks daemons."""

    def __init__(self, stage: Stage, listener: int = -1) -> None:
        """Serve a stage; `listener` is a socket's descriptor, handed over as systemd does."""
        command = [sys.executable, str(HERE / "zygote.py"), str(stage.config), str(stage.log_file)]
        self.last = 0
        inherited = (listener,) if listener >= 0 else ()
        self._process = subprocess.Popen(
            [*command, str(listener)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            pass_fds=inherited,
        )

    def start(self) -> int:
        """Start a daemon; return its process id, which is `last` from now on."""
        self.last = self._ask("start")
        return self.last

    def wait(self) -> int:
        """Return the exit code of the last daemon once it has ended."""
        return self._ask("wait")

    def close(self) -> None:
        """End the process that forks; daemons live on."""
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()

    def _ask(self, word: str) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def relay_of(sink: _Sink, port: int) -> Iterator[_Sink]:
    """Let a relay take mail on a port."""
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop(no_assert=True)


@contextmanager
def sink_of(port: int) -> Iterator[Sink]:
    """A relay that keeps count."""
    with relay_of(Sink(), port) as sink:
        yield sink
