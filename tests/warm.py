"""Processes of maild that start quickly: forked from one that has imported everything.

    process = warm.start("--config", file, "run", stdout=log, stderr=log)
    done = warm.run("ticket", "list", cwd=folder)

They are for tests of what a process does. How a cold one starts, from its script, with another
Python or with libraries loaded before it, is tried by tests that call the script.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO

from tests.needs import ROOT

_ANSWER_BYTES_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A process to start: `maild ARGUMENTS`."""

    arguments: Sequence[str]
    folder: str
    environment: dict[str, str]
    names_itself: bool = False
    """LISTEN_PID becomes its process id, as systemd has it."""


class Process:
    """What tests use of `subprocess.Popen`."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._zygote = zygote
        self._ending = threading.Lock()
        """Only one thread asks for the code, and nobody sends signals to who may be another."""

    def poll(self) -> int | None:
        """Return the exit code, None while the process lives."""
        return self._code(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code; `subprocess.TimeoutExpired` if none comes."""
        code = self._code(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is known to have ended."""
        with self._ending:
            if self.returncode is None:
                os.kill(self.pid, number)

    def _code(self, seconds: float | None) -> int | None:
        if self.returncode is None and _has_ended(self.pid, seconds):
            with self._ending:
                if self.returncode is None:
                    self.returncode = self._zygote.code_of(self.pid)
        return self.returncode


class Zygote:
    """The process that forks others; one for all tests of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from tests import zygote; zygote.main()"],
                stdin=theirs.fileno(),
                cwd=ROOT,
                start_new_session=True,
            )

    def start(self, order: Order, descriptors: list[int]) -> int:
        """Fork a process that knows the descriptors as 0, 1 and so on; return its id."""
        return self._ask(json.dumps(asdict(order)).encode(), descriptors)

    def code_of(self, process_id: int) -> int:
        """Return the exit code of a process that has ended; to be asked once."""
        return self._ask(json.dumps(process_id).encode(), [])

    def close(self) -> None:
        """End it; what it started lives on."""
        self._calls.close()
        self._process.wait()

    def _ask(self, message: bytes, descriptors: list[int]) -> int:
        with self._lock:
            socket.send_fds(self._calls, [message], descriptors)
            answer = self._calls.recv(_ANSWER_BYTES_MAX)
        assert answer, "the process that forks others has ended"
        return int(json.loads(answer))


@cache
def zygote() -> Zygote:
    """Start it when it is wanted first; it ends with this process."""
    started = Zygote()
    atexit.register(started.close)
    return started


def start(
    *arguments: str,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    listener: int | None = None,
) -> Process:
    """Start `maild ARGUMENTS`; a stream that is not given is `/dev/null`.

    A `listener` is a socket that is handed over as systemd does, as descriptor 3 named smtp.
    """
    environment = dict(os.environ if env is None else env)
    assert not is_cold(environment), "a fork cannot have this environment"
    with Path(os.devnull).open("r+b", 0) as nothing:
        descriptors = [nothing.fileno() if one is None else one for one in (stdin, stdout, stderr)]
        if listener is not None:
            descriptors.append(listener)
            environment |= {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "smtp"}
        order = Order(
            arguments=arguments,
            folder=str(cwd),
            environment=environment,
            names_itself=listener is not None,
        )
        found = zygote()
        return Process(found, found.start(order, descriptors))


def run(
    *arguments: str,
    stdin: bytes = b"",
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[bytes]:
    """Run `maild ARGUMENTS` to its end, as `subprocess.run` with `capture_output` does."""
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as error,
    ):
        given.write(stdin)
        given.seek(0)
        numbers = (given.fileno(), out.fileno(), error.fileno())
        process = start(
            *arguments, stdin=numbers[0], stdout=numbers[1], stderr=numbers[2], cwd=cwd, env=env
        )
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            raise
        return subprocess.CompletedProcess(("maild", *arguments), code, _all(out), _all(error))


def told(
    *arguments: str,
    stdin: str = "",
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run `maild ARGUMENTS` as `run` does, in text."""
    done = run(*arguments, stdin=stdin.encode(), cwd=cwd, env=env, timeout=timeout)
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def is_cold(environment: Mapping[str, str]) -> bool:
    """Tell whether an environment has what counts before Python runs: only a new start gets it."""
    names = {name for name in (*environment, *os.environ) if name.startswith(("PYTHON", "LD_"))}
    return any(environment.get(name) != os.environ.get(name) for name in names)


def _all(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _has_ended(process_id: int, seconds: float | None) -> bool:
    """Wait so long for the end of a process; one that is not there any more has ended."""
    try:
        end = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        waiting = select.poll()
        waiting.register(end, select.POLLIN)
        return bool(waiting.poll(None if seconds is None else seconds * 1000))
    finally:
        os.close(end)
