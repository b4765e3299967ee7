"""Tests of maild/log.py."""

from __future__ import annotations

import io
import logging
import os
import pty
import re
import threading
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from maild import log
from maild.core.token import Keys, Purpose, issue
from maild.log import Event, Level

TOKEN = issue(
    Keys(current=1, by_id={1: b"k" * 32}),
    purpose=Purpose.CUSTOMER,
    ticket=7,
    recipient="anna@example.com",
    today=date(2026, 11, 21),
)
HOSTILE = 'x"\n<3>mail.lost mail=1\r\x1b[31m\x85\u2028\u202e\x00\udc80 a=b \\'


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    log.configure(stream=stream, level=Level.DEBUG)
    yield stream
    log.configure()


@pytest.mark.parametrize("event", list(Event))
def test_every_event_is_one_line_with_its_own_priority(event: Event, written: io.StringIO) -> None:
    log.event(event, mail=1, note=HOSTILE)

    lines = written.getvalue().splitlines()
    assert len(lines) == 1
    assert re.match(rf"<{event.level}>{event} time=\S+Z mail=1 note=", lines[0])


@pytest.mark.parametrize("event", list(Event))
def test_every_event_is_named_noun_dot_past_and_says_when(event: Event) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", event)
    assert event.meaning


def test_no_value_can_forge_a_line_a_field_or_a_terminal_control(written: io.StringIO) -> None:
    log.event(Event.MAIL_POSTED, subject=HOSTILE, mail=5)

    text = written.getvalue()
    assert text.endswith(" mail=5\n")
    assert all(c.isprintable() for c in text.rstrip("\n"))
    assert r'subject="x\"\n<3>mail.lost mail=1\r\x1b[31m\x85\u2028\u202e\x00\udc80 a=b \\"' in text


@pytest.mark.parametrize(
    "value",
    [
        TOKEN,
        TOKEN.upper(),
        f"support+{TOKEN}@example.com",
        f"https://help.example/s/{TOKEN}/5",
        ["a", f"<{TOKEN}.1@x>"],
        f"x{TOKEN}y".encode(),
        "y" * 70_000 + TOKEN,
        "-" * (65_536 - 20) + TOKEN,
        "-" * 980 + TOKEN,
    ],
)
def test_a_token_is_masked_wherever_it_stands(value: object, written: io.StringIO) -> None:
    log.event(Event.MAIL_POSTED, address=value)

    assert TOKEN[10:30] not in written.getvalue().lower()


def test_the_start_of_a_token_stays_to_tell_them_apart(written: io.StringIO) -> None:
    log.event(Event.MAIL_POSTED, address=f"support+{TOKEN}@example.com")

    assert f"address=support+{TOKEN[:6]}…@example.com" in written.getvalue()


@pytest.mark.parametrize(
    "key", ["password", "imap_password", "token", "client_secret", "Authorization", "body", "text"]
)
def test_secrets_and_bodies_are_left_out_by_their_key(key: str, written: io.StringIO) -> None:
    fields: dict[str, Any] = {key: "hunter2"}

    log.event(Event.MAIL_POSTED, **fields)

    assert "hunter2" not in written.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "cannot open postgresql://maild:hunter2@db/maild",
        "refused: Bearer hunter2",
        "connect failed: user=x password=hunter2 host=db",
        "POST /token?client_secret: hunter2",
        "insert failed\n[parameters: ('hunter2',)]\n",
    ],
)
def test_secrets_are_left_out_by_their_shape_in_values_and_tracebacks(
    text: str, written: io.StringIO
) -> None:
    log.event(Event.WORK_FAILED, why=text, error=ValueError(text))

    assert "hunter2" not in written.getvalue()


def test_an_exception_is_written_with_its_traceback_in_the_same_line(
    written: io.StringIO,
) -> None:
    def broken() -> None:
        raise RuntimeError("bad\n<3>forged")

    with pytest.raises(RuntimeError) as caught:
        broken()

    log.event(Event.WORK_FAILED, mail=3, error=caught.value)

    line = written.getvalue()
    assert line.count("\n") == 1
    assert r'error="RuntimeError: bad\n<3>forged"' in line
    assert "in broken" in line.partition("traceback=")[2]


