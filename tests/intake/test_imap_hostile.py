"""A server that lies, floods, drips, hangs or talks nonsense costs its own mailbox, nothing else."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from maild.intake.imap_session import Waits
from tests.intake.imap_bench import QUICK, Store, opened_store, polling
from tests.intake.imap_fake import Answer, Dialogue, FakeServer
from tests.servers.dovecot import wait_until

_MIB = 1024


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened_store(tmp_path) as opened:
        yield opened


def test_a_server_that_behaves_gives_its_mail_once(store: Store) -> None:
    with FakeServer() as server, polling(store.desk(), server.settings()):
        wait_until(lambda: store.confirmed("fake") == 1, "nothing came")

    assert store.journalled("fake") == 1
    assert len(server.dialogues) == 1


@pytest.mark.parametrize(
    "greeting",
    [
        b"* BYE go away\r\n",
        b"220 mx.example.org ESMTP\r\n",
        b"\x16\x03\x01\x00\x05\r\n",
        b"x" * 3_000_000,
        b"* OK {4294967295}\r\n",
        b"",
    ],
    ids=["bye", "smtp", "binary", "endless line", "huge literal", "silence"],
)
def test_a_greeting_that_is_none_is_left_with_back_off(store: Store, greeting: bytes) -> None:
    rhythm = replace(QUICK, waits=Waits(connect=0.5, read=0.5, command=1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with (
        FakeServer(greeting=greeting) as server,
        polling(store.desk(), server.settings(), rhythm=rhythm),
    ):
        wait_until(lambda: len(server.dialogues) >= 3, "no further try")

    assert _error(store)
    _assert_bounded(before)


def _say(prefix: bytes, *parts: bytes) -> Answer:
    """Answer the first command that holds `prefix` with these bytes."""

    def answer(dialogue: Dialogue, tag: bytes, command: bytes) -> bool:
        if prefix not in command:
            return False
        dialogue.say(*(part.replace(b"TAG", tag) for part in parts))
        return True

    return answer


def _flood(dialogue: Dialogue, _tag: bytes, command: bytes) -> bool:
    """Never stop to tell small things."""
    while b"SEARCH" in command:
        dialogue.say(b"* 1 FETCH (FLAGS (\\Seen))\r\n" * 1000)
    return False


def _drip(dialogue: Dialogue, _tag: bytes, command: bytes) -> bool:
    """Send a byte now and then, so that no single read is late."""
    while b"SEARCH" in command:
        dialogue.say(b"x")
        time.sleep(0.1)
    return False


def _hang_up(dialogue: Dialogue, _tag: bytes, command: bytes) -> bool:
    if command.startswith(b"IDLE"):
        dialogue.say(b"+ idling\r\n")
        dialogue.connection.shutdown(socket.SHUT_RDWR)
        return True
    return False


def _refuse_second(dialogue: Dialogue, tag: bytes, command: bytes) -> bool:
    """Three mails, of which the second is never given."""
    words = command.split()
    uids = words[2].split(b",") if len(words) > 2 else []
    if b"BODY" in command and b"2" in uids:
        dialogue.say(tag, b" NO [SERVERBUG] cannot\r\n")
        return True
    if command.startswith(b"SELECT"):
        dialogue.say(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n")
    elif b"SEARCH" in command:
        dialogue.say(b"* SEARCH 1 2 3\r\n")
    elif b"FETCH" in command:
        for uid in uids:
            body = b"Subject: %s\r\n\r\nx\r\n" % uid
            literal = b" BODY[] {%d}\r\n%s" % (len(body), body) if b"BODY" in command else b""
            dialogue.say(b"* 1 FETCH (UID %s RFC822.SIZE 20%s)\r\n" % (uid, literal))
    else:
        return False
    dialogue.say(tag, b" OK done\r\n")
    return True


_BAD_ANSWERS = {
    "huge literal": _say(b"BODY", b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n", b"x" * 100_000),
    "huge literal in search": _say(b"SEARCH", b"* SEARCH {200000000000}\r\n"),
    "nested": _say(b"RFC822.SIZE", b"* 1 FETCH ", b"(" * 200_000, b"\r\nTAG OK done\r\n"),
    "no numbers": _say(b"SEARCH", b"* SEARCH one two\r\nTAG OK done\r\n"),
    "negative": _say(b"SELECT", b"* -1 EXISTS\r\n* OK [UIDVALIDITY -5] x\r\nTAG OK done\r\n"),
    "no uidvalidity": _say(b"SELECT", b"* 1 EXISTS\r\nTAG OK done\r\n"),
    "binary": _say(b"SEARCH", bytes(range(256)), b"\r\n"),
    "cut in half": _say(b"BODY", b"* 1 FETCH (UID 1 BODY[] {50}\r\nhalf", b"TAG OK done\r\n"),
    "bye": _say(b"SEARCH", b"* BYE shutting down\r\n"),
    "other tag": _say(b"SEARCH", b"ZZZZ9 OK done\r\n"),
    "flood": _flood,
    "drip": _drip,
    "end in idle": _hang_up,
    "silence": lambda _dialogue, _tag, command: b"SEARCH" in command,
}


@pytest.mark.parametrize("kind", _BAD_ANSWERS)
def test_nonsense_ends_the_connection_and_not_the_poller(
    store: Store, kind: str, figures: Callable[..., None]
) -> None:
    rhythm = replace(QUICK, waits=Waits(connect=1, read=0.5, command=1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()

    with (
        FakeServer(_BAD_ANSWERS[kind]) as server,
        polling(store.desk(), server.settings(), rhythm=rhythm),
    ):
        wait_until(lambda: len(server.dialogues) >= 3, "no further try")
        seconds = time.monotonic() - started
        tries = len(server.dialogues)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    figures(
        kinds_of_nonsense=1,
        hangs=0,
        tries_a_second_at_most=tries / seconds,
        grew_by_at_most_MB=grown / 1024,
    )
    assert tries / seconds < 25
    assert _error(store) or kind in ("end in idle", "huge literal")
    _assert_bounded(before)


def test_the_wait_grows_while_connections_die_young(store: Store) -> None:
    """As the server's clock tells it, no wait is too short; a slow machine makes them longer."""
    rhythm = replace(QUICK, retry_min=0.1, retry_max=60)

    with FakeServer(_hang_up) as server, polling(store.desk(), server.settings(), rhythm=rhythm):
        wait_until(lambda: len(server.dialogues) >= 5, "no further try")

    apart = [after.began - before.began for before, after in pairwise(server.dialogues[:5])]
    assert all(wait >= least for wait, least in zip(apart, (0.05, 0.1, 0.2, 0.4), strict=True))


