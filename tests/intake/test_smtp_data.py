"""The end of a mail, its dots, its line ends: nothing is smuggled, nothing is changed."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.intake.newlines import canonical, is_canonical
from maild.intake.smtp_data import SPOOL_BYTES, MailData, State, judged
from maild.settings import SmtpSettings
from tests.intake.listener import ANYWHERE, Client, Listener, Setup, Store, sha256

HEAD = b"From: a@b.example\r\nSubject: x\r\n\r\n"
INNER = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<support@mail.example>\r\nDATA\r\nsecond\r\n.\r\n"

ENDS = [
    b"\r\n.\n",
    b"\n.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r\n.\r",
    b"\r.\r\n",
    b"\r.\n",
    b"\n.\r",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n. \r\n",
    b"\r\n .\r\n",
    b"\r\r\n.\r\r\n",
    b"\n\r.\n\r",
    b"\r\n.\r\r\n",
    b"\r\n..\r\n",
]


def _read(sent: bytes, cuts: list[int], limit: int = 10**9) -> tuple[MailData, bytes]:
    """Feed bytes in the pieces that the cuts make."""
    data = MailData(limit, 10**9)
    places = sorted({0, *(cut % (len(sent) + 1) for cut in cuts), len(sent)})
    rest = b""
    for start, end in pairwise(places):
        if data.state is State.OPEN:
            rest = data.feed(sent[start:end])
        else:
            rest += sent[start:end]
    return data, rest


def _stuffed(text: bytes) -> bytes:
    lines = [b"." + line if line.startswith(b".") else line for line in text.split(b"\r\n")]
    return b"\r\n".join(lines) + b".\r\n"


@pytest.mark.parametrize("end", ENDS)
def test_only_crlf_dot_crlf_ends_a_mail_on_smtp(
    listener: Listener, kept: Store, end: bytes
) -> None:
    with Client(listener.port) as client:
        client.begin()
        client.send(HEAD + b"first" + end + INNER)
        reply = client.reply()

        assert client.say("NOOP") == "250 2.0.0 nothing done", "one reply, then in step"
    assert reply.startswith("250" if is_canonical(end) else "550 5.6.11")
    assert kept.count() == is_canonical(end)


@pytest.mark.parametrize("end", ENDS)
def test_only_crlf_dot_crlf_ends_a_mail_on_lmtp(kept: Store, end: bytes) -> None:
    lmtp = SmtpSettings(listen=ANYWHERE, lmtp=True)
    with (
        Listener(Setup(journal=kept.journal, settings=lmtp)) as running,
        Client(running.port, "LHLO client.example") as client,
    ):
        client.begin()
        client.send(HEAD + b"first" + end + INNER)

        assert client.reply().startswith("250 2.0.0 journalled as 1")
        assert client.say("NOOP") == "250 2.0.0 nothing done"
    assert kept.count() == 1


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\r\n",
        b".\r\n",
        b"..\r\n.\r\n...x\r\n",
        HEAD + b"x\r\n\r\n.\r\n.\r\n",
        HEAD + b"y" * 65_000 + b"\r\n",
        HEAD + bytes(n for n in range(256) if n not in b"\r\n") + b"\r\n",
        HEAD + b"one line of many\r\n" * 60_000,
        b".first line begins with a dot\r\n" + b".\r\n" * 200_000,
    ],
)
def test_what_is_stored_is_what_was_sent(listener: Listener, kept: Store, text: bytes) -> None:
    with Client(listener.port) as client:
        reply = client.mail(_stuffed(text))

    assert reply.startswith("250")
    assert kept.hashes() == [sha256(text)]


@given(
    lines=st.lists(
        st.binary(max_size=8).map(lambda b: b.replace(b"\r", b".").replace(b"\n", b"."))
    ),
    cuts=st.lists(st.integers(0, 10_000), max_size=12),
    rest=st.sampled_from([b"", b"QUIT\r\n", b".\r\n", b"\r\n.\r\n"]),
)
def test_however_the_network_cuts_a_mail_it_is_read_the_same(
    lines: list[bytes], cuts: list[int], rest: bytes
) -> None:
    text = b"".join(line + b"\r\n" for line in lines)

    data, left = _read(_stuffed(text) + rest, cuts)

    assert data.state is State.COMPLETE
    assert (data.content(), left) == (text, rest)


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 3 * SPOOL_BYTES), max_size=20))
def test_a_large_mail_that_went_through_a_file_is_the_same(cuts: list[int]) -> None:
    text = b".a line\r\n" * (3 * SPOOL_BYTES // 9)

    data, _ = _read(_stuffed(text), cuts)

    assert data.content() == text


@given(size=st.integers(0, 60), cuts=st.lists(st.integers(0, 100), max_size=5))
def test_the_size_limit_is_exact(size: int, cuts: list[int]) -> None:
    text = b"x" * size + b"\r\n"

    data, _ = _read(_stuffed(text), cuts, limit=32)

    assert data.state is (State.COMPLETE if len(text) <= 32 else State.TOO_LARGE)


def test_a_mail_far_beyond_the_limit_is_given_up() -> None:
    data = MailData(1000, 5000)

    while data.state is State.OPEN:
        data.feed(b"x" * 100)

    assert data.state is State.HOPELESS
    assert 5900 <= data.size <= 6100
    assert len(data._buffer) < 1100


@given(st.binary(max_size=60).map(lambda b: bytes(b"\r\n\r\n.a:"[n % 7] for n in b)))
def test_line_ends_are_canonical_afterwards_and_stay_so(raw: bytes) -> None:
    once = canonical(raw)

    assert is_canonical(once)
    assert canonical(once) == once
    assert is_canonical(raw) is (once == raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"A: 1\nB: 2\n\nx\ny\n", b"A: 1\r\nB: 2\r\n\r\nx\r\ny\r\n"),
        (b"A: 1\r\r\n\r\r\nx\r\r\n", b"A: 1\r\n\r\nx\r\n"),
        (b"A: 1\rBcc: evil\r\n\r\nx\ry\r\n", b"A: 1 Bcc: evil\r\n\r\nx\r\ny\r\n"),
        (b"A: 1\r\rbody?\nB: 2\n\nx", b"A: 1  body?\r\nB: 2\r\n\r\nx"),
        (b"\nno header\ronly body", b"\r\nno header\r\nonly body"),
    ],
)
def test_a_lone_cr_never_begins_a_header_field(raw: bytes, expected: bytes) -> None:
    assert canonical(raw) == expected


@pytest.mark.parametrize("unit", [b"\r", b"\n", b"\r\r\n", b"\n\r", b"x\r", b".\n"])
def test_a_megabyte_of_odd_line_ends_is_mended_at_once(unit: bytes) -> None:
    start = time.perf_counter()

    canonical(b"A: 1\r\n\r\n" + unit * (1_000_000 // len(unit)))

    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + b"x" * 64 + b"\r\n", ""),
        (HEAD + b"x" * 65 + b"\r\n", "554 5.6.0"),
        (HEAD + b"short\r\n" * 50 + b"x" * 65 + b"\r\nshort\r\n", "554 5.6.0"),
        (HEAD + (b"x" * 64 + b"\r\n") * 50, ""),
        (b"Received: x\r\n" * 50 + HEAD, ""),
        (b"Received: x\r\n" * 51 + HEAD, "554 5.4.6"),
        (b"rEceived: x\r\n\ty\r\n" * 51 + HEAD, "554 5.4.6"),
        (HEAD + b"Received: x\r\n" * 60, ""),
        (HEAD + b"lone\nlf\r\n", "550 5.6.11"),
        (HEAD + b"lone\rcr\r\n", "550 5.6.11"),
    ],
)
def test_a_mail_is_judged_by_its_bytes(text: bytes, expected: str) -> None:
    kept, refusal = judged(text, is_lmtp=False, line_bytes_max=64)

    assert refusal.startswith(expected)
    assert kept == (b"" if expected else text)