def test_a_long_value_is_cut_and_its_length_told(written: io.StringIO) -> None:
    log.event(Event.MAIL_POSTED, subject="é" * 5000)

    assert "… (5000)" in written.getvalue()
    assert len(written.getvalue()) < 1200


@pytest.mark.parametrize("piece", ["a", "://", "bearer ", "\n", "://a:b", "[parameters: "])
def test_a_megabyte_of_hostile_text_takes_no_time(piece: str, written: io.StringIO) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.perf_counter()

    log.event(Event.MAIL_POSTED, subject=text)

    assert time.perf_counter() - began < 0.5
    assert written.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    log.configure(stream=stream, level=Level.WARNING)

    log.event(Event.MAIL_POSTED, mail=1)
    log.event(Event.MAIL_HELD, mail=1)

    assert stream.getvalue().startswith("<4>mail.held ")
    log.configure()


def test_journald_gets_no_time_because_it_has_its_own() -> None:
    read, write = os.pipe()
    with os.fdopen(read, encoding="utf-8") as reader, os.fdopen(write, "w") as writer:
        status = os.fstat(writer.fileno())
        environment = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        log.configure(stream=writer, environment=environment)

        log.event(Event.MAIL_POSTED, mail=1)

        assert reader.readline() == "<6>mail.posted mail=1\n"
    log.configure()


def test_a_terminal_gets_colours_and_nothing_else_it_would_obey() -> None:
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as stream:
        log.configure(stream=stream)

        log.event(Event.WORK_FAILED, subject=HOSTILE, error=ValueError("bad\x1b[2J"))

        shown = os.read(reader, 65_536).decode()
    log.configure()
    os.close(reader)
    plain = re.sub(r"\x1b\[\d+m", "", shown)
    assert plain != shown
    assert "[error" in plain
    assert "work.failed" in plain
    assert "\x1b" not in plain
    assert "\n<3>" not in plain


def test_what_libraries_warn_of_becomes_an_event_and_chatter_does_not(
    written: io.StringIO,
) -> None:
    logging.getLogger("mail.log").info("250 anna@example.com")
    logging.getLogger("uvicorn.error").error("broken\n%s", "pipe")

    lines = written.getvalue().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("<3>library.spoke ")
    assert r'library=uvicorn.error message="broken\npipe"' in lines[0]


def test_a_library_that_formats_wrongly_stops_nobody(written: io.StringIO) -> None:
    record = logging.LogRecord("imapclient", logging.WARNING, "", 0, "%d", ("no number",), None)
    ours = [h for h in logging.getLogger().handlers if type(h).__module__ == "maild.log"]

    ours[0].emit(record)

    assert len(ours) == 1
    assert 'library=imapclient message="(cannot be shown)"' in written.getvalue()


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    stream.close()

    log.event(Event.MAIL_POSTED, mail=1)

    log.configure()


def test_threads_do_not_mix_their_lines(written: io.StringIO) -> None:
    def write() -> None:
        for _ in range(200):
            log.event(Event.MAIL_POSTED, subject="1" * 500)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = written.getvalue().splitlines()
    assert len(lines) == 800
    assert all(re.fullmatch(r"<6>mail\.posted time=\S+ subject=1{500}", line) for line in lines)


def test_what_a_thread_dies_of_is_an_event(written: io.StringIO) -> None:
    def broken() -> None:
        raise RuntimeError("bad\n<3>forged")

    thread = threading.Thread(target=broken, name="writer")
    thread.start()
    thread.join()

    assert written.getvalue().startswith("<3>work.failed ")
    assert written.getvalue().count("\n") == 1
    assert "thread=writer" in written.getvalue()


def test_a_field_may_have_any_name(written: io.StringIO) -> None:
    log.event(Event.MAIL_POSTED, event=1, fields=2, priority=3, self=4)

    assert written.getvalue().endswith(" event=1 fields=2 priority=3 self=4\n")