def test_a_mail_that_is_never_given_does_not_stop_the_others(store: Store) -> None:
    with FakeServer(_refuse_second) as server, polling(store.desk(), server.settings()):
        wait_until(lambda: store.journalled("fake") == 2, "the neighbours wait")
        wait_until(lambda: _behind(store) == 1, "nobody tells of it")


def test_a_mail_that_is_far_larger_than_told_is_left_for_good(store: Store) -> None:
    answer = _say(b"BODY", b"* 1 FETCH (UID 1 BODY[] {99999999}\r\n")

    with FakeServer(answer) as server, polling(store.desk(bytes_max=100_000), server.settings()):
        wait_until(lambda: len(store.passed_over("fake")) == 1, "it is tried for ever")

    assert "more than it said" in store.passed_over("fake")[0]


def test_a_mail_that_is_gone_is_not_moved_for_ever(store: Store) -> None:
    taken: list[bytes] = []

    def answer(dialogue: Dialogue, tag: bytes, command: bytes) -> bool:
        if b"COPY" in command or command.startswith(b"CREATE"):
            taken.append(command)
            dialogue.say(tag, b" NO no such mail\r\n")
            return True
        if b"RFC822.SIZE" in command and taken:
            dialogue.say(tag, b" OK it is gone\r\n")
            return True
        return False

    with (
        FakeServer(answer) as server,
        polling(store.desk(), server.settings(after="move:Done")),
    ):
        wait_until(lambda: store.confirmed("fake") == 1, "it is moved for ever")

    assert store.journalled("fake") == 1


