"""What the pool keeps of a mail while it waits for the next one: nothing; and what a child keeps."""

from __future__ import annotations

import gc
import io
import resource
import struct

import pytest

from maild.core.mail import Envelope, Mail, ReadOptions
from maild.plainform import packed
from maild.reader import ReaderPool
from maild.reading import serve
from maild.settings import RuntimeLimits
from tests.waiting import watched

MAIL = b"From: a@customer.example\r\nSubject: Hello\r\n\r\nGood morning.\r\n"


def test_a_mail_that_was_read_is_let_go() -> None:
    pool = ReaderPool(ReadOptions(), RuntimeLimits(reader_processes=1))
    raw, gone = watched(MAIL)
    read = pool.submit(raw, Envelope())
    del raw

    assert isinstance(read.result(30), Mail)

    assert gone.wait(30)
    pool.close()


def test_what_a_child_was_loaded_with_is_never_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    first = packed((ReadOptions(), 1, 1))

    serve(io.BytesIO(struct.pack(">I", len(first)) + first), io.BytesIO())

    kept = gc.get_freeze_count()
    gc.unfreeze()

    assert kept > 1000
