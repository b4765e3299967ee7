"""The table of hostile mail, at its size and ten times that, through real reader children.

Each is read, or refused as hostile, inside the child's limits of time and memory; the parent goes
on, and reads an ordinary mail next.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator

import pytest

from maild.core.mail import Envelope, Mail, ReadOptions
from maild.reader import NotRead, ReaderPool
from maild.settings import RuntimeLimits
from tests.reader.costly import COSTLY, HEAD, headed

RUNTIME = RuntimeLimits(reader_processes=1)
ORDINARY = HEAD + b"\r\nGood morning."
PARENT_GROWTH_BYTES_MAX = 256 * 1024 * 1024


def _nested(count: int) -> bytes:
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(count)
    )
    return HEAD + opening + b"Content-Type: text/plain\r\n\r\nx\r\n"


def _messages(count: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * count + b"\r\nx"


def _to(content: bytes) -> bytes:
    return b"To: " + content + b"\r\n" + HEAD + b"\r\nx"


def _parts(count: int) -> bytes:
    return headed(b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\n\r\n" * count)


def _charset(name: bytes) -> Callable[[int], bytes]:
    head = b"Content-Type: text/plain; charset=" + name + b"\r\n"
    return lambda size: headed(head, b"caf\xe9 \\u0041 " * 10_000 * size)


def _html(unit: bytes) -> Callable[[int], bytes]:
    head = b"Content-Type: text/html\r\n"
    return lambda size: headed(head, unit * (100_000 // len(unit)) * size)


def _text(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: headed(b"", unit * (100_000 // len(unit)) * size)


TABLE: dict[str, Callable[[int], bytes]] = {
    "nested multipart 500": lambda size: _nested(500 * size),
    "nested multipart 1000": lambda size: _nested(1000 * size),
    "nested messages 1000": lambda size: _messages(1000 * size),
    "open parentheses in To": lambda size: _to(b"(" * 500 * size),
    "20000 addresses": lambda size: _to(b"a@b.example, " * 20_000 * size),
    "20000 addresses, folded": lambda size: _to(b"a@b.example,\r\n " * 20_000 * size),
    "20000 encoded words": lambda size: (
        b"Subject: " + b"=?utf-8?q?a?= " * 20_000 * size + b"\r\n\r\n"
    ),
    "20000 parameters": lambda size: headed(
        b"Content-Type: text/plain" + b"; a=b" * 20_000 * size + b"\r\n", b"x"
    ),
    "100000 empty parts": lambda size: _parts(100_000 * size),
    "charset nope": _charset(b"nope"),
    "charset undefined": _charset(b"undefined"),
    "charset idna": _charset(b"idna"),
    "charset unicode_escape": _charset(b"unicode_escape"),
    "charset utf-7": _charset(b"utf-7"),
    "utf-32 in base64": lambda size: headed(
        b"Content-Type: text/plain; charset=utf-32LE\r\nContent-Transfer-Encoding: base64\r\n",
        b"////" * 25_000 * size,
    ),
    "20000 references": lambda size: (
        b"References:" + b" <a@b.example>\r\n" * 20_000 * size + HEAD + b"\r\nx"
    ),
    "a boundary in every line": lambda size: headed(
        b'Content-Type: multipart/mixed; boundary="a"\r\n', b"--ab\r\n" * 16_000 * size
    ),
    "a body of 2.5 MB": _text(b"x" * 25),
    "a body of 30 MB": lambda size: headed(b"", b"x" * 3_000_000 * size),
    "html divs": _html(b"<div>"),
    "html tables": _html(b"<table><tr><td>"),
    "html references": _html(b"&#"),
    "html links": _html(b'<a href="http://x.example">x</a>'),
    "links": _text(b"http://x.example/a "),
    "a long link": _text(b"x.example/"),
    "On On On": _text(b"On "),
    "quotes": _text(b"> > > "),
    **COSTLY,
}


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    made = ReaderPool(ReadOptions(), RUNTIME)
    yield made
    made.close()


def _children_seconds(pool: ReaderPool, raw: bytes) -> tuple[Mail | NotRead, float]:
    """Read a mail; return what came back and how long it took."""
    started = time.monotonic()
    read = pool.submit(raw, Envelope()).result(60)
    return read, time.monotonic() - started


@pytest.mark.parametrize("size", [1, 10])
@pytest.mark.parametrize("name", TABLE)
def test_a_hostile_mail_is_read_or_refused_inside_the_limits(
    pool: ReaderPool, name: str, size: int, figures: Callable[..., None]
) -> None:
    raw = TABLE[name](size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    read, seconds = _children_seconds(pool, raw)

    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    figures(
        mails=1,
        refused=int(not isinstance(read, Mail)),
        longest_seconds=seconds,
        parent_grew_by_at_most_MB=grown / 1e6,
    )
    assert isinstance(read, Mail) or read.is_hostile, read.reason
    assert seconds < RUNTIME.reader_wall_seconds
    assert grown < PARENT_GROWTH_BYTES_MAX
    after = pool.submit(ORDINARY, Envelope()).result(60)
    assert isinstance(after, Mail)
    assert after.parsed.text.strip() == "Good morning."