def test_lone_line_ends_are_brought_into_order_before_they_are_kept(store: Store) -> None:
    raw = b"From: a@example.org\nSubject: x\r\n\nbody\rline\n"

    with FakeServer(raw=raw) as server, polling(store.desk(), server.settings()):
        wait_until(lambda: store.confirmed("fake") == 1, "nothing came")

    assert store.raws("fake") == [b"From: a@example.org\r\nSubject: x\r\n\r\nbody\r\nline\r\n"]


def test_news_before_the_server_agrees_to_idle_are_looked_for_at_once(store: Store) -> None:
    told: list[bytes] = []

    def answer(dialogue: Dialogue, _tag: bytes, command: bytes) -> bool:
        if command.startswith(b"IDLE") and not told:
            told.append(command)
            dialogue.say(b"* 1 EXISTS\r\n+ idling\r\n")
            return True
        return False

    rhythm = replace(QUICK, idle=60)
    with FakeServer(answer) as server, polling(store.desk(), server.settings(), rhythm=rhythm):
        wait_until(lambda: _count(server, b"SELECT") >= 2, "the news were lost", 5)

    assert len(server.dialogues) == 1


def test_events_in_the_segment_of_the_plus_are_not_lost(store: Store) -> None:
    def answer(dialogue: Dialogue, _tag: bytes, command: bytes) -> bool:
        if command.startswith(b"IDLE") and _count(server, b"IDLE") == 1:
            dialogue.say(b"+ idling\r\n* 1 EXISTS\r\n")
            return True
        return False

    rhythm = replace(QUICK, idle=60)
    with FakeServer(answer) as server, polling(store.desk(), server.settings(), rhythm=rhythm):
        wait_until(lambda: _count(server, b"SELECT") >= 2, "the event was lost", 5)


def test_a_chatty_server_does_not_keep_us_busy(store: Store) -> None:
    def answer(dialogue: Dialogue, _tag: bytes, command: bytes) -> bool:
        if command.startswith(b"IDLE"):
            dialogue.say(b"+ idling\r\n* OK still here\r\n")
            return True
        return False

    rhythm = replace(QUICK, quiet=0.5)
    with FakeServer(answer) as server, polling(store.desk(), server.settings(), rhythm=rhythm):
        wait_until(lambda: _count(server, b"IDLE") >= 2, "no IDLE")
        before = _count(server, b"IDLE")
        time.sleep(2)
        looks = _count(server, b"IDLE") - before

    assert looks <= 5


def test_a_hanging_read_ends_at_once_when_asked_to(store: Store) -> None:
    answer: Answer = lambda _dialogue, _tag, command: b"SEARCH" in command  # noqa: E731
    rhythm = replace(QUICK, waits=Waits(connect=60, read=60, command=60))

    with (
        FakeServer(answer) as server,
        polling(store.desk(), server.settings(), rhythm=rhythm) as intake,
    ):
        wait_until(lambda: _count(server, b"SEARCH") == 1, "no search")
        started = time.monotonic()
        assert intake.stop(5)

    assert time.monotonic() - started < 20


def test_a_hanging_greeting_ends_at_once_when_asked_to(store: Store) -> None:
    rhythm = replace(QUICK, waits=Waits(connect=60, read=60, command=60))

    with (
        FakeServer(greeting=b"") as server,
        polling(store.desk(), server.settings(), rhythm=rhythm) as intake,
    ):
        wait_until(lambda: len(server.dialogues) == 1, "no connection")
        started = time.monotonic()
        assert intake.stop(5)

    assert time.monotonic() - started < 20


def _error(store: Store) -> str:
    state = store.ledger.state("fake")
    return state.last_error if state else ""


def _behind(store: Store) -> int:
    state = store.ledger.state("fake")
    return state.behind if state else 0


def _count(server: FakeServer, word: bytes) -> int:
    return sum(word in line for line in server.lines)


def _assert_bounded(before: int) -> None:
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // _MIB
    assert grown < 60, f"memory grew by {grown} MiB"
