"""The pool of killable child processes in which `maild.reading` runs.

Strategy: each child has a thread of its own here, which hands it one mail at a time, waits with a
deadline and kills it when it is over. A child that died is replaced; the mail it had in hand
counts a failed try. What a child answers is plain JSON, checked field by field (`plainform`):
a parser that was taken over can lie about a mail, and no more.
"""

from __future__ import annotations

import os
import queue
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain
from typing import IO

from maild import plainform
from maild.core.mail import Answer, Envelope, Mail, ReadOptions
from maild.log import Event, event
from maild.metrics import Metric, count, measure
from maild.settings import RuntimeLimits

_LENGTH = struct.Struct(">I")
ANSWER_BYTES_MAX = 512 * 1024 * 1024
"""More than any mail within the limits makes; whoever says more was taken over."""
START_SECONDS_MAX = 30
PIPE_BYTES = 64 * 1024
"""What a pipe holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A mail that could not be read."""

    is_hostile: bool
    """Outside the limits for good; else a failed try that counts."""
    reason: str


Read = Mail | NotRead
_Job = tuple[bytes, Envelope, "Future[Read]"]


class ReaderPool:
    """A fixed number of children, each with one mail in hand."""

    def __init__(self, options: ReadOptions, runtime: RuntimeLimits) -> None:
        """Start the children; they get ready side by side."""
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._workers = [
            _Worker(self._queue, options, runtime) for _ in range(runtime.reader_processes)
        ]
        self._threads = [
            threading.Thread(target=worker.run, name=f"reader-{n}", daemon=True)
            for n, worker in enumerate(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def threads(self) -> tuple[threading.Thread, ...]:
        """One for each child: no mail is read without them."""
        return tuple(self._threads)

    def use(self, options: ReadOptions) -> None:
        """Read with these options from now on; each child is replaced before its next mail."""
        for worker in self._workers:
            worker.use(options)

    def submit(self, raw: bytes, envelope: Envelope) -> Future[Read]:
        """Have a mail read; the future never fails, it may say `NotRead`."""
        future: Future[Read] = Future()
        self._queue.put((raw, envelope, future))
        return future

    def close(self) -> None:
        """Finish what was submitted, then end the children."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()


class _Worker:
    """One thread and its child."""

    def __init__(
        self, jobs: queue.SimpleQueue[_Job | None], options: ReadOptions, runtime: RuntimeLimits
    ) -> None:
        self._jobs = jobs
        self._runtime = runtime
        self._hello = b""
        self._told = b""
        self.use(options)
        self._wall_seconds = runtime.reader_wall_seconds
        self._child: subprocess.Popen[bytes] | None = None

    def use(self, options: ReadOptions) -> None:
        bounds = (self._runtime.reader_cpu_seconds, self._runtime.reader_memory_bytes)
        self._hello = plainform.packed((options, *bounds))

    def run(self) -> None:
        self._start_early()
        while self._turn():
            pass
        self._end()

    def _turn(self) -> bool:
        """Have the next mail read; tell whether to go on. It keeps no mail while it waits."""
        job = self._jobs.get()
        if job is None:
            return False
        raw, envelope, future = job
        start = time.monotonic()
        try:
            future.set_result(self._read(raw, envelope))
            measure(Metric.READ_SECONDS, time.monotonic() - start)
        except Exception as error:  # noqa: BLE001 - loop top: the mail counts a failed try
            self._end()
            future.set_result(NotRead(is_hostile=False, reason=f"reader: {error}"))
        return True

    def _start_early(self) -> None:
        """A child that cannot start now is tried again with the first mail."""
        try:
            self._started()
        except Exception as error:  # noqa: BLE001 - loop top: without its thread no mail is read
            self._end()
            event(Event.WORK_FAILED, what="a reader did not start", error=error)

    def _read(self, raw: bytes, envelope: Envelope) -> Read:
        child = self._started()
        deadline = time.monotonic() + self._wall_seconds
        try:
            _send(_pipe(child.stdin), deadline, plainform.packed(envelope), raw)
            answer = _receive(_pipe(child.stdout), deadline)
        except TimeoutError:
            self._end()
            event(Event.READER_KILLED, why="time", seconds=self._wall_seconds)
            count(Metric.READER_KILLED, why="wall")
            return NotRead(is_hostile=False, reason=f"not read in {self._wall_seconds} seconds")
        except (OSError, EOFError):
            return self._died()
        if answer.mail is not None:
            return answer.mail
        return NotRead(is_hostile=answer.is_hostile, reason=answer.reason)

    def _died(self) -> NotRead:
        child = self._child
        code = child.wait(timeout=START_SECONDS_MAX) if child else None
        self._end()
        event(Event.READER_KILLED, why="died", code=code)
        count(Metric.READER_KILLED, why="cpu" if code == -signal.SIGXCPU else "crash")
        return NotRead(is_hostile=False, reason=f"the reader died with {code}")

    def _started(self) -> subprocess.Popen[bytes]:
        hello = self._hello
        if self._child is not None and self._child.poll() is None and self._told is hello:
            return self._child
        self._end()
        self._told = hello
        self._child = subprocess.Popen(
            [sys.executable, "-m", "maild.reading"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        os.set_blocking(_pipe(self._child.stdin).fileno(), False)
        deadline = time.monotonic() + START_SECONDS_MAX
        _send(_pipe(self._child.stdin), deadline, hello)
        _receive(_pipe(self._child.stdout), deadline)
        event(Event.READER_STARTED, pid=self._child.pid)
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "every child has both pipes"
    return pipe


def _send(pipe: IO[bytes], deadline: float, *messages: bytes) -> None:
    """Send small ones in one go, and large ones without a copy: a mail may have 25 MB."""
    framed = chain.from_iterable((_LENGTH.pack(len(data)), data) for data in messages)
    parts = [memoryview(part) for part in framed]
    while parts:
        _wait(pipe, select.POLLOUT, deadline)
        written = os.writev(pipe.fileno(), parts)
        while parts and written >= len(parts[0]):
            written -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][written:]


def _receive(pipe: IO[bytes], deadline: float) -> Answer:
    data = bytearray()
    _fill(data, _LENGTH.size, pipe, deadline)
    (size,) = _LENGTH.unpack_from(data)
    if size > ANSWER_BYTES_MAX:
        raise plainform.Misfit(f"an answer of {size} bytes")
    _fill(data, _LENGTH.size + size, pipe, deadline)
    return plainform.unpacked(Answer, memoryview(data)[_LENGTH.size :])


def _fill(data: bytearray, size: int, pipe: IO[bytes], deadline: float) -> None:
    """Read until there are so many bytes, and whatever came with them."""
    while len(data) < size:
        _wait(pipe, select.POLLIN, deadline)
        chunk = pipe.read(PIPE_BYTES)
        if not chunk:
            raise EOFError
        data += chunk


def _wait(pipe: IO[bytes], for_what: int, deadline: float) -> None:
    waiting = select.poll()
    waiting.register(pipe, for_what)
    if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError
