"""The pool of readers: what a child answers, and what happens when it dies or lies."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from maild.core.mail import Answer, Envelope, Mail, ReadOptions
from maild.plainform import Misfit, packed
from maild.reader import NotRead, ReaderPool, _receive, _send
from maild.settings import RuntimeLimits
from tests.operations.test_metrics import value

MAIL = (
    b"From: Carla <carla@customer.example>\r\nTo: support@desk.example\r\nSubject: Hello\r\n"
    b"Message-ID: <a@customer.example>\r\nAuto-Submitted: auto-replied\r\n\r\nGood morning.\r\n"
)


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    runtime = RuntimeLimits(reader_processes=1, reader_cpu_seconds=2, reader_wall_seconds=6)
    made = ReaderPool(ReadOptions(), runtime)
    yield made
    made.close()


def test_the_pool_reads(pool: ReaderPool) -> None:
    found = pool.submit(MAIL, Envelope()).result(30)

    assert isinstance(found, Mail)
    assert found.parsed.subject == "Hello"


LIES = (b"nonsense", b"[]", b'{"mail":"a mail"}', b"[[[[" * 9999)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie[:9].decode())
def test_a_child_that_was_taken_over_can_only_lie(lie: bytes) -> None:
    """Its mail counts a failed try; the daemon builds nothing out of what it says."""
    with _answering(struct.pack(">I", len(lie)) + lie) as pipe, pytest.raises(Misfit):
        _receive(pipe, time.monotonic() + 30)


def test_what_a_child_says_beyond_its_answer_is_no_answer_to_the_next_mail() -> None:
    lie = packed(Answer(reason="no"))
    framed = struct.pack(">I", len(lie)) + lie

    with _answering(framed * 2) as pipe, pytest.raises(Misfit, match="trailing"):
        _receive(pipe, time.monotonic() + 30)


def test_a_child_is_heard_by_a_daemon_with_thousands_of_open_files() -> None:
    answer = packed(Answer(reason="no"))
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, 2048), most))
    with _answering(struct.pack(">I", len(answer)) + answer) as pipe:
        high = fcntl.fcntl(pipe.fileno(), fcntl.F_DUPFD_CLOEXEC, 1024)

        with os.fdopen(high, "rb", buffering=0) as heard:
            assert _receive(heard, time.monotonic() + 30).reason == "no"
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))


def test_a_child_that_does_not_take_its_mail_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    with (
        os.fdopen(reading, "rb"),
        os.fdopen(writing, "wb", buffering=0) as pipe,
        pytest.raises(TimeoutError),
    ):
        _send(pipe, time.monotonic() + 0.1, b"an envelope", bytes(1 << 20))


def test_an_answer_larger_than_any_mail_is_not_waited_for() -> None:
    with _answering(b"\xff\xff\xff\xff") as pipe, pytest.raises(Misfit, match="4294967295 bytes"):
        _receive(pipe, time.monotonic() + 30)


@contextmanager
def _answering(data: bytes) -> Iterator[IO[bytes]]:
    reading, writing = os.pipe()
    os.write(writing, data)
    with os.fdopen(reading, "rb", buffering=0) as pipe, os.fdopen(writing, "wb"):
        yield pipe


def test_a_hostile_mail_is_told_from_a_failed_try(pool: ReaderPool) -> None:
    bomb = b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\nbody"

    found = pool.submit(bomb, Envelope()).result(30)

    assert isinstance(found, NotRead)
    assert found.is_hostile
    assert "header" in found.reason


@pytest.mark.parametrize(
    ("how", "why"), [(signal.SIGKILL, "crash"), (signal.SIGXCPU, "cpu")], ids=["crash", "cpu"]
)
def test_a_child_that_is_killed_is_replaced(
    pool: ReaderPool, how: signal.Signals, why: str
) -> None:
    """The mail in its hand counts a failed try; the next one is read by a new child.

    Killed before anything is in its hand, it costs no mail a try.
    """
    series = f'maild_reader_killed_total{{why="{why}"}}'
    before = value(series)
    assert isinstance(pool.submit(MAIL, Envelope()).result(30), Mail)
    child = _children()[0]
    os.kill(child, signal.SIGSTOP)
    doomed = pool.submit(MAIL, Envelope())
    os.kill(child, how)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGCONT)

    lost = doomed.result(30)
    found = pool.submit(MAIL, Envelope()).result(30)

    assert isinstance(lost, Mail | NotRead)
    assert value(series) == before + isinstance(lost, NotRead)
    assert isinstance(found, Mail)
    assert child not in _children()


def test_a_child_that_hangs_is_killed_after_its_time(pool: ReaderPool) -> None:
    assert isinstance(pool.submit(MAIL, Envelope()).result(30), Mail)
    before = value('maild_reader_killed_total{why="wall"}')
    os.kill(_children()[0], signal.SIGSTOP)

    found = pool.submit(MAIL, Envelope()).result(30)

    assert isinstance(found, NotRead)
    assert not found.is_hostile
    assert "6 seconds" in found.reason
    assert value('maild_reader_killed_total{why="wall"}') == before + 1
    assert isinstance(pool.submit(MAIL, Envelope()).result(30), Mail)


def test_new_options_are_used_from_the_next_mail_on(pool: ReaderPool) -> None:
    """A mailbox that a reload brought is one of our own for the readers, too."""
    own = ReadOptions(own_addresses=("carla@customer.example",))

    pool.use(own)
    found = pool.submit(MAIL, Envelope()).result(30)
    pool.use(ReadOptions())

    assert isinstance(found, Mail)
    assert found.classification.is_loop


def _children() -> list[int]:
    """The reader processes of this test process."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    pids = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    return [pid for pid in pids if b"maild.reading" in Path(f"/proc/{pid}/cmdline").read_bytes()]
