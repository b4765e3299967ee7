"""Daemons that start quickly, so that many of them can be killed, and the relay that they use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from aiosmtpd.controller import Controller

from tests import warm
from tests.crash.people import Sink
from tests.flows.stage import Stage

_Sink = TypeVar("_Sink")


class Zygote:
    """Starts the daemons of a stage, one after the other."""

    def __init__(self, stage: Stage, listener: int = -1) -> None:
        """Serve a stage; `listener` is a socket's descriptor, handed over as systemd does."""
        self._stage = stage
        self._listener = listener if listener >= 0 else None
        self._process: warm.Process | None = None

    @property
    def last(self) -> int:
        """The process id of the last daemon; 0 before the first."""
        return self._process.pid if self._process else 0

    def start(self) -> int:
        """Start a daemon; return its process id, which is `last` from now on."""
        with self._stage.log_file.open("ab") as log:
            self._process = warm.start(
                *("--config", str(self._stage.config), "run"),
                stdout=log.fileno(),
                stderr=log.fileno(),
                listener=self._listener,
            )
        return self.last

    def wait(self) -> int:
        """Return the exit code of the last daemon once it has ended."""
        assert self._process
        return self._process.wait()

    def close(self) -> None:
        """Start no more; what was started lives on."""
        self._process = None


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
