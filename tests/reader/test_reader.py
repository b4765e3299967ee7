"""The pool of readers: what a child may answer, and what happens when it dies."""

from __future__ import annotations

import io
import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.core.mail import Envelope, Kind, Mail, ReadOptions
from maild.reader import NotRead, ReaderPool, _Unpickler
from maild.reading import packed, read
from maild.settings import RuntimeLimits

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


def test_a_mail_comes_back_from_the_child_as_it_was_read() -> None:
    """Enums included, whatever this release of Python does to them."""
    mail = read(MAIL, Envelope(), ReadOptions())

    back = _Unpickler(io.BytesIO(packed(mail))).load()

    assert back == mail
    assert back.classification.kind is Kind.AUTOREPLY
    assert b"getattr" not in packed(mail)


def test_a_child_cannot_make_the_daemon_run_anything() -> None:
    """A parser that was taken over may lie about a mail, and no more."""
    for hostile in (os.system, eval, getattr, pickle.loads):
        with pytest.raises(pickle.UnpicklingError):
            _Unpickler(io.BytesIO(pickle.dumps(hostile))).load()


DOTTED = [
    ("datetime", "__builtins__.get"),
    ("datetime", "sys.modules"),
    ("datetime", "sys"),
    ("datetime", "datetime.now"),
    ("maild.core.mail", "Mail.__init__"),
    ("maild.core.mail", "dataclass"),
    ("maild.core.mail", "StrEnum"),
    ("maild.core.mail", "__builtins__"),
]


@pytest.mark.parametrize(("module", "name"), DOTTED)
def test_nothing_but_the_values_themselves_is_reached(module: str, name: str) -> None:
    """Since protocol 4 a name may have dots and so lead to all that a module imported."""
    parts = (bytes([0x8C, len(part)]) + part.encode() for part in (module, name))
    hostile = b"\x80\x04" + b"".join(parts) + b"\x93."

    with pytest.raises(pickle.UnpicklingError, match="not a value of a mail"):
        _Unpickler(io.BytesIO(hostile)).load()


def test_the_pool_reads(pool: ReaderPool) -> None:
    found = pool.submit(MAIL, Envelope()).result(30)

    assert isinstance(found, Mail)
    assert found.parsed.subject == "Hello"


def test_a_hostile_mail_is_told_from_a_failed_try(pool: ReaderPool) -> None:
    bomb = b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\nbody"

    found = pool.submit(bomb, Envelope()).result(30)

    assert isinstance(found, NotRead)
    assert found.is_hostile
    assert "header" in found.reason


def test_a_child_that_is_killed_is_replaced(pool: ReaderPool) -> None:
    """The mail in its hand counts a failed try; the next one is read by a new child."""
    assert isinstance(pool.submit(MAIL, Envelope()).result(30), Mail)
    child = _children()[0]
    os.kill(child, signal.SIGSTOP)
    doomed = pool.submit(MAIL, Envelope())
    os.kill(child, signal.SIGKILL)

    lost = doomed.result(30)
    found = pool.submit(MAIL, Envelope()).result(30)

    assert isinstance(lost, Mail | NotRead)
    assert isinstance(found, Mail)
    assert child not in _children()


def test_a_child_that_hangs_is_killed_after_its_time(pool: ReaderPool) -> None:
    assert isinstance(pool.submit(MAIL, Envelope()).result(30), Mail)
    os.kill(_children()[0], signal.SIGSTOP)

    found = pool.submit(MAIL, Envelope()).result(30)

    assert isinstance(found, NotRead)
    assert not found.is_hostile
    assert "6 seconds" in found.reason
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
